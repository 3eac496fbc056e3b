/** The wording of an incident: since when, how often, what it said, and that it is over. */
import { formatDuration } from '../event/time.ts';
import type { IncidentStatus, Outgoing, Owner } from './destination.ts';

/** A point in time inside a text: a destination may show it in the reader's own time zone. */
export interface Moment {
  atMs: number;
  /** `09:12 UTC`, with its date where that isn't the day of the last failure. */
  utc: string;
}

/** One line, in parts. Raw, and only ever of our own words and numbers. */
export type Status = readonly (string | Moment)[];

/** `Failing since 09:12 UTC · 3rd failure`, `Recovered after 42 min · 3 failures`. */
export function statusOf(outgoing: Outgoing, incident: IncidentStatus): Status {
  const { sinceMs, lastMs, endedMs, failures } = incident;
  const failing = isAboutFailures(outgoing);
  if (endedMs !== null) {
    return [failing ? `Recovered after ${lasted(incident)} · ${plural(failures)}` : `Over after ${lasted(incident)}`];
  }
  const since = moment(sinceMs, lastMs);
  if (failing) return ['Failing since ', since, ` · ${ordinal(failures)} failure`];
  return failures > 1 && outgoing.content.kind === 'notice' ? ['Since ', since, ` · ${plural(failures)}`] : ['Since ', since];
}

/**
 * Whether the incident is a subject that failed and completes again. Others are told of by a notice, by the relay about
 * itself, or are a job that is late: it has not failed, and that it moves on is no recovery.
 */
export function isAboutFailures({ content, subject }: Outgoing): boolean {
  return content.kind === 'event' && content.received.narrative.kind !== 'relay' && !subject.startsWith('late/');
}

/** The line with its times in UTC. */
export function statusText(status: Status): string {
  return status.map((part) => (typeof part === 'string' ? part : part.utc)).join('');
}

/** `42 min`: from the first failure to the end; so far, to the last failure. */
export function lasted({ sinceMs, lastMs, endedMs }: IncidentStatus): string {
  return formatDuration(Math.max(0, (endedMs ?? lastMs) - sinceMs) / 1000);
}

/** What the message that stands in the channel would no longer show: how it began, and, at the end, how it failed last. */
export function incidentFields({ firstSaid, lastSaid, endedMs }: IncidentStatus): { label: string; value: string }[] {
  const said = [
    { label: 'First failure', value: firstSaid === lastSaid ? null : firstSaid },
    { label: 'Last failure', value: endedMs === null ? null : lastSaid },
  ];
  return said.flatMap(({ label, value }) => (value === null ? [] : [{ label, value }]));
}

/** Each once, in the order of the rules files. */
export function mentionsOf(owners: readonly Owner[]): string[] {
  return distinct(owners.map(({ mention }) => mention));
}

/** Raw labels and URLs. */
export function runbookLinks(owners: readonly Owner[]): { label: string; url: string }[] {
  const urls = distinct(owners.map(({ runbook }) => runbook));
  return urls.map((url, index) => ({ label: index === 0 ? 'Runbook' : `Runbook ${index + 1}`, url }));
}

function distinct(values: (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))];
}

function plural(failures: number): string {
  return failures === 1 ? '1 failure' : `${failures} failures`;
}

function moment(atMs: number, lastMs: number): Moment {
  const [day = '', time = ''] = new Date(atMs).toISOString().split('T');
  const sameDay = new Date(lastMs).toISOString().startsWith(day);
  return { atMs, utc: `${sameDay ? '' : `${day} `}${time.slice(0, 5)} UTC` };
}

/** `1st`, `2nd`, `11th`, `23rd`. */
function ordinal(n: number): string {
  const teens = n % 100 >= 11 && n % 100 <= 13;
  const suffix = teens ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${suffix}`;
}
