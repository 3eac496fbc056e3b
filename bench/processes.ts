/** The servers under test as child processes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../src/demo/free-port.ts';
import type { Role } from './server.ts';

const root = resolve(import.meta.dirname, '..');
const readyWithinMs = 30_000;

export interface Running {
  port: number;
  /** From starting the process to the first 200 of its `/readyz`, ms. */
  readyAfterMs: number;
  /** Null where there is no `/proc`, as is `cpuSeconds`. */
  memory(): Memory | null;
  /** What its threads have used so far. */
  cpuSeconds(): number | null;
  /** SIGTERM, and SIGKILL for one that takes longer than a second: what it leaves behind is thrown away anyway. */
  stop(): Promise<void>;
}

/** MB (10^6 bytes) of resident memory. */
export interface Memory {
  now: number;
  peak: number;
}

/** `relay` is the real command `serve`, started as in the Dockerfile. `environment`: what the process sees, but for its port and the path. */
export async function start(role: Role | 'relay', environment: Record<string, string>, folder: string): Promise<Running> {
  const port = await freePort('127.0.0.1');
  const command =
    role === 'relay'
      ? ['--max-semi-space-size=8', '--max-old-space-size=768', 'src/cli/main.ts', 'serve']
      : ['bench/server.ts', role];
  const log = openSync(join(folder, `${role}.log`), 'a');
  const startedAt = performance.now();
  const child = spawn(process.execPath, command, {
    cwd: root,
    env: { PATH: process.env.PATH, MALLOC_ARENA_MAX: '2', ...environment, PORT: String(port) },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = once(child, 'exit');
  await untilReady(child, port, join(folder, `${role}.log`));
  return {
    port,
    readyAfterMs: performance.now() - startedAt,
    memory: () => memoryOf(child.pid!),
    cpuSeconds: () => cpuSecondsOf(child.pid!),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 1_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function untilReady(child: ChildProcess, port: number, logPath: string): Promise<void> {
  for (const endsAt = performance.now() + readyWithinMs; performance.now() < endsAt; await sleep(5)) {
    if (child.exitCode !== null) break;
    const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    await response?.arrayBuffer();
    if (response?.ok) return;
  }
  child.kill('SIGKILL');
  throw new Error(`a server did not get ready. Its log ends:\n${readFileSync(logPath, 'utf8').slice(-2_000)}`);
}

function memoryOf(pid: number): Memory | null {
  const status = readProc(pid, 'status');
  if (status === null) return null;
  const megabytes = (name: string) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6;
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

/** Source: proc_pid_stat(5), utime and stime, in clock ticks, of which Linux shows 100 a second on all machines that run Node. */
function cpuSecondsOf(pid: number): number | null {
  const stat = readProc(pid, 'stat');
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function readProc(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return null;
  }
}
