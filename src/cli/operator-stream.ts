/** Reads a stream of server-sent events from a running relay: https://html.spec.whatwg.org/multipage/server-sent-events.html. */
import { describeFailure, hostOf } from '../destination/http-client.ts';
import { failureOf, relayAccess, timeoutMs, Unreachable } from './operator-client.ts';

/** The relay gives a sign of life every 15 s: who is silent for so long is gone, though no one said so. */
const maxSilenceMs = 45_000;

/** Settles once the relay answers. What it gives are the `data` of the events, as they come. `signal` ends it, begun or not. */
export type OpenStream = (path: string, signal: AbortSignal) => Promise<AsyncGenerator<string, void>>;

/** `path` is below `/api/v1`. A connection that fails, before or after the stream has begun, is thrown as what ends the command. */
export function operatorStream(reword = (detail: string) => detail): OpenStream {
  const { base, authorization } = relayAccess();
  return async (path, signal) => {
    const connection = new AbortController();
    const watch = createWatch(connection);
    const leave = () => connection.abort();
    signal.addEventListener('abort', leave, { once: true });
    const close = () => {
      watch.end();
      signal.removeEventListener('abort', leave);
      connection.abort();
    };
    const lost = (error: unknown) =>
      new Unreachable(base, watch.silent() ? 'it has gone silent' : describeFailure(error, hostOf(base)).detail);
    try {
      watch.expect(timeoutMs);
      const response = await fetch(`${base}/api/v1${path}`, {
        headers: { authorization, accept: 'text/event-stream' },
        redirect: 'manual',
        signal: connection.signal,
      });
      if (!isStream(response)) throw failureOf(base, { ...headOf(response), text: await response.text() }, reword);
      watch.end();
      return read(response.body, { watch, close, lost });
    } catch (error) {
      close();
      throw error instanceof TypeError || watch.silent() ? lost(error) : error;
    }
  };
}

interface Connection {
  watch: ReturnType<typeof createWatch>;
  close: () => void;
  lost: (error: unknown) => Error;
}

async function* read(body: ReadableStream<Uint8Array>, { watch, close, lost }: Connection): AsyncGenerator<string, void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      watch.expect(maxSilenceMs);
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw lost(error);
      });
      watch.end();
      if (done) return;
      text += value;
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const data = dataOf(event);
        if (data !== null) yield data;
      }
    }
  } finally {
    close();
  }
}

/** Null: a comment, or nothing but a time to wait. */
function dataOf(event: string): string | null {
  const lines = event.split('\n').filter((line) => line.startsWith('data:'));
  return lines.length === 0 ? null : lines.map((line) => line.slice('data:'.length).replace(/^ /, '')).join('\n');
}

function isStream(response: Response): response is Response & { body: NonNullable<Response['body']> } {
  return (
    response.status === 200 && response.body !== null && /^text\/event-stream\b/.test(response.headers.get('content-type') ?? '')
  );
}

function headOf({ status, headers }: Response) {
  return { status, headers };
}

/** Ends a connection on which nothing comes. */
function createWatch(connection: AbortController) {
  let timer: NodeJS.Timeout | undefined;
  let isSilent = false;
  const end = () => clearTimeout(timer);
  return {
    end,
    expect(ms: number) {
      end();
      timer = setTimeout(() => {
        isSilent = true;
        connection.abort();
      }, ms);
    },
    silent: () => isSilent,
  };
}
