/** What came of the jobs of a random world, kept in the plainest way beside the relay's own account. */
import { expect } from 'vitest';
import { timestampUs } from '../../src/event/time.ts';
import { startMs } from '../outbox/examples.ts';
import { hour, minute, type JobSketch, type ReconcileWorld } from './reconcile-world.ts';

/** What the one subscription asks for, and how far back every run looks. */
export const asked = ['failed', 'completed', 'running'];
const windowMs = 6 * hour;
/** So far apart may two times be that mean the same. */
const sameMs = minute;

export type Webhook = 'came' | 'lost' | 'late';

/** A state that a job came to. Times: ms before the world began; negative: after. */
export interface Moment {
  /** As the list has it, for as long as it is the last of its job. */
  record: JobSketch & { created: number };
  /** When the job came to it. */
  ago: number;
  /** The same by the list, which shows a state that goes on, or an end without a time, as of its last change. */
  listed: number;
  webhook: Webhook;
  drift: number;
  undated: boolean;
  /** Its webhook came, and was no repetition. */
  heard: boolean;
}

/** The states of one job, in their order. */
export type Story = Moment[];

export const hasEnded = (state: string) => state !== 'running';

interface Beginning {
  state: string;
  agoMinutes: number;
  tookMinutes: number;
  /** By how much later than its state the job was touched. */
  touchedMinutes: number;
  undated: boolean;
  /** It has ended, and its record does not say when. */
  endless: boolean;
  webhook: Webhook;
  drift: number;
}

export function storyOf(id: string, { state, agoMinutes, tookMinutes, ...sketch }: Beginning): Story {
  const { undated, endless, webhook, drift } = sketch;
  const saysEnd = hasEnded(state) && !endless;
  const ago = agoMinutes * minute;
  const touched = Math.max(0, ago - sketch.touchedMinutes * minute);
  const record = undated
    ? { id, state, created: ago, updated: null }
    : { id, state, created: ago + tookMinutes * minute, updated: touched, ...(saysEnd ? { ended: ago } : {}) };
  const listed = undated || saysEnd ? ago : touched;
  return [{ record, ago, listed, webhook, drift, undated, heard: false }];
}

/** The job runs again when it has ended, and ends when it runs. */
export function goOn(story: Story, now: number, ends: string, webhook: Webhook): Moment {
  const { record } = story.at(-1)!;
  const ago = startMs - now;
  const { id, created } = record;
  const next = hasEnded(record.state) ? { state: 'running', updated: ago } : { state: ends, updated: ago, ended: ago };
  const moment = { record: { id, created, ...next }, ago, listed: ago, webhook, drift: 0, undated: false, heard: false };
  story.push(moment);
  return moment;
}

interface Telling {
  reconciled: boolean;
  name: string;
  atMs: number;
}

const nameOf = ({ record: { id, state } }: Moment) => `${id} ${state}`;

function tellingsIn(world: ReconcileWorld): Telling[] {
  return world.tellings().map(({ scheme, job: { id, state, ended_at, updated_at, created_at } }) => ({
    reconciled: scheme === 'reconcile',
    name: `${id} ${state}`,
    atMs: Math.floor(timestampUs((ended_at ?? updated_at ?? created_at)!)! / 1000),
  }));
}

/** Its webhook arrives, and is a repetition if a run took what it tells of. Returns whether it is. */
export async function arrives(world: ReconcileWorld, moment: Moment): Promise<boolean> {
  const { record, ago, drift } = moment;
  const undated = moment.undated && drift === 0;
  const said = { ...record, updated: ago, ...(record.ended === undefined ? {} : { ended: ago }), us: drift };
  const accepted = await world.webhook(said, { undated, key: `webhook-${nameOf(moment)}-${ago}` });
  // Afterwards, for a run may have been quicker.
  const taken = tellingsIn(world).filter(({ reconciled, name }) => reconciled && name === nameOf(moment));
  const isRepeated = taken.some(({ atMs }) => undated || atMs >= startMs - ago - sameMs);
  expect(accepted.kind, `${nameOf(moment)} ${ago} ms before`).toBe(isRepeated ? 'duplicate' : 'accepted');
  moment.heard = !isRepeated;
  return isRepeated;
}

/**
 * Each moment was told once at the most, each that the last run could see and nobody had told of was told, and nothing else was.
 * `untilMs`: the end of the last run's window. Returns how many were taken whose job had been told of in the same state before.
 */
export function checkAccount(world: ReconcileWorld, stories: readonly Story[], untilMs: number): { again: number } {
  const open = tellingsIn(world);
  const told = new Set<Moment>();
  const names = new Set<string>();
  let again = 0;
  for (const telling of open) {
    const { name, atMs, reconciled } = telling;
    const moment = stories.flat().find((each) => {
      const times = reconciled ? [each.listed] : [each.ago];
      return nameOf(each) === name && times.includes(startMs - atMs);
    });
    const what = `${name} at ${atMs}, ${reconciled ? 'taken' : 'heard'}`;
    expect(moment && !told.has(moment) && moment.heard === !reconciled, what).toBe(true);
    told.add(moment!);
    if (reconciled) {
      expect(asked.includes(moment!.record.state) && moment!.listed <= windowMs, what).toBe(true);
      if (names.has(name)) again += 1;
    }
    names.add(name);
  }
  for (const story of stories) {
    const last = story.at(-1)!;
    const inWindow = last.listed <= windowMs && startMs - last.listed <= untilMs;
    // Whether a job that runs again has been told of as running now or before, nobody can tell.
    const isUnclear =
      !hasEnded(last.record.state) && story.some((each) => each !== last && told.has(each) && nameOf(each) === nameOf(last));
    if (asked.includes(last.record.state) && inWindow && !isUnclear)
      expect(told.has(last), `${nameOf(last)} was told`).toBe(true);
    for (const each of story) if (each.heard) expect(told.has(each), `${nameOf(each)} was heard`).toBe(true);
  }
  return { again };
}
