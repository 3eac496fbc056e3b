/** The real command line, in a process of its own, with nothing in its environment but what is given. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { resolve } from 'node:path';

export interface CommandResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

const main = resolve('src/cli/main.ts');

export async function relay(
  args: readonly string[],
  { env = {}, cwd = process.cwd(), input = '' }: { env?: Record<string, string>; cwd?: string; input?: string } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [main, ...args], { cwd, env, stdio: 'pipe' });
  child.stdin.end(input);
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: status as number | null, stdout, stderr };
}
