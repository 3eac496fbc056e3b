/** pino, with every secret kept out of its lines. */
import pino, { type DestinationStream, type Logger } from 'pino';

export interface NodeLog {
  log: Logger;
  /** Replaces what is kept out; called again after each reload of the rules. */
  redact(redactor: (text: string) => string): void;
  flush(): void;
}

/** Lines are written together, up to so many bytes or so many ms of them: a system call for each is a tenth of what an event costs. */
const bufferBytes = 8192;
const flushEveryMs = 100;

/** JSON lines on standard output. The last ones before a crash may be lost, which the ledger never is. */
export function createNodeLog(level: string): NodeLog {
  const stream = pino.destination({ dest: 1, sync: false, minLength: bufferBytes, periodicFlush: flushEveryMs });
  let clean = (text: string) => text;
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => clean(line) },
    },
    stream as DestinationStream,
  );
  return { log, redact: (redactor) => (clean = redactor), flush: () => stream.flushSync() };
}
