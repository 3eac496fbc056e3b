/** The same asked of several, one after the other: what is refused for one is no reason to leave the others. */
import { stringifyJson } from '../event/json.ts';
import { Refused } from './operator-client.ts';

/** What can't be done to one is told on standard error, and makes the exit code 1. */
export async function* eachOf<T>(ids: readonly string[], act: (id: string) => Promise<T>): AsyncGenerator<T, void> {
  for (const id of ids) {
    try {
      yield await act(id);
    } catch (error) {
      if (!(error instanceof Refused) || (error.status !== 404 && error.status !== 409)) throw error;
      process.stderr.write(`${id}: ${error.message}\n`);
      process.exitCode = 1;
    }
  }
}

/** `text`: one or more lines, each with its break. What was done is told, whatever comes after it. */
export async function printEach<T>(done: AsyncIterable<T>, json: boolean, text: (one: T) => string): Promise<void> {
  const all: T[] = [];
  try {
    for await (const one of done) {
      all.push(one);
      if (!json) process.stdout.write(text(one));
    }
  } finally {
    if (json) process.stdout.write(`${stringifyJson(all, 2)}\n`);
  }
}
