/**
 * `relay explain <event.json|-|evt_…>`: which rules match an event, why the others don't, what would be sent; and where a store
 * is at hand, what was done about it and what stands in the way now.
 */
import type { Command } from 'commander';
import type { Outgoing, Preview } from '../destination/destination.ts';
import type { ReceivedEvent } from '../event/event.ts';
import { happenedUs } from '../event/happened.ts';
import { eventId, eventSeq } from '../event/id.ts';
import { stringifyJson, type JsonValue } from '../event/json.ts';
import { forecast, standing } from '../incident/forecast.ts';
import { traitsIn } from '../incident/telling.ts';
import { silencesOf } from './silences-of.ts';
import { nodeClock } from '../node/ports.ts';
import type { Explanation, PlannedDelivery } from '../rules/plan.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Sql } from '../ports.ts';
import { createEventStore, type StoredEvent } from '../store/events.ts';
import { createStoryStore } from '../store/story.ts';
import { receivedOf } from '../store/stored-event.ts';
import { readEventFile } from './event-file.ts';
import { describe, describeNotice, type Explained } from './explain-drawing.ts';
import { CommandFailure, requireDestination, rulesFolder, rulesForLooking } from './rules.ts';
import { databasePath, withStore } from './stored.ts';

interface Looked {
  received: ReceivedEvent;
  body: Uint8Array;
}

interface ExplainFlags {
  rules?: string;
  subscription?: string;
  db?: string;
  json?: boolean;
}

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description('say what the rules make of an event: each rule with its reason, and what would be sent')
    .argument(
      '<event>',
      'a file that holds the event as Narrative sends it, - for standard input, or the id of one that came: evt_…',
    )
    .option('--rules <dir>', 'folder of the rules (default: $RELAY_RULES, else rules)')
    .option('--subscription <name>', 'the subscription that it comes by (default: the first)')
    .option('--db <file>', 'the store, for what came before (default: $RELAY_DB, else data/relay.db; none: as if nothing had)')
    .option('--json', 'print the explanation as JSON, with whole payloads')
    .addHelpText('after', '\nExamples:\n  relay explain test/fixtures/events/job-failed-kb.json\n  relay explain evt_1M7ZPRBAM00')
    .action(explain);
}

function explain(what: string, flags: ExplainFlags): void {
  const rules = rulesForLooking(rulesFolder(flags.rules));
  const now = nodeClock.now();
  const id = /^(evt|dlv|sil)_[0-9a-z_]+$/i.test(what) ? what : null;
  // Ids are read out on the phone.
  const seq = id === null ? null : eventSeq(`evt_${id.slice(4).toUpperCase()}`);
  if (id !== null && (seq === null || !/^evt_/i.test(id))) {
    throw new CommandFailure(2, `${id} is no event: explain takes the id of an event, evt_ and 11 letters and digits, or a file`);
  }
  if (seq !== null) {
    const known = withStore(
      flags.db,
      (sql) => {
        const story = createStoryStore(sql).of(seq);
        const event = createEventStore(sql).bySeq(seq);
        if (story === null || event === null) return createStoryStore(sql).ofNotice(seq);
        const what = explained(rules, { received: storedEvent(event), body: event.body }, sql, now);
        return { ...what, forecast: standing(sql, what.explanation.plan.subject, now), story };
      },
      true,
    );
    if (known && 'notice' in known) {
      return void process.stdout.write(flags.json ? `${JSON.stringify(known, null, 2)}\n` : describeNotice(known));
    }
    if (known) return print(known, flags);
    throw new CommandFailure(
      1,
      `no event ${what} in ${databasePath(flags.db)}: it may be past its retention, or in another store (--db)`,
    );
  }
  const { body, narrative } = readEventFile(what);
  const subscription = subscriptionOf(rules, flags.subscription);
  const event: Looked = { received: { id: 'evt_(example)', subscription, receivedAtMs: now, narrative }, body };
  const known = withStore(flags.db, (sql) => explained(rules, event, sql, now));
  print(known ?? explained(rules, event, null, now), flags);
}

/** Of an event without rules to go by, there is nothing to explain. */
function storedEvent(event: StoredEvent): ReceivedEvent {
  try {
    return receivedOf(event);
  } catch {
    throw new CommandFailure(1, `${eventId(event.seq)} is in quarantine: verified, but no event that the relay knows`);
  }
}

function explained(rules: RuleSet, event: Looked, sql: Sql | null, now: number): Explained {
  const routable = event.received;
  const explanation = rules.explain(routable);
  const happened = happenedUs(routable.narrative, now);
  return {
    explanation,
    payloads: explanation.plan.deliveries.map((planned) => preview(rules, event, explanation, planned)),
    forecast: forecast(
      sql,
      { plan: explanation.plan, routable, happenedUs: happened },
      silencesOf(rules, sql, now),
      (to) => traitsIn(rules, to).forwards,
      now,
    ),
    story: null,
  };
}

function print(what: Explained, { json }: ExplainFlags): void {
  if (!json) return void process.stdout.write(describe(what));
  const { explanation, payloads, forecast, story } = what;
  const deliveries = explanation.plan.deliveries.map((planned, i) => ({ ...planned, payload: payloads[i] }));
  const { rules, subject, part, owners } = explanation.plan;
  const plan = { rules, subject, part, owners, deliveries };
  process.stdout.write(`${stringifyJson({ ...explanation, plan, forecast, story } as object as JsonValue, 2)}\n`);
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
  { received, body }: Looked,
  { plan }: Explanation,
  { destination, rule, severity, change, broadcast, message }: PlannedDelivery,
): Preview {
  const outgoing: Outgoing = {
    deliveryId: 'dlv_(example)',
    eventId: received.id,
    attempt: 1,
    content: { kind: 'event', received, body, contentType: 'application/json' },
    rule,
    severity,
    change,
    message,
    subject: plan.subject,
    broadcast,
    incident: null,
    root: null,
    owners: plan.owners,
    unsureSinceMs: null,
    links: { ...rules.links },
    note: null,
  };
  return requireDestination(rules, destination).preview(outgoing);
}
