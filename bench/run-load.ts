/** Starts the load generator and waits for its result. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { LoadOrder, LoadResult } from './load.ts';

const generator = resolve(import.meta.dirname, 'load.ts');

/** Throws when the generator ends without a result, or when an answer is no 2xx: such a rate would measure refusals. */
export async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const child = fork(generator);
  child.send(order);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the load generator ended with code ${String(code)} and no result`);
  });
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [LoadResult];
  await ended.catch(() => {});
  const refused = Object.keys(result.answers).filter((status) => !status.startsWith('2'));
  if (refused.length > 0) throw new Error(`not all requests were taken: ${JSON.stringify(result.answers)}`);
  return result;
}
