/**
 * Lines to a file descriptor, several at a time. pino's own stream tries for ever to write what can't be written, at the
 * end of the process too: with the log's disk full the relay would neither work nor stop.
 */
import { write, writeSync } from 'node:fs';

/** Lines are written together, up to so many bytes or so many ms of them: a system call for each is a tenth of what an event costs. */
const bufferBytes = 8192;
const flushEveryMs = 100;
/** Characters that wait at the most, while nobody reads them; lines beyond are dropped. */
const mostWaiting = 16 * 1024 * 1024;
/** A pipe whose reader is slow is tried again after so many ms. */
const fullPipeMs = 50;

export interface LogStream {
  write(line: string): void;
  /** Settles when all lines so far are written, or can't be. */
  flush(): Promise<void>;
}

export function createLogStream(fd: number): LogStream {
  let waiting = '';
  let underWay: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;

  function pump(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    underWay ??= writeAll().finally(() => (underWay = null));
    return underWay;
  }

  async function writeAll(): Promise<void> {
    while (waiting !== '') {
      const chunk = Buffer.from(waiting);
      waiting = '';
      await writeChunk(chunk);
    }
  }

  /** Lines that can't be written are given up: their disk is full, or their reader has gone. */
  async function writeChunk(chunk: Buffer): Promise<void> {
    for (let offset = 0; offset < chunk.length;) {
      const result = await writeOnce(fd, chunk.subarray(offset));
      if (typeof result === 'number') offset += result;
      else if (result.code === 'EAGAIN') await new Promise((resolve) => setTimeout(resolve, fullPipeMs));
      else return;
    }
  }

  process.on('exit', () => {
    try {
      if (waiting !== '') writeSync(fd, waiting);
    } catch {
      // Nobody is left to be told.
    }
  });

  return {
    write(line) {
      if (waiting.length > mostWaiting) return;
      waiting += line;
      if (waiting.length >= bufferBytes) void pump();
      else timer ??= setTimeout(() => void pump(), flushEveryMs).unref();
    },
    flush: pump,
  };
}

function writeOnce(fd: number, bytes: Buffer): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => write(fd, bytes, (error, written) => resolve(error ?? written)));
}
