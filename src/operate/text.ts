/** How answers to operators are worded and written. */
import type { Answered, Refusal } from './operations.ts';

/** Epoch ms as ISO 8601 in UTC. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

export function ok<T>(value: T): Answered<T> {
  return { kind: 'ok', value };
}

/** `detail`: what was wrong and what to do. `field`: the part of the request that is meant, if it is one. */
export function refused(status: Refusal['status'], detail: string, field: string | null = null): Refusal {
  return { kind: 'refused', status, field, detail };
}

/** `what`: event, delivery, incident, destination … `id`: as it was asked for. */
export function notFound(what: string, id: string): Refusal {
  return refused(
    'not-found',
    `There is no ${what} ${shown(id)}: it may be past its retention, or it never was. List them to see which there are.`,
  );
}

/** A `before` that is no `next` of a page before. `such`: how one looks. */
export function noCursor(before: string, such: string): Refusal {
  return refused(
    'invalid',
    `before: ${shown(before)} is no place to go on from; give the next of the page before, such as ${such}`,
    'before',
  );
}

/** What was asked for may be of any length. */
function shown(id: string): string {
  return id.length > 60 ? `${id.slice(0, 60)}…` : id;
}
