/**
 * Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. The reader sets the pace: nothing is taken
 * from the source before what came last has been read, so that a slow reader costs no memory.
 */

export interface StreamEvent {
  /** Where a reader who has lost the connection goes on: it comes back as `Last-Event-ID`. On one line. */
  id: string;
  event: string;
  /** On one line, as JSON is. */
  data: string;
}

export interface EventStreamOptions {
  /** Ends when `end` is aborted. */
  batches: AsyncIterable<readonly StreamEvent[]>;
  /** Aborted when the reader has gone. */
  end: AbortController;
  /** After so long without an event, ms, a comment says that the connection stands: proxies close what is silent. Default 15 s. */
  signOfLifeMs?: number;
  /** Asked before anything is said, signs of life included: once it may not, the stream ends. Default: it always may. */
  mayGoOn?: () => boolean;
  /** The source failed: the stream ends, and its reader may come again. */
  onError: (error: unknown) => void;
}

/** When a reader that has lost the connection comes again, ms. */
const retryMs = 2_000;

export function eventStream(options: EventStreamOptions): ReadableStream<Uint8Array> {
  const { batches, end, signOfLifeMs = 15_000, mayGoOn = () => true, onError } = options;
  const encoder = new TextEncoder();
  const source = batches[Symbol.asyncIterator]();
  /** Asked of the source and not yet come. */
  let awaited: ReturnType<typeof source.next> | null = null;

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // Said at once, so that the reader sees it is connected.
        controller.enqueue(encoder.encode(`retry: ${retryMs}\n\n`));
      },
      async pull(controller) {
        try {
          const came = await orQuiet((awaited ??= source.next()), signOfLifeMs);
          if (end.signal.aborted) return;
          if (!mayGoOn()) {
            end.abort();
            return controller.close();
          }
          if (came === 'quiet') return controller.enqueue(encoder.encode(': nothing new\n\n'));
          awaited = null;
          if (came.done === true) return controller.close();
          controller.enqueue(encoder.encode(came.value.map(written).join('')));
        } catch (error) {
          if (end.signal.aborted) return;
          onError(error);
          controller.close();
        }
      },
      cancel() {
        end.abort();
      },
    },
    { highWaterMark: 0 },
  );
}

function written({ id, event, data }: StreamEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;
}

async function orQuiet<T>(work: Promise<T>, ms: number): Promise<T | 'quiet'> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const quiet = new Promise<'quiet'>((resolve) => {
    timer = setTimeout(resolve, ms, 'quiet');
  });
  try {
    return await Promise.race([work, quiet]);
  } finally {
    clearTimeout(timer);
  }
}
