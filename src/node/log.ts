/** pino, with every secret kept out of its lines. */
import { setTimeout as sleep } from 'node:timers/promises';
import pino, { type Logger } from 'pino';
import { createLogStream } from './log-stream.ts';

export interface NodeLog {
  log: Logger;
  /** Replaces what is kept out; called again after each reload of the rules. */
  redact(redactor: (text: string) => string): void;
  /** Settles when the lines are written, or can't be. */
  flush(): Promise<void>;
}

/** How long a stop waits for a slow reader of the last lines, ms. */
const lastLinesMs = 1_000;

/** JSON lines on standard output. The last ones before a kill may be lost, which the ledger never is. */
export function createNodeLog(level: string): NodeLog {
  const stream = createLogStream(process.stdout.fd);
  let clean = (text: string) => text;
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => clean(line) },
    },
    stream,
  );
  return {
    log,
    redact: (redactor) => (clean = redactor),
    flush: () => Promise.race([stream.flush(), sleep(lastLinesMs)]),
  };
}
