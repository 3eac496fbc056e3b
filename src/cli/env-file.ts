/** A file for secrets that are told only once: there before they are asked for, and readable by its owner alone. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { CommandFailure } from './rules.ts';

export interface EnvFile {
  readonly path: string;
  /** On disk when it returns; throws Node's error. */
  add(name: string, secret: string): void;
  /** Without a line in it, it is taken away again. */
  close(): void;
}

/** Never overwrites: what exists already ends the command, and so does a place that can't be written to. */
export function createEnvFile(path: string): EnvFile {
  const file = open(path);
  let isEmpty = true;
  return {
    path,
    add(name, secret) {
      // Whoever appends the file to one that lacks a line break at its end gets a line of its own all the same.
      writeSync(file, `${isEmpty ? '\n' : ''}${name}=${secret}\n`);
      isEmpty = false;
      fsyncSync(file);
    },
    close() {
      closeSync(file);
      if (isEmpty) rmSync(path, { force: true });
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CommandFailure(
      2,
      code === 'EEXIST'
        ? `${path} exists, and no file is overwritten: name a new one, and copy its line from there. Nothing was created.`
        : `${path} can't be made (${code}): name a file in a folder that exists and that you may write to. Nothing was created.`,
    );
  }
}
