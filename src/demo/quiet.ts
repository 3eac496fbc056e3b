/** What the rules made of the night's failures: few messages, each problem told once and closed when it was over. */
import type { Arrived, SlackPost } from './arrived.ts';
import type { Meant } from './meant.ts';
import type { RelayRecord } from './record.ts';
import { agreed, type WitnessRow } from './witnesses.ts';

/** Messages about one storm that people put up with. */
const maxStormMessages = 3;

export function incidentRows(meant: Meant, record: RelayRecord, { posts, pagerDuty }: Arrived): WitnessRow[] {
  const names = ['the night meant', 'the relay has', 'the other end'];
  const row = (label: string, ...counts: (number | null)[]) => agreed(label, names, counts);
  const of = (kind: string) => record.incidents.filter((incident) => incident.kind === kind);
  const broken = of('subject');
  const stillBroken = broken.filter(({ open }) => open).map(({ subject }) => subject);
  const stuck = of('late').filter(({ open }) => open);
  const storm = postsAbout('group', posts, record);
  const digest = posts.find(({ text }) => /\bDigest: \d/.test(text));
  return [
    row('things that broke', meant.broken, broken.length, null),
    named(row('of these not mended at dawn', meant.stillBroken.length, stillBroken.length, null), meant.stillBroken, stillBroken),
    row('PagerDuty incidents', null, record.paged.all, pagerDuty.incidents),
    row('of these open at dawn', null, record.paged.open, pagerDuty.open),
    row('jobs that hang', meant.stuck.length, stuck.length, postsAbout('late', posts, record).filter(isRoot).length),
    row('failures in the storm', meant.storm, record.grouped, firstNumber(storm.find(isRoot)?.text)),
    atMost('messages about the storm, at most', storm.length, maxStormMessages),
    atMost('messages in a channel about any one', mostAboutOne(posts, record), 1),
    row(
      'jobs in the digest',
      meant.completed,
      record.collected.all,
      digest === undefined ? 0 : (firstNumber(digest.text) ?? 0) + record.collected.left,
    ),
  ];
}

/** Equal numbers are not enough where it is known which ones. */
function named(row: WitnessRow, meant: readonly string[], found: readonly string[]): WitnessRow {
  const missing = meant.filter((subject) => !found.includes(subject));
  const extra = found.filter((subject) => !meant.includes(subject));
  const differs = [...missing.map((subject) => `${subject} should be`), ...extra.map((subject) => `${subject} should not`)];
  return { ...row, differs: differs.length === 0 ? null : differs.join(', ') };
}

function atMost(label: string, count: number, most: number): WitnessRow {
  return { label, counts: [most, null, count], differs: count > 0 && count <= most ? null : `${count}, not 1 to ${most}` };
}

const isRoot = ({ inThread }: SlackPost) => !inThread;

function postsAbout(kind: string, posts: readonly SlackPost[], { incidentOf }: RelayRecord): SlackPost[] {
  return posts.filter(({ deliveryId }) => deliveryId !== null && incidentOf.get(deliveryId)?.kind === kind);
}

/** Outside of its thread. */
function mostAboutOne(posts: readonly SlackPost[], { incidentOf }: RelayRecord): number {
  const counts = new Map<string, number>();
  for (const { channel, deliveryId } of posts.filter(isRoot)) {
    const incident = deliveryId === null ? undefined : incidentOf.get(deliveryId)?.incident;
    if (incident === undefined) continue;
    const key = `${channel} ${incident}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

function firstNumber(text: string | undefined): number | null {
  const number = /\d+/.exec(text ?? '')?.[0];
  return number === undefined ? null : Number(number);
}
