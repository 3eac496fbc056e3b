/** `relay send-test <destination>`: one real message, so that a token or a channel is found wrong today and not tonight. */
import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { AttemptOutcome, Content, Outgoing } from '../destination/destination.ts';
import { eventId } from '../event/id.ts';
import { nodeClock } from '../node/ports.ts';
import { readEventFile } from './event-file.ts';
import { requireDestination, rulesFolder, rulesForSending } from './rules.ts';

interface SendTestFlags {
  rules?: string;
  event?: string;
  json?: boolean;
}

export function addSendTestCommand(program: Command): void {
  program
    .command('send-test')
    .description('send one test message to a destination and say what came of it')
    .argument('<destination>', 'its name in the rules')
    .option('--event <file>', 'send the alert for this event instead (- for standard input)')
    .option('--rules <dir>', 'folder of the rules (default: $RELAY_RULES, else rules)')
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  relay send-test data-eng\n\nOn PagerDuty this opens an incident of severity info: resolve it there.',
    )
    .action(sendTest);
}

async function sendTest(name: string, flags: SendTestFlags): Promise<void> {
  const rules = rulesForSending(rulesFolder(flags.rules), name);
  const destination = requireDestination(rules, name);
  const now = nodeClock.now();
  const id = eventId(now * 1024);
  const outgoing: Outgoing = {
    deliveryId: `dlv_test_${now}`,
    eventId: id,
    attempt: 1,
    content:
      flags.event === undefined ? testNotice(name, now) : testEvent(flags.event, id, [...rules.subscriptions.keys()][0]!, now),
    rule: null,
    severity: 'info',
    change: false,
    message: null,
    subject: 'relay/send-test',
    broadcast: false,
    incident: null,
    root: null,
    owners: [],
    unsureSinceMs: null,
    links: { ...rules.links },
    note: flags.event === undefined ? null : 'A test by "relay send-test": nothing happened.',
  };
  const startedAt = performance.now();
  const outcome = await destination.send(outgoing, AbortSignal.timeout(30_000));
  const tookMs = Math.round(performance.now() - startedAt);
  if (flags.json) process.stdout.write(`${JSON.stringify({ destination: name, ...outcome, took_ms: tookMs })}\n`);
  else describe(name, destination.type, outcome, tookMs);
  process.exitCode = exitCodes[outcome.kind];
}

const exitCodes: Record<AttemptOutcome['kind'], number> = {
  delivered: 0,
  rejected: 1,
  'destination-broken': 1,
  retry: 3,
  ambiguous: 3,
};

function testNotice(destination: string, now: number): Content {
  return {
    kind: 'notice',
    title: 'Test from narrative-relay: nothing is broken',
    text: `Somebody ran "relay send-test ${destination}". If you can read this, alerts arrive here.`,
    occurredAtMs: now,
  };
}

function testEvent(path: string, id: string, subscription: string, receivedAtMs: number): Content {
  const { body, narrative } = readEventFile(path);
  return { kind: 'event', received: { id, subscription, receivedAtMs, narrative }, body, contentType: 'application/json' };
}

function describe(name: string, type: string, outcome: AttemptOutcome, tookMs: number): void {
  const stream = outcome.kind === 'delivered' ? process.stdout : process.stderr;
  const style = (text: string) => styleText(outcome.kind === 'delivered' ? 'green' : 'red', text, { stream });
  stream.write(
    `${style(outcome.kind === 'delivered' ? '✓' : '✗')} ${name} (${type}) ${words[outcome.kind]} after ${tookMs} ms: ${outcome.detail}\n`,
  );
}

const words: Record<AttemptOutcome['kind'], string> = {
  delivered: 'took the message',
  retry: 'could not be reached',
  ambiguous: 'may or may not have taken it',
  rejected: 'refused the message',
  'destination-broken': 'takes no messages until this is mended',
};
