/** Notices changed rules files: by the file system's word at once, and by looking, for mounts whose changes are silent. */
import { watch, type FSWatcher } from 'node:fs';
import type { RulesFile } from '../rules/source.ts';

/** How often the files are looked at, ms. A handful of small files costs well under a millisecond. */
const lookEveryMs = 5_000;
/** An editor writes in several steps; this is how long it gets to finish, ms. */
const settleMs = 100;

export interface RulesWatch {
  /** Looks now, and reports even what has not changed (SIGHUP: a secret's file may have). */
  reload(): void;
  stop(): void;
}

/** `known`: the files in force, so that a change since they were read is noticed. `read` returns the files, or throws with a message for people. `onChange` gets what it returned or threw. */
export function watchRules(
  folder: string,
  known: RulesFile[],
  read: () => RulesFile[],
  onChange: (files: RulesFile[] | Error) => void,
): RulesWatch {
  let seen = fingerprint(known);
  let settling: NodeJS.Timeout | undefined;

  function attempt(): RulesFile[] | Error {
    try {
      return read();
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  function look(evenIfSame: boolean): void {
    const found = attempt();
    const print = fingerprint(found);
    if (print === seen && !evenIfSame) return;
    seen = print;
    onChange(found);
  }

  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, () => {
      clearTimeout(settling);
      settling = setTimeout(() => look(false), settleMs);
    });
    watcher.on('error', () => watcher?.close());
  } catch {
    // Out of watches, or a file system without them: looking is slower, but always works.
  }
  const looking = setInterval(() => look(false), lookEveryMs);
  return {
    reload: () => look(true),
    stop() {
      clearInterval(looking);
      clearTimeout(settling);
      watcher?.close();
    },
  };
}

function fingerprint(found: RulesFile[] | Error): string {
  return found instanceof Error ? `error: ${found.message}` : JSON.stringify(found.map(({ path, text }) => [path, text]));
}
