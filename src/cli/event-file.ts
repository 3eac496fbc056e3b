/** An event from a file or standard input, as Narrative would send it. */
import { readFileSync } from 'node:fs';
import { parseBody } from '../event/parse.ts';
import type { NarrativeEvent } from '../event/event.ts';
import { attempt, CommandFailure } from './rules.ts';

export interface EventFile {
  body: Uint8Array;
  narrative: NarrativeEvent;
}

/** `-` is standard input. */
export function readEventFile(path: string): EventFile {
  const body = attempt(2, () => readFileSync(path === '-' ? 0 : path));
  const parsed = parseBody(body);
  switch (parsed.kind) {
    case 'event':
      return { body, narrative: parsed.event };
    case 'not-json':
      throw new CommandFailure(2, `${nameOf(path)} is not JSON: ${parsed.why}`);
    case 'unknown':
      throw new CommandFailure(1, `the relay would keep this in quarantine and alert nobody: it is ${parsed.why}`);
  }
}

function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}
