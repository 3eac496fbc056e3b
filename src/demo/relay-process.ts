/** The real relay as a child process, as `serve` runs it anywhere else, but for its clock. */
import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SetClock } from './relay-main.ts';

export interface RelayOptions {
  /** The whole environment of the child: nothing of this process's own gets through. Holds `PORT`. */
  environment: Record<string, string>;
  /** Where it runs. */
  folder: string;
  /** How far its clock is ahead of this machine's, ms; negative: behind. */
  aheadMs: number;
  /** Its output is appended here. */
  logPath: string;
  /** Each line it writes. */
  onLog?: (line: string) => void;
  signal: AbortSignal;
}

export interface RelayProcess {
  /** Without a slash at its end. */
  url: string;
  /** Null while it runs; else how it ended, with its last words. */
  ended(): string | null;
  /** Resolves to the same once it has ended. */
  untilEnded: Promise<string>;
  /** Sets its clock as far ahead of this machine's. */
  setClock(aheadMs: number): Promise<void>;
  /** Asks it to stop, and makes it stop after 12 s: `serve` gives requests in flight 10. */
  stop(): Promise<void>;
}

const readyWithinMs = 30_000;
const stopWithinMs = 12_000;
const main = resolve(import.meta.dirname, `relay-main${extname(import.meta.filename)}`);

/** Starts the relay and waits until it is ready. Throws with its last words when it ends before that. */
export async function startRelay(options: RelayOptions): Promise<RelayProcess> {
  const { environment, folder, aheadMs, logPath, onLog, signal } = options;
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'ipc'];
  const child = spawn(process.execPath, [main, String(aheadMs)], { cwd: folder, env: environment, stdio });
  const lastWords: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output! }).on('line', (line) => {
      appendFileSync(logPath, `${line}\n`);
      lastWords.push(line);
      if (lastWords.length > 15) lastWords.shift();
      onLog?.(line);
    });
  }
  let obituary: string | null = null;
  const untilEnded = once(child, 'close')
    .then(
      ([code, killedBy]: (string | number | null)[]) => (killedBy === null ? `exit code ${code}` : String(killedBy)),
      (error: Error) => error.message,
    )
    .then((how) => (obituary = [`The relay has ended (${how}). Its last words:`, ...lastWords].join('\n  ')));
  const relay: RelayProcess = {
    url: `http://${environment.HOST}:${environment.PORT}`,
    ended: () => obituary,
    untilEnded,
    async setClock(aheadMs) {
      const answer = once(child, 'message', { signal });
      child.send({ aheadMs } satisfies SetClock);
      await answer;
    },
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      await untilEnded;
      clearTimeout(timer);
    },
  };
  try {
    await untilReady(relay, signal);
  } catch (error) {
    await relay.stop();
    throw error;
  }
  return relay;
}

async function untilReady(relay: RelayProcess, signal: AbortSignal): Promise<void> {
  let answer = 'no answer';
  for (let waitedMs = 0; waitedMs < readyWithinMs; waitedMs += 50) {
    const ended = relay.ended();
    if (ended !== null) throw new Error(ended);
    try {
      const response = await fetch(`${relay.url}/readyz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(1_000)]) });
      answer = `HTTP ${response.status}: ${await response.text()}`;
      if (response.ok) return;
    } catch {
      signal.throwIfAborted();
    }
    await sleep(50, undefined, { signal });
  }
  throw new Error(`The relay was not ready within ${readyWithinMs / 1000} s. ${relay.url}/readyz says: ${answer}`);
}
