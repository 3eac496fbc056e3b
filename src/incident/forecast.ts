/** What would be done about an event if it came now: the verdicts of the engine, without acting on them. Only reads. */
import { formatDuration } from '../event/time.ts';
import type { Plan, Routable } from '../rules/plan.ts';
import type { Sql } from '../ports.ts';
import { createAlertStore, type Alert } from '../store/alerts.ts';
import { createIncidentStore, type Incident } from '../store/incidents.ts';
import type { Silences } from './covering.ts';
import { isOldNews, mends, onFailure, type Silencing, type Verdict } from './policy.ts';
import { clockText } from './words.ts';

export interface Forecast {
  /** The open incident of the event's subject; null when there is none. */
  incident: Incident | null;
  /** For each rule that would not simply send: what it would do. */
  rules: { rule: string; verdict: string }[];
}

/** No incident has this id. */
const none = 0;

/** `sql: null`: nothing is known of what came before. `happenedUs`: as the event says. */
export function forecast(
  sql: Sql | null,
  { plan, routable, happenedUs }: { plan: Plan; routable: Routable; happenedUs: number },
  silences: Silences,
  /** The destination gets events, not alerts: nothing silences it. */
  forwards: (destination: string) => boolean,
  now: number,
): Forecast {
  const { subject } = plan;
  const incidents = sql && createIncidentStore(sql);
  const alerts = sql && createAlertStore(sql);
  const state = incidents?.subject(subject) ?? { failedUs: 0, completedUs: 0, incident: null };
  const incident = state.incident === null ? null : (incidents?.find(state.incident) ?? null);
  const covering = plan.matched.length === 0 ? null : silences.covering(routable, now);
  if (plan.part === 'opens' && isOldNews(state, happenedUs)) {
    const verdict = `suppressed: late, ${subject} completed after this failure, at ${clockText(state.completedUs / 1000)}`;
    return { incident, rules: plan.matched.filter((rule) => rule.incident).map(({ name }) => ({ rule: name, verdict })) };
  }
  const rules = plan.matched.flatMap(({ name, incident: policy, send }) => {
    const silence = send.some(({ to }) => !forwards(to)) ? covering : null;
    if (plan.part !== 'opens' || policy === null) {
      return silence === null ? [] : [{ rule: name, verdict: `suppressed: ${silencedFor(silence, now)}` }];
    }
    const verdict = onFailure(policy, alerts?.find(subject, name) ?? null, state.incident ?? none, silence, now);
    const text = inWords(verdict, subject, now);
    return text === null ? [] : [{ rule: name, verdict: text }];
  });
  if (plan.part !== 'closes' || incident === null || !mends(state, happenedUs)) return { incident, rules };
  const told = (alerts?.of(subject) ?? []).filter(({ spec }) => spec.policy?.recover && (spec.told ?? []).length > 0);
  return {
    incident,
    rules: [...rules, ...told.map(({ rule }) => ({ rule, verdict: 'says that it has recovered, where it told of the failure' }))],
  };
}

/** How things stand with a subject: its open incident, and what each rule still has to say about it. Only reads. */
export function standing(sql: Sql, subject: string, now: number): Forecast {
  const open = createIncidentStore(sql).subject(subject)?.incident ?? null;
  const incident = open === null ? null : createIncidentStore(sql).find(open);
  const alerts = open === null ? [] : createAlertStore(sql).of(subject);
  return { incident, rules: alerts.map((alert) => ({ rule: alert.rule, verdict: standingOf(alert, now) })) };
}

function standingOf({ phase, dueAt, toldAt, untold, silence, subject }: Alert, now: number): string {
  switch (phase) {
    case 'held':
      return heldUntil(dueAt ?? now, subject, now);
    case 'silenced':
      return `${silencedFor({ name: silence ?? 'a silence', untilMs: dueAt }, now)}; told then if ${subject} still fails`;
    case 'told': {
      const told = toldAt === null ? 'told only by a replay' : `told at ${clockText(toldAt)}`;
      if (untold === 0) return told;
      return `${told}, ${untold} ${untold === 1 ? 'failure' : 'failures'} since${dueAt === null ? '' : `; next reminder in ${away(dueAt, now)}`}`;
    }
  }
}

function inWords(verdict: Verdict, subject: string, now: number): string | null {
  switch (verdict.kind) {
    case 'tell':
      return verdict.act === 'open' ? null : 'sends: failed again, in the thread of the first message';
    case 'hold':
      return heldUntil(verdict.until, subject, now);
    case 'repeat':
      return `suppressed: repeat, next reminder in ${away(verdict.until, now)}`;
    case 'silence':
      return `suppressed: ${silencedFor({ name: verdict.by, untilMs: verdict.until }, now)}; told then if it still fails`;
  }
}

function heldUntil(until: number, subject: string, now: number): string {
  return `held until ${clockText(until)} (${away(until, now)}), cancelled if ${subject} completes`;
}

function silencedFor({ name, untilMs }: Silencing, now: number): string {
  return `silenced by ${name}${untilMs === null ? '' : ` for ${away(untilMs, now)}`}`;
}

/** `3 h 12 min`. */
function away(atMs: number, now: number): string {
  return formatDuration(Math.max(0, atMs - now) / 1000);
}
