/** Why somebody was, or was not, alerted: for people. It draws what the operator API shows, wherever that was found out. */
import { styleText } from 'node:util';
import { renderPagerDutyEvent } from '../terminal/pagerduty.ts';
import { renderSlackMessage, type VisibleMessage } from '../terminal/slack.ts';
import { oneLine } from '../destination/text.ts';
import { stringifyJson } from '../event/json.ts';
import { clockText } from '../incident/words.ts';
import { nodeClock } from '../node/ports.ts';
import type {
  AttemptView,
  DeliveryDetailView,
  EventDetailView,
  ExplanationView,
  PreviewView,
  RuleVerdictView,
} from '../operate/shapes/views.ts';

const paint = (style: Parameters<typeof styleText>[0], text: string) => styleText(style, text, { stream: process.stdout });

/** What was done about an event that came. */
export interface Story extends Pick<EventDetailView, 'id' | 'outcome' | 'reason' | 'replay_of' | 'received_at' | 'subscription'> {
  /** Its webhook never came. */
  reconciled: boolean;
  decisions: readonly Pick<EventDetailView['decisions'][number], 'rule' | 'detail'>[];
  deliveries: readonly DrawnDelivery[];
}

export interface DrawnDelivery extends Pick<
  DeliveryDetailView,
  'id' | 'destination' | 'status' | 'attempts' | 'reason' | 'detail' | 'rule' | 'act' | 'finished_at'
> {
  /** Left out: not known one by one. */
  made?: readonly AttemptView[];
}

/** What the relay said in its own words, and of what. */
export interface Notice {
  id: string;
  title: string;
  text: string;
  deliveries: readonly DrawnDelivery[];
  members: readonly { subject: string; event_id: string }[];
}

