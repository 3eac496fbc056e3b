/**
 * Event numbers and ids. A number is the millisecond of acceptance with a counter behind it, so that rows lie in the order
 * they came, a number says when, and none is made twice even when the store is begun anew. The id is the number, spelled.
 */
import type { Clock } from '../ports.ts';

/** Numbers per millisecond before they run ahead of the clock. Leaves room until the year 2248 within 2^53. */
const perMs = 1024;

/** Crockford's base 32: no I, L, O, U, so that an id survives being read out on the phone. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 55 bits: any safe integer. */
const idLength = 11;

/** `last`: the highest number made so far, 0 for none. Never falls behind it, even when the clock steps back. */
export function createSequence(clock: Clock, last: number): () => number {
  let made = last;
  return () => (made = Math.max(made + 1, clock.now() * perMs));
}

/** Numbers made before a time (epoch ms) are below it. */
export function firstSeqAt(ms: number): number {
  return ms * perMs;
}

/** The millisecond of which a number was made; later than the clock where numbers had run ahead of it. */
export function msOfSeq(seq: number): number {
  return Math.floor(seq / perMs);
}

export function eventId(seq: number): string {
  return `evt_${spelled(seq)}`;
}

/** The number of an event's id; null for what is no such id. */
export function eventSeq(id: string): number | null {
  return numberOf('evt_', id);
}

export function silenceId(seq: number): string {
  return `sil_${spelled(seq)}`;
}

/** The number of a silence's id; null for what is no such id. */
export function silenceSeq(id: string): number | null {
  return numberOf('sil_', id);
}

export function runId(seq: number): string {
  return `rec_${spelled(seq)}`;
}

/** The number of a reconciliation's id; null for what is no such id. */
export function runSeq(id: string): number | null {
  return numberOf('rec_', id);
}

export function incidentId(seq: number): string {
  return `inc_${spelled(seq)}`;
}

/** The number of an incident's id; null for what is no such id. */
export function incidentSeq(id: string): number | null {
  return numberOf('inc_', id);
}

/** The id of an event's n-th delivery, the same in all its attempts. */
export function deliveryId({ eventSeq, n }: { eventSeq: number; n: number }): string {
  return `dlv_${spelled(eventSeq)}_${n}`;
}

/** The event's number and which of its deliveries, of a delivery's id; null for what is no such id. Case makes no difference. */
export function deliveryKeyOf(id: string): { eventSeq: number; n: number } | null {
  const [, spelling = '', n = ''] = /^dlv_([0-9a-z]{11})_([1-9]\d{0,8})$/i.exec(id) ?? [];
  const seq = numberOf('evt_', `evt_${spelling.toUpperCase()}`);
  return seq === null ? null : { eventSeq: seq, n: Number(n) };
}

/** An id as it is written, from one as it was read out on the phone: case tells nothing apart. */
export function asSpelled(id: string): string {
  const at = id.indexOf('_') + 1;
  return `${id.slice(0, at).toLowerCase()}${id.slice(at).toUpperCase()}`;
}

function spelled(seq: number): string {
  let text = '';
  for (let left = seq, i = 0; i < idLength; i++, left = Math.floor(left / 32)) text = alphabet[left % 32] + text;
  return text;
}

function numberOf(prefix: 'evt_' | 'sil_' | 'rec_' | 'inc_', id: string): number | null {
  if (!id.startsWith(prefix)) return null;
  const text = id.slice(prefix.length);
  if (!/^[0-9A-HJKMNP-TV-Z]{11}$/.test(text)) return null;
  let seq = 0;
  for (const char of text) seq = seq * 32 + alphabet.indexOf(char);
  return Number.isSafeInteger(seq) ? seq : null;
}
