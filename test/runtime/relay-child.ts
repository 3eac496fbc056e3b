/** The relay as a real process, started as its users start it, and ended in every way in which a process can end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');
/** Lines of output that are kept. */
const keptLines = 5_000;

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RelayChild {
  readonly pid: number;
  /** Its address, without a slash at the end, once it says that it is ready. Rejects with its last words when it ends before. */
  readonly ready: Promise<string>;
  readonly ended: Promise<Ending>;
  /** Resolves with the first line of its log that matches, past ones included. Rejects when it ends without one. */
  says(pattern: RegExp): Promise<string>;
  /** The same for lines that are yet to come. */
  nextSays(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** All that it wrote: standard output and standard error, the last 5,000 lines. */
  output(): string;
}

export interface LaunchOptions {
  /** The whole environment of the child, but for what finds programs. */
  environment: Record<string, string>;
  /** Files can't grow beyond this, as on a full disk. KiB. */
  fileLimitKib?: number;
  /** How far its clock is ahead of this machine's, ms: for what would take too long to wait for. */
  aheadMs?: number;
}

export async function end(relay: RelayChild, how: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  relay.signal(how);
  await relay.ended;
}

export function launchRelay({ environment, fileLimitKib, aheadMs }: LaunchOptions): RelayChild {
  const program = aheadMs === undefined ? ['src/cli/main.ts', 'serve'] : ['src/demo/relay-main.ts', String(aheadMs)];
  const serve = [process.execPath, ...program];
  // The limit is set by a shell because Node can't; POSIX counts it in blocks of 512 bytes. The soft one needs no privilege.
  const limited = ['sh', '-c', 'ulimit -S -f "$0" && exec "$@"', String(2 * (fileLimitKib ?? 0)), ...serve];
  const [command, ...parameters] = fileLimitKib === undefined ? serve : limited;
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, ...environment };
  const child = spawn(command!, parameters, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });

  const lines: string[] = [];
  /** Lines that are kept no more. */
  let dropped = 0;
  const listeners = new Set<() => void>();
  let ending: Ending | null = null;
  const notify = () => listeners.forEach((listener) => listener());
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > keptLines) {
        lines.shift();
        dropped += 1;
      }
      notify();
    });
  }
  const ended = once(child, 'close').then(([code, signal]): Ending => {
    ending = { code, signal } as Ending;
    notify();
    return ending;
  });

  function says(pattern: RegExp, after = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = lines.slice(Math.max(0, after - dropped)).find((line) => pattern.test(line));
        if (found === undefined && ending === null) return;
        listeners.delete(look);
        if (found !== undefined) return resolve(found);
        const last = lines.slice(-15).join('\n  ');
        reject(new Error(`the relay ended (${JSON.stringify(ending)}) and never said ${pattern}. Its last words:\n  ${last}`));
      };
      listeners.add(look);
      look();
    });
  }

  const ready = says(/"msg":"ready"/).then((line) => (JSON.parse(line) as { url: string }).url);
  // Whoever kills a relay that is still starting does not wait for it to be ready.
  ready.catch(() => {});
  return {
    pid: child.pid!,
    ready,
    ended,
    says: (pattern) => says(pattern),
    nextSays: (pattern) => says(pattern, dropped + lines.length),
    signal: (name) => void child.kill(name),
    output: () => lines.join('\n'),
  };
}
