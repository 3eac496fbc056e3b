/** The few lines of a failure that tell what went wrong, out of what can be hundreds of kilobytes. */
import type { JobFailure, NarrativeEvent } from '../event/event.ts';
import { stateOf } from '../event/event.ts';
import { isObject, stringifyJson, type JsonValue } from '../event/json.ts';
import { errorText, scalarLines } from './alert-payload.ts';
import { cleanText, truncate } from './text.ts';

const maxMessage = 700;
const maxStackLines = 6;
/** A trace's first line can quote a whole query. */
const maxLine = 300;
const maxStack = 900;
/** How much of one raw text is looked at; the rest can't reach the excerpt. */
const maxRead = 16_384;
/** How many values of a failure are searched for a stack trace. */
const maxSearched = 500;

/** Raw, cleaned text under 2,200 characters; null when the event tells of no failure. */
export function excerptOf(event: NarrativeEvent): string | null {
  switch (event.kind) {
    case 'app':
      return stateOf(event) === 'failed' ? payloadExcerpt(event.app.payload) : null;
    case 'job':
      return failuresExcerpt(event.job.failures);
    case 'relay':
      // Its one sentence is the title.
      return null;
  }
}

function failuresExcerpt(failures: readonly JobFailure[]): string | null {
  for (const failure of failures) {
    const told = failureExcerpt(failure);
    if (told !== '') return told + othersNote(failures.length - 1);
  }
  return null;
}

function othersNote(others: number): string {
  return others === 0 ? '' : `\n(+${others} more ${others === 1 ? 'failure' : 'failures'})`;
}

function failureExcerpt({ message, value }: JobFailure): string {
  const said = bounded(message, maxMessage);
  const trace = findTrace(value);
  if (trace === null) return said || valueExcerpt(value);
  const stack = stackHead(trace);
  // A trace usually opens with the message: once is enough.
  const firstLine = said.split('\n', 1)[0] ?? '';
  return said === '' || (!said.includes('\n') && stack.split('\n', 1)[0]?.includes(firstLine)) ? stack : `${said}\n${stack}`;
}

/** The error's text by its usual names; else the values that there are. */
function payloadExcerpt(payload: JsonValue): string | null {
  const said = errorText(payload) ?? (isObject(payload) ? scalarLines(payload) : '');
  return bounded(said, maxMessage) || valueExcerpt(payload) || null;
}

function valueExcerpt(value: JsonValue): string {
  if (typeof value === 'string') return bounded(value, maxMessage);
  const empty = value === null || typeof value !== 'object' || Object.keys(value).length === 0;
  return empty ? '' : bounded(writeJson(value), maxMessage);
}

function writeJson(value: JsonValue): string {
  try {
    return stringifyJson(value, 2);
  } catch (error) {
    // Nested deeper than the stack allows.
    if (error instanceof RangeError) return '';
    throw error;
  }
}

const traceLine = /\n\s*(at |File "|Caused by:)|^Traceback /;

/** The first text in there that reads like a stack trace. Breadth first and counted, so that depth and size cost nothing. */
function findTrace(value: JsonValue): string | null {
  const queue: (JsonValue | undefined)[] = [value];
  for (let next = 0; next < queue.length && next < maxSearched; next++) {
    const part = queue[next];
    if (isText(part)) {
      if (traceLine.test(part.slice(0, maxRead))) return part;
    } else if (typeof part === 'object' && part !== null) {
      queue.push(...Object.values(part).slice(0, maxSearched));
    }
  }
  return null;
}

/** The first lines, and the root cause where it comes later: in a Spark trace that is the line one looks for. */
function stackHead(trace: string): string {
  const lines = cleanText(trace.slice(0, maxRead)).replaceAll('\t', '    ').trim().split('\n');
  const shown = lines.slice(0, maxStackLines).map((line) => truncate(line, maxLine));
  const head = truncate(shown.join('\n'), maxStack);
  const root = rootCause(trace);
  if (root !== null && !head.includes(root)) return `${head}\n    …\n${root}`;
  return lines.length > maxStackLines || trace.length > maxRead ? `${head}\n    …` : head;
}

function rootCause(trace: string): string | null {
  const start = trace.lastIndexOf('\nCaused by:');
  if (start === -1) return null;
  const line = cleanText(trace.slice(start + 1, start + 1_000)).split('\n', 1)[0] ?? '';
  return truncate(line.trim(), maxLine);
}

function bounded(text: string, max: number): string {
  return truncate(cleanText(text.slice(0, maxRead)).trim(), max);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