export function describe(explanation: ExplanationView, story: Story | null): string {
  const lines = [
    ...(story ? [...describeStory(story), ''] : []),
    ...describeExplanation(explanation, story !== null),
    ...explanation.deliveries.flatMap((planned) => ['', ...describePlanned(planned)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Each rule with its reason, and how things stand. `came`: the event is in the store. */
export function describeExplanation(
  { rules, unmatched, subject, incident, standing, deliveries }: ExplanationView,
  came: boolean,
): string[] {
  const width = Math.max(...rules.map(({ name }) => name.length), 'unmatched'.length);
  const lines = [
    `${paint('bold', 'subject')}  ${oneLine(subject)}`,
    ...describeIncident(incident),
    '',
    paint('bold', came ? 'rules, as they are now' : 'rules'),
    ...rules.map((rule) => `  ${describeRule(rule, width)}`),
  ];
  if (unmatched) {
    const reason = unmatched.applies ? `applies: ${unmatched.reason}` : paint('dim', unmatched.reason);
    lines.push(`  ${mark(unmatched.applies)} ${'unmatched'.padEnd(width)}  ${reason}`);
  }
  if (standing.length > 0) {
    lines.push('', paint('bold', came ? 'how things stand now' : 'but, as things stand'));
    for (const { rule, verdict } of standing) lines.push(`  ${rule.padEnd(width + 2)}  ${paint('yellow', oneLine(verdict))}`);
  }
  if (!came && deliveries.length === 0 && rules.every(({ verdict }) => verdict !== 'matched')) {
    lines.push('', 'Nothing is sent: the event is stored as unrouted.');
  }
  return lines;
}

function describeIncident(incident: ExplanationView['incident']): string[] {
  if (incident === null) return [];
  const { opened_at, failures } = incident;
  return [
    `${paint('bold', 'incident')} failing since ${clock(opened_at)}, ${failures} ${failures === 1 ? 'failure' : 'failures'}`,
  ];
}

export function describeStory({ id, outcome, reason, decisions, deliveries, ...event }: Story): string[] {
  return [
    `${paint('bold', id)}  ${outcome}, ${describeCame(event)}`,
    ...(reason === null || decisions.length > 0 ? [] : [`  ${oneLine(reason)}`]),
    ...decisions.map(({ rule, detail }) => `  ${paint('yellow', `${rule}: ${oneLine(detail)}`)}`),
    ...deliveries.flatMap(describeDelivery),
  ];
}

function describeCame({
  reconciled,
  replay_of,
  received_at,
  subscription,
}: Pick<Story, 'reconciled' | 'replay_of' | 'received_at' | 'subscription'>) {
  const at = clock(received_at);
  if (replay_of !== null) return `a replay of ${replay_of}, asked for ${at} by an operator`;
  if (!reconciled) return `received ${at} by ${subscription}`;
  return `found ${at} in Narrative's job list: its webhook to ${subscription} never came`;
}

export function describeNotice({ id, title, text, deliveries, members }: Notice): string {
  const lines = [
    `${paint('bold', id)}  no event, but words of the relay itself`,
    `  ${paint('bold', oneLine(title))}`,
    ...text.split('\n').map((line) => `  ${oneLine(line)}`),
    ...deliveries.flatMap(describeDelivery),
    ...(members.length > 0 ? ['', paint('bold', 'it tells of')] : []),
    ...members.map(({ subject, event_id }) => `  ${event_id}  ${oneLine(subject)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function describeDelivery(delivery: DrawnDelivery): string[] {
  const { id, destination, status, attempts, reason, detail, rule, act, finished_at, made = [] } = delivery;
  const ended = status === 'delivered' || status === 'dead';
  const how = finished_at !== null && ended ? `${status} ${clock(finished_at)}` : status;
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const why = [rule === null ? null : `rule ${rule}`, act, tries, reason, detail].filter((part) => part !== null).join(' · ');
  // Of one that came through at once, the line says all.
  const shown = made.length === 1 && status === 'delivered' ? [] : made;
  return [
    `  ${mark(status === 'delivered')} ${destination}  ${how}  ${paint('dim', `${id} · ${oneLine(why)}`)}`,
    ...shown.map((attempt) => `      ${describeAttempt(attempt)}`),
  ];
}

/** `1. 2026-03-01 18:00 UTC  retry · http-503 · the service is down (120 ms)`. */
export function describeAttempt({ attempt, started_at, took_ms, outcome, reason, detail }: AttemptView): string {
  const what = [outcome, reason, detail].filter((part) => part !== null && part !== '').join(' · ');
  return `${attempt}. ${clock(started_at)}  ${oneLine(what)} ${paint('dim', `(${took_ms} ms)`)}`;
}

const clock = (iso: string) => clockText(Date.parse(iso));

const mark = (yes: boolean) => (yes ? paint('green', '✓') : paint('dim', '·'));

function describeRule({ name, at, verdict, to, reason, waits, stops }: RuleVerdictView, width: number): string {
  const padded = name.padEnd(width);
  switch (verdict) {
    case 'matched':
      return `${mark(true)} ${padded}  → ${to.join(', ')}${waits === null ? '' : paint('yellow', ` · ${waits}`)}${stops ? paint('dim', ' (stop: the rest of its file is not looked at)') : ''}`;
    case 'no-match':
      return `${mark(false)} ${padded}  ${paint('dim', `${oneLine(reason ?? '')} (${at})`)}`;
    case 'not-reached':
      return `${mark(false)} ${padded}  ${paint('dim', oneLine(reason ?? ''))}`;
  }
}

function describePlanned({ destination, rule, merged, severity, change, preview }: ExplanationView['deliveries'][number]) {
  const facts = [
    change ? 'change event' : severity,
    `worded by ${rule}`,
    ...(merged.length > 0 ? [`also wanted by ${merged.join(', ')}`] : []),
  ];
  return [`${paint('bold', `→ ${destination}`)}  ${paint('dim', facts.join(' · '))}`, ...describePreview(preview)];
}

/** As a person would see it. */
export function describePreview({ format, body, reply, problems }: PreviewView): string[] {
  const messages = [draw(format, body), ...(reply === undefined ? [] : [draw(format, reply)])];
  return [
    ...problems.map((problem) => paint('yellow', `  ${problem}`)),
    ...messages.flatMap((text) => text.split('\n')).map((line) => `  ${line}`),
  ];
}

function draw(format: PreviewView['format'], body: unknown): string {
  const options = { width: Math.min(process.stdout.columns ?? 100, 110) - 2, color: process.stdout.hasColors?.() ?? false };
  switch (format) {
    case 'slack':
      return renderSlackMessage(visibleSlack(body as SlackRequest), options);
    case 'pagerduty':
      return renderPagerDutyEvent(body as Parameters<typeof renderPagerDutyEvent>[0], options);
    case 'console':
      return typeof body === 'string' ? body : stringifyJson(body, 2);
    case 'http':
      return stringifyJson(body, 2);
  }
}

/** As much of a request to Slack as can be seen. */
interface SlackRequest extends Pick<VisibleMessage, 'text'>, Partial<Pick<VisibleMessage, 'channel' | 'blocks'>> {
  /** Of the message that is edited. */
  ts?: string;
  thread_ts?: string;
  reply_broadcast?: boolean;
}

function visibleSlack({ text, channel, blocks, ts, thread_ts, reply_broadcast }: SlackRequest): VisibleMessage {
  return {
    kind: ts === undefined ? 'post' : 'update',
    channel: channel ?? '(incoming webhook)',
    text,
    blocks: blocks ?? [],
    threadTs: thread_ts ?? null,
    broadcast: reply_broadcast ?? false,
    receivedAtMs: nodeClock.now(),
  };
}
