/** When an event happened, by the clock that counts. */
import { hasEnded, type Job, type NarrativeEvent } from './event.ts';
import { timestampUs } from './time.ts';

/** A time that is further ahead than this, µs, of ours, or of the change that told it, is wrong: believed, it would make all that follows late. */
const maxAheadUs = 300_000_000;

/**
 * When a job ended, ISO 8601, UTC; null: it doesn't say, or says what can't be. An end from before the job began is none (year 1, 1970)
 * or one left over from an earlier go, as Narrative starts a failed job anew under its id.
 */
export function believableEnd({ ended_at, dequeued_at, created_at, updated_at }: Job): string | null {
  const endedUs = microseconds(ended_at);
  if (endedUs === null) return null;
  const begunUs = microseconds(dequeued_at) ?? microseconds(created_at) ?? -Infinity;
  const changedUs = microseconds(updated_at) ?? Infinity;
  return endedUs >= begunUs && endedUs <= changedUs + maxAheadUs ? ended_at : null;
}

/** When a job came to its state, ISO 8601, UTC: its end, for Narrative may touch a job that has ended; else its last change. */
export function cameToStateAt(job: Job): string | null {
  return (hasEnded(job.state) ? believableEnd(job) : null) ?? job.updated_at;
}

/** Narrative's time of the change, µs; where the event doesn't say, or can't be right, the time it was received (epoch ms). */
export function happenedUs(narrative: NarrativeEvent, receivedAt: number): number {
  const said = narrative.kind === 'job' ? (cameToStateAt(narrative.job) ?? narrative.created_at) : narrative.created_at;
  const us = microseconds(said);
  return us !== null && us <= receivedAt * 1000 + maxAheadUs ? us : receivedAt * 1000;
}

function microseconds(time: string | null): number | null {
  return time === null ? null : timestampUs(time);
}
