/** An explanation for people. */
import { styleText } from 'node:util';
import { renderPagerDutyEvent } from '../terminal/pagerduty.ts';
import { renderSlackMessage } from '../terminal/slack.ts';
import type { Preview } from '../destination/destination.ts';
import { oneLine } from '../destination/text.ts';
import { eventId, deliveryId } from '../event/id.ts';
import { stringifyJson } from '../event/json.ts';
import { clockText } from '../incident/words.ts';
import type { Forecast } from '../incident/forecast.ts';
import { nodeClock } from '../node/ports.ts';
import type { Explanation, PlannedDelivery, RuleExplanation } from '../rules/plan.ts';
import { formatPlace } from '../rules/problem.ts';
import type { EventStory, NoticeStory } from '../store/story.ts';

const paint = (style: Parameters<typeof styleText>[0], text: string) => styleText(style, text, { stream: process.stdout });

export interface Explained {
  explanation: Explanation;
  payloads: readonly Preview[];
  /** What would become of it now; or, of an event that is in the store, what is open now. */
  forecast: Forecast;
  /** Of an event that is in the store: what was done. */
  story: EventStory | null;
}

export function describe({ explanation: { rules, unmatched, plan }, payloads, forecast, story }: Explained): string {
  const width = Math.max(...rules.map(({ name }) => name.length), 'unmatched'.length);
  const lines = [
    ...(story ? [...describeStory(story), ''] : []),
    `${paint('bold', 'subject')}  ${oneLine(plan.subject)}`,
    ...describeIncident(forecast),
    '',
    paint('bold', story ? 'rules, as they are now' : 'rules'),
  ];
  for (const rule of rules) lines.push(`  ${describeRule(rule, width)}`);
  if (unmatched) {
    const reason = unmatched.applies ? `applies: ${unmatched.reason}` : paint('dim', unmatched.reason);
    lines.push(`  ${mark(unmatched.applies)} ${'unmatched'.padEnd(width)}  ${reason}`);
  }
  if (forecast.rules.length > 0) {
    lines.push('', paint('bold', story ? 'how things stand now' : 'but, as things stand'));
    for (const { rule, verdict } of forecast.rules)
      lines.push(`  ${rule.padEnd(width + 2)}  ${paint('yellow', oneLine(verdict))}`);
  }
  if (plan.deliveries.length === 0 && rules.every((rule) => rule.kind !== 'matched')) {
    lines.push('', 'Nothing is sent: the event is stored as unrouted.');
  }
  plan.deliveries.forEach((planned, i) => lines.push('', ...describeDelivery(planned, payloads[i]!)));
  return `${lines.join('\n')}\n`;
}

function describeIncident({ incident }: Forecast): string[] {
  if (incident === null) return [];
  const { openedAt, failures } = incident;
  return [
    `${paint('bold', 'incident')} failing since ${clockText(openedAt)}, ${failures} ${failures === 1 ? 'failure' : 'failures'}`,
  ];
}

function describeStory({ seq, outcome, reason, decisions, deliveries, ...event }: EventStory): string[] {
  return [
    `${paint('bold', eventId(seq))}  ${outcome}, ${describeCame(event)}`,
    ...(reason === null || decisions.length > 0 ? [] : [`  ${oneLine(reason)}`]),
    ...decisions.map(({ rule, detail }) => `  ${paint('yellow', `${rule}: ${oneLine(detail)}`)}`),
    ...deliveries.map((delivery) => sentLine(seq, delivery)),
  ];
}

function describeCame({ reconciled, receivedAt, subscription }: Pick<EventStory, 'reconciled' | 'receivedAt' | 'subscription'>) {
  const at = clockText(receivedAt);
  if (!reconciled) return `received ${at} by ${subscription}`;
  return `found ${at} in Narrative's job list: its webhook to ${subscription} never came`;
}

/** What the relay said in its own words, and of what. */
export function describeNotice({ seq, notice, deliveries, members }: NoticeStory): string {
  const lines = [
    `${paint('bold', eventId(seq))}  no event, but words of the relay itself`,
    `  ${paint('bold', oneLine(notice.title))}`,
    ...notice.text.split('\n').map((line) => `  ${oneLine(line)}`),
    ...deliveries.map((delivery) => sentLine(seq, delivery)),
    ...(members.length > 0 ? ['', paint('bold', 'it tells of')] : []),
    ...members.map(({ subject, eventSeq }) => `  ${eventId(eventSeq)}  ${oneLine(subject)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function sentLine(
  seq: number,
  { n, destination, status, attempts, reason, detail, rule, act, finishedAt }: EventStory['deliveries'][number],
) {
  const how =
    finishedAt !== null && (status === 'delivered' || status === 'dead') ? `${status} ${clockText(finishedAt)}` : status;
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const why = [rule === null ? null : `rule ${rule}`, act, tries, reason, detail].filter((part) => part !== null).join(' · ');
  return `  ${mark(status === 'delivered')} ${destination}  ${how}  ${paint('dim', `${deliveryId({ eventSeq: seq, n })} · ${oneLine(why)}`)}`;
}

const mark = (yes: boolean) => (yes ? paint('green', '✓') : paint('dim', '·'));

function describeRule(rule: RuleExplanation, width: number): string {
  const name = rule.name.padEnd(width);
  switch (rule.kind) {
    case 'matched':
      return `${mark(true)} ${name}  → ${rule.to.join(', ')}${rule.waits === undefined ? '' : paint('yellow', ` · ${rule.waits}`)}${rule.stops ? paint('dim', ' (stop: the rest of its file is not looked at)') : ''}`;
    case 'no-match':
      return `${mark(false)} ${name}  ${paint('dim', `${oneLine(rule.reason)} (${formatPlace(rule.place)})`)}`;
    case 'not-reached':
      return `${mark(false)} ${name}  ${paint('dim', `not reached: ${rule.by} has stop`)}`;
  }
}

function describeDelivery({ destination, rule, merged, severity, change }: PlannedDelivery, payload: Preview): string[] {
  const facts = [
    change ? 'change event' : severity,
    `worded by ${rule}`,
    ...(merged.length > 0 ? [`also wanted by ${merged.join(', ')}`] : []),
  ];
  return [
    `${paint('bold', `→ ${destination}`)}  ${paint('dim', facts.join(' · '))}`,
    ...payload.problems.map((problem) => paint('yellow', `  ${problem}`)),
    ...draw(payload)
      .split('\n')
      .map((line) => `  ${line}`),
  ];
}

/** As a person would see it. */
function draw({ format, body }: Preview): string {
  const options = { width: Math.min(process.stdout.columns ?? 100, 110) - 2, color: process.stdout.hasColors?.() ?? false };
  switch (format) {
    case 'slack':
      return renderSlackMessage(
        { ...slackDefaults, ...(body as object) } as unknown as Parameters<typeof renderSlackMessage>[0],
        options,
      );
    case 'pagerduty':
      return renderPagerDutyEvent(body as unknown as Parameters<typeof renderPagerDutyEvent>[0], options);
    case 'console':
      return typeof body === 'string' ? body : stringifyJson(body, 2);
    case 'http':
      return stringifyJson(body, 2);
  }
}

const slackDefaults = { kind: 'post', channel: '(incoming webhook)', blocks: [], threadTs: null, receivedAtMs: nodeClock.now() };
