/** `relay explain <event.json|->`: which rules match an event, why the others don't, and what would be sent. */
import { styleText } from 'node:util';
import type { Command } from 'commander';
import { renderPagerDutyEvent } from '../terminal/pagerduty.ts';
import { renderSlackMessage } from '../terminal/slack.ts';
import type { Outgoing, Preview } from '../destination/destination.ts';
import { oneLine } from '../destination/text.ts';
import { stringifyJson } from '../event/json.ts';
import { nodeClock } from '../node/ports.ts';
import type { Explanation, PlannedDelivery, RuleExplanation } from '../rules/plan.ts';
import { formatPlace } from '../rules/problem.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { readEventFile, type EventFile } from './event-file.ts';
import { CommandFailure, requireDestination, rulesFolder, rulesForLooking } from './rules.ts';

interface ExplainFlags {
  rules?: string;
  subscription?: string;
  json?: boolean;
}

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description('say what the rules make of an event: each rule with its reason, and what would be sent')
    .argument('<event>', 'a file that holds the event as Narrative sends it, or - for standard input')
    .option('--rules <dir>', 'folder of the rules (default: $RELAY_RULES, else rules)')
    .option('--subscription <name>', 'the subscription that it comes by (default: the first)')
    .option('--json', 'print the explanation as JSON, with whole payloads')
    .addHelpText('after', '\nExample:\n  relay explain test/fixtures/events/job-failed-kb.json')
    .action(explain);
}

function explain(path: string, flags: ExplainFlags): void {
  const rules = rulesForLooking(rulesFolder(flags.rules));
  const event = readEventFile(path);
  const subscription = subscriptionOf(rules, flags.subscription);
  const explanation = rules.explain({ subscription, narrative: event.narrative });
  const payloads = explanation.plan.deliveries.map((planned) => preview(rules, subscription, event, explanation, planned));
  if (flags.json) {
    const deliveries = explanation.plan.deliveries.map((planned, i) => ({ ...planned, payload: payloads[i] }));
    process.stdout.write(`${stringifyJson({ ...explanation, plan: { ...explanation.plan, deliveries } }, 2)}\n`);
  } else process.stdout.write(describe(explanation, payloads));
}

function subscriptionOf(rules: RuleSet, given: string | undefined): string {
  const names = [...rules.subscriptions.keys()];
  if (given !== undefined && !names.includes(given)) {
    throw new CommandFailure(2, `there is no subscription ${given}; the rules have ${names.join(', ')}`);
  }
  return given ?? names[0]!;
}

function preview(
  rules: RuleSet,
  subscription: string,
  { body, narrative }: EventFile,
  { plan }: Explanation,
  { destination, rule, severity, change, message }: PlannedDelivery,
): Preview {
  const outgoing: Outgoing = {
    deliveryId: 'dlv_(example)',
    eventId: 'evt_(example)',
    attempt: 1,
    content: {
      kind: 'event',
      received: { id: 'evt_(example)', subscription, receivedAtMs: nodeClock.now(), narrative },
      body,
      contentType: 'application/json',
    },
    rule,
    severity,
    change,
    message,
    subject: plan.subject,
    links: { ...rules.links },
    note: null,
  };
  return requireDestination(rules, destination).preview(outgoing);
}

const paint = (style: Parameters<typeof styleText>[0], text: string) => styleText(style, text, { stream: process.stdout });

function describe({ rules, unmatched, plan }: Explanation, payloads: readonly Preview[]): string {
  const width = Math.max(...rules.map(({ name }) => name.length), 'unmatched'.length);
  const lines = [`${paint('bold', 'subject')}  ${oneLine(plan.subject)}`, '', paint('bold', 'rules')];
  for (const rule of rules) lines.push(`  ${describeRule(rule, width)}`);
  if (unmatched) {
    const reason = unmatched.applies ? `applies: ${unmatched.reason}` : paint('dim', unmatched.reason);
    lines.push(`  ${mark(unmatched.applies)} ${'unmatched'.padEnd(width)}  ${reason}`);
  }
  if (plan.deliveries.length === 0) lines.push('', 'Nothing is sent: the event is stored as unrouted.');
  plan.deliveries.forEach((planned, i) => lines.push('', ...describeDelivery(planned, payloads[i]!)));
  return `${lines.join('\n')}\n`;
}

const mark = (yes: boolean) => (yes ? paint('green', '✓') : paint('dim', '·'));

function describeRule(rule: RuleExplanation, width: number): string {
  const name = rule.name.padEnd(width);
  switch (rule.kind) {
    case 'matched':
      return `${mark(true)} ${name}  → ${rule.to.join(', ')}${rule.stops ? paint('dim', ' (stop: the rest of its file is not looked at)') : ''}`;
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
