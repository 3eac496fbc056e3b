/**
 * Two relays live through the same hours; in one of them operators replay what came. What has just come must not be able to tell.
 * A failure prints its seed and path; put them into `fc.assert` to see it again.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createReplayStage, minute, type ReplayStage } from './replay-stage.ts';

/** `SEQUENCES=1000 npx vitest run test/operate/replay-property.test.ts` looks longer. */
const runs = Number(process.env.SEQUENCES ?? 40);
/** A machine that has much else to do takes its time. */
const timeLimitMs = Math.max(60_000, runs * 1_000);

const destinations = 'destinations: { chat: { type: console }, pager: { type: console } }\n';
const policies = ['', 'recover: true, ', 'repeat: 30m, ', 'hold: 10m, recover: true, ', 'hold: 10m, repeat: 30m, '];
const sends = ['[{ to: chat }]', '[{ to: pager }]', '[{ to: chat }, { to: pager }]'];

const rules = fc
  .array(fc.tuple(fc.constantFrom(...policies), fc.constantFrom(...sends), fc.constantFrom('failed', 'failed, completed')), {
    maxLength: 3,
  })
  .map((all) => {
    const written = all.map(
      ([policy, send, states], i) => `  - { name: r${i}, match: { states: [${states}] }, ${policy}send: ${send} }\n`,
    );
    return `${destinations}rules:${written.length === 0 ? ' []' : ''}\n${written.join('')}`;
  });

const event = fc.record({
  kind: fc.constant('event' as const),
  state: fc.constantFrom('failed', 'failed', 'completed', 'cancelled'),
  dataset: fc.constantFrom(1, 1, 2),
  ago: fc.constantFrom(0, 0, minute, 12 * minute, null),
});
const time = fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1_000, minute, 11 * minute, 31 * minute) });
const changed = fc.record({ kind: fc.constant('rules' as const), rules });
const silence = fc.record({ kind: fc.constant('silence' as const), ms: fc.constantFrom(minute, 20 * minute) });
const replay = fc.record({ kind: fc.constant('replay' as const), which: fc.nat(), dry: fc.constantFrom(false, false, true) });
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: event },
    { weight: 5, arbitrary: time },
    { weight: 4, arbitrary: replay },
    { weight: 1, arbitrary: changed },
    { weight: 1, arbitrary: silence },
  ),
  { minLength: 5, maxLength: 30 },
);
type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never;

/** `to`: where replays go; `false`: there are none. */
async function live(first: string, days: readonly Step[], to: readonly string[] | null | false): Promise<ReplayStage> {
  const stage = createReplayStage(first);
  const ids: string[] = [];
  for (const step of days) {
    switch (step.kind) {
      case 'event':
        ids.push(await stage.comes(step));
        break;
      case 'time':
        await stage.pass(step.ms);
        break;
      case 'rules':
        await stage.replaceRules(step.rules);
        break;
      case 'silence': {
        const terms = { fromMs: stage.now, untilMs: stage.now + step.ms, reason: 'quiet', author: 'test' };
        stage.desk.silences.add({ match: { dataset_ids: ['1'] }, ...terms }, stage.now);
        await stage.settle();
        break;
      }
      case 'replay':
        if (ids.length > 0 && to !== false)
          await stage.again(ids[step.which % ids.length]!, { to, again: true, dryRun: step.dry });
    }
  }
  await stage.pass(120 * minute);
  return stage;
}

/** Each incident, whatever its number is. */
const incidents = ({ sql }: ReplayStage) =>
  sql.query(
    `SELECT subject, opened_at, last_at, failures, ended_at FROM incidents WHERE kind = 'subject' ORDER BY subject, opened_at, ended_at`,
  );

/** What a destination was told of the events that came, in their order. */
const toldOfEvents = ({ sql }: ReplayStage, destination: string) =>
  sql.query(
    `SELECT (SELECT count(*) FROM events AS e WHERE e.replay_of IS NULL AND e.seq <= d.event_seq) AS event, d.created_at, d.status,
       d.spec ->> '$.rule' AS rule, d.spec ->> '$.incident.act' AS act
     FROM deliveries AS d JOIN events ON events.seq = d.event_seq AND replay_of IS NULL WHERE destination = ? ORDER BY d.event_seq, n`,
    destination,
  );

test(
  'a replay changes nothing in what is known to be broken, since when, and how often it failed',
  async () => {
    const property = fc.asyncProperty(rules, steps, fc.constantFrom(null, ['chat']), async (first, days, to) => {
      const [without, withReplays] = [await live(first, days, false), await live(first, days, to)];
      expect(incidents(withReplays)).toEqual(incidents(without));
    });
    await fc.assert(property, { numRuns: runs });
  },
  timeLimitMs,
);

test(
  'a replay to one destination changes nothing for the others',
  async () => {
    const property = fc.asyncProperty(rules, steps, async (first, days) => {
      const [without, withReplays] = [await live(first, days, false), await live(first, days, ['chat'])];
      expect(toldOfEvents(withReplays, 'pager')).toEqual(toldOfEvents(without, 'pager'));
      const told = withReplays.sql.query(
        `SELECT 1 FROM deliveries JOIN events ON seq = event_seq WHERE replay_of IS NOT NULL AND destination <> 'chat'`,
      );
      expect(told).toEqual([]);
    });
    await fc.assert(property, { numRuns: runs });
  },
  timeLimitMs,
);

test(
  'whatever a replay comes to, it says: it is sent, or there is a reason why not',
  async () => {
    const property = fc.asyncProperty(rules, steps, async (first, days) => {
      const stage = await live(first, days, null);
      const unexplained = stage.sql.query(
        `SELECT seq, outcome, reason FROM events WHERE replay_of IS NOT NULL AND outcome <> 'unrouted' AND reason IS NULL
         AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_seq = seq)`,
      );
      expect(unexplained).toEqual([]);
    });
    await fc.assert(property, { numRuns: runs });
  },
  timeLimitMs,
);
