/** The real command line while it runs: what it has said so far, and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const main = resolve('src/cli/main.ts');

export interface RunningCommand {
  /** All of standard output so far. */
  stdout(): string;
  stderr(): string;
  /** Settles once either has said it; rejects when the command ends without. */
  says(pattern: RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** No one reads its standard output any more. */
  closeStdout(): void;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export function runningRelay(args: readonly string[], env: Record<string, string>): RunningCommand {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  const listeners = new Set<() => void>();
  const notify = () => listeners.forEach((listener) => listener());
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
    notify();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
    notify();
  });
  let isOver = false;
  const ended = once(child, 'close').then(([code, signal]) => {
    isOver = true;
    notify();
    return (code ?? signal) as number | NodeJS.Signals;
  });
  return {
    stdout: () => out,
    stderr: () => err,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.test(out) || pattern.test(err);
          if (!found && !isOver) return;
          listeners.delete(look);
          if (found) resolve();
          else reject(new Error(`it ended and never said ${pattern}:\n${out}\n${err}`));
        };
        listeners.add(look);
        look();
      }),
    signal: (name) => void child.kill(name),
    closeStdout: () => void child.stdout.destroy(),
    ended,
  };
}

/** On a terminal of its own, where `typed` is typed: both outputs are one there. By `script`, which each Linux has. */
export async function relayOnTerminal(
  args: readonly string[],
  { env, typed = '' }: { env: Record<string, string>; typed?: string },
): Promise<{ status: number; shown: string }> {
  const command = [process.execPath, main, ...args].map((part) => `'${part}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: { PATH: process.env.PATH, TERM: 'xterm', ...env } });
  child.stdin.end(typed);
  const [shown, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { status: status as number, shown };
}
