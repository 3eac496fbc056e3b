/**
 * `relay explain <event.json|-|evt_…>`: which rules match an event, why the others don't, what would be sent; and where a store
 * is at hand, what was done about it and what stands in the way now.
 */
import type { Command } from 'commander';
import type { ReceivedEvent } from '../event/event.ts';
import { asSpelled, deliveryKeyOf, eventId, eventSeq } from '../event/id.ts';
import { stringifyJson, type JsonValue } from '../event/json.ts';
import { silencesOf } from './silences-of.ts';
import { nodeClock } from '../node/ports.ts';
import { explainEvent, type Explained, type Looked } from '../operate/explain-event.ts';
import { explanationViewOf } from '../operate/explain-view.ts';
import { createIncidentOperations } from '../operate/incidents.ts';
import type { ExplanationView } from '../operate/shapes/views.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Sql } from '../ports.ts';
import { createEventStore, type StoredEvent } from '../store/events.ts';
import { createStoryStore, type EventStory } from '../store/story.ts';
import { readStored, receivedOf } from '../store/stored-event.ts';
import { readEventFile } from './event-file.ts';
import { describe, describeNotice } from './explain-drawing.ts';
import { noticeOf, storyOf } from './explain-stored.ts';
import { CommandFailure, requireDestination, rulesFolder, rulesForLooking } from './rules.ts';
import { databasePath, withStore } from './stored.ts';

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
      'a file that holds the event as Narrative sends it, - for standard input, or the id of one that came, or of its delivery: evt_…, dlv_…',
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
  const seq = id === null ? null : (eventSeq(asSpelled(id)) ?? deliveryKeyOf(id)?.eventSeq ?? null);
  if (id !== null && seq === null) {
    throw new CommandFailure(
      2,
      `${id} is no event: explain takes the id of an event, evt_ and 11 letters and digits, or of a delivery, or a file`,
    );
  }
  if (seq !== null) {
    const known = withStore(
      flags.db,
      (sql) => {
        const story = createStoryStore(sql).of(seq);
        const event = createEventStore(sql).bySeq(seq);
        if (story === null || event === null) return createStoryStore(sql).ofNotice(seq);
        return { ...explained(rules, { received: storedEvent(event), body: event.body }, sql, now, true), story };
      },
      true,
    );
    if (known && 'notice' in known) {
      return void process.stdout.write(flags.json ? `${JSON.stringify(known, null, 2)}\n` : describeNotice(noticeOf(known)));
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
  print({ ...(known ?? explained(rules, event, null, now)), story: null }, flags);
}

/** Of an event without rules to go by, there is nothing to explain. */
function storedEvent(event: StoredEvent): ReceivedEvent {
  const read = readStored(event);
  if (read.kind === 'event') return receivedOf(event);
  throw new CommandFailure(1, `${eventId(event.seq)} is in quarantine: verified, but no event that the relay knows: ${read.why}`);
}

interface Found extends Explained {
  view: ExplanationView;
}

/** `came`: it is in the store. */
function explained(rules: RuleSet, event: Looked, sql: Sql | null, now: number, came = false): Found {
  const silences = silencesOf(rules, sql, now);
  const destinationOf = (name: string) => requireDestination(rules, name);
  const found = explainEvent(event, { rules, sql, silences, destinationOf, now }, came);
  const incidents = sql === null ? null : createIncidentOperations({ sql, clock: nodeClock, silences });
  const view = explanationViewOf(found, rules.version, (id) => incidents?.ofNumber(id) ?? null);
  return { ...found, view };
}

function print(what: Found & { /** Of an event that came. */ story: EventStory | null }, { json }: ExplainFlags): void {
  const { explanation, payloads, forecast, story, view } = what;
  if (!json) return void process.stdout.write(describe(view, story && storyOf(story)));
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
