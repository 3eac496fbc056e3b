/** pino, with every secret kept out of its lines. */
import pino, { type DestinationStream, type Logger } from 'pino';

export interface NodeLog {
  log: Logger;
  /** Replaces what is kept out; called again after each reload of the rules. */
  redact(redactor: (text: string) => string): void;
  flush(): void;
}

/**
 * JSON lines on standard output, written in one piece per event-loop turn or so; the last ones before a crash may be lost,
 * which the ledger never is.
 */
export function createNodeLog(level: string): NodeLog {
  const stream = pino.destination({ dest: 1, sync: false, minLength: 0 });
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
