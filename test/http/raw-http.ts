/** HTTP by hand: bytes into a socket, and whatever comes back; for requests that no well-behaved client would make. */
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  /** By lower-case name. */
  headers: ReadonlyMap<string, string>;
  body: string;
}

export interface RawConnection {
  socket: Socket;
  write(bytes: string | Uint8Array): void;
  /** Settles once the connection is closed or broken, by whichever side. */
  closed: Promise<void>;
  /** The answers so far, 1xx among them; the last may lack the end of its body. */
  answers(): RawAnswer[];
  /** The `count`-th answer that is no 1xx, once its body is whole; rejects when the connection ends without it. One wait at a time. */
  answer(count?: number): Promise<RawAnswer>;
}

export interface RawOptions {
  /** The answers end with their heads, as those to HEAD do. */
  withoutBodies?: boolean;
}

/** Connects at once; what is written before the connection stands waits for it. */
export function openRaw(port: number, { withoutBodies = false }: RawOptions = {}): RawConnection {
  const socket = connect(port, '127.0.0.1');
  let received = Buffer.alloc(0);
  let open = true;
  let look: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      open = false;
      resolve();
      look();
    });
  });
  // A reset is a way to end that some tests provoke; what was received until then counts.
  socket.on('error', () => {});
  socket.on('data', (part: Buffer) => {
    received = Buffer.concat([received, part]);
    look();
  });

  return {
    socket,
    closed,
    write: (bytes) => void socket.write(bytes),
    answers: () => parseAnswers(received, withoutBodies).map(({ answer }) => answer),
    answer(count = 1) {
      return new Promise((resolve, reject) => {
        look = () => {
          const found = parseAnswers(received, withoutBodies).filter(({ answer }) => answer.status >= 200)[count - 1];
          if (found?.whole) resolve(found.answer);
          else if (!open) reject(new Error(`the connection ended without answer ${count}; received: ${received.toString()}`));
        };
        look();
      });
    },
  };
}

/** Sends one request as it stands and returns its answer; the connection is then closed. */
export async function sendRaw(port: number, ...parts: (string | Uint8Array)[]): Promise<RawAnswer> {
  const connection = openRaw(port);
  for (const part of parts) connection.write(part);
  try {
    return await connection.answer();
  } finally {
    connection.socket.destroy();
  }
}

/** The head of a request with its empty line. `Host` is given; a name may be given twice. */
export function headOf(method: string, path: string, headers: readonly (readonly [string, string])[] = []): string {
  const lines = [['host', 'relay.example.com'] as const, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A body in HTTP/1.1's chunked coding (RFC 9112 §7.1). */
export function chunked(...parts: Uint8Array[]): Uint8Array[] {
  const chunks = parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
  return [...chunks, Buffer.from('0\r\n\r\n')];
}

interface ParsedAnswer {
  answer: RawAnswer;
  whole: boolean;
}

/** Good enough for what Node writes: a body has a length, is chunked, or isn't there. */
function parseAnswers(received: Buffer, withoutBodies: boolean): ParsedAnswer[] {
  const parsed: ParsedAnswer[] = [];
  let at = 0;
  for (let end = received.indexOf('\r\n\r\n'); end !== -1; end = received.indexOf('\r\n\r\n', at)) {
    const [statusLine = '', ...lines] = received.toString('latin1', at, end).split('\r\n');
    const status = Number(statusLine.split(' ')[1]);
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.replace(/^[^:]*:\s*/, '')]),
    );
    const rest = received.subarray(end + 4);
    const { body, used } = withoutBodies ? { body: Buffer.alloc(0), used: 0 } : bodyOf(rest, status, headers);
    parsed.push({ answer: { status, headers, body: body.toString() }, whole: used !== null });
    if (used === null) break;
    at = end + 4 + used;
  }
  return parsed;
}

/** `used` is null while the body isn't whole. */
function bodyOf(rest: Buffer, status: number, headers: ReadonlyMap<string, string>): { body: Buffer; used: number | null } {
  if (status < 200 || status === 204 || status === 304) return { body: Buffer.alloc(0), used: 0 };
  if (headers.get('transfer-encoding') === 'chunked') return chunkedBodyOf(rest);
  const length = Number(headers.get('content-length') ?? 0);
  return { body: rest.subarray(0, length), used: rest.length >= length ? length : null };
}

function chunkedBodyOf(rest: Buffer): { body: Buffer; used: number | null } {
  const parts: Buffer[] = [];
  let at = 0;
  for (let end = rest.indexOf('\r\n'); end !== -1; end = rest.indexOf('\r\n', at)) {
    const length = Number.parseInt(rest.toString('latin1', at, end), 16);
    if (rest.length < end + 2 + length + 2) break;
    parts.push(rest.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
    if (length === 0) return { body: Buffer.concat(parts), used: at };
  }
  return { body: Buffer.concat(parts), used: null };
}
