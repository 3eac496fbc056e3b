/** When an event happened, by the clock that counts. */
import { hasEnded, type Job, type NarrativeEvent } from './event.ts';
import { timestampUs } from './time.ts';

/** A clock at Narrative that is further ahead of ours than this, µs, is wrong: believed, it would make all that follows late. */
const maxAheadUs = 300_000_000;

/** When a job came to its state, ISO 8601, UTC: its end, for Narrative may touch a job that has ended; else its last change. */
export function cameToStateAt({ state, ended_at, updated_at }: Job): string | null {
  return (hasEnded(state) ? ended_at : null) ?? updated_at;
}

/** Narrative's time of the change, µs; where the event doesn't say, or can't be right, the time it was received (epoch ms). */
export function happenedUs(narrative: NarrativeEvent, receivedAt: number): number {
  const said = narrative.kind === 'job' ? (cameToStateAt(narrative.job) ?? narrative.created_at) : narrative.created_at;
  const us = said === null ? null : timestampUs(said);
  return us !== null && us <= receivedAt * 1000 + maxAheadUs ? us : receivedAt * 1000;
}
