/**
 * The incident engine on a real store, step by step beside a plain model of what it has to do. A failure prints its seed and
 * path; put them into `fc.assert` to see it again.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reference, type Told } from './incidents-reference.ts';
import { startMs } from '../outbox/examples.ts';
import { createIncidentWorld, minute, rule, second, type MatchingRule } from './world.ts';

/** `SEQUENCES=20000 npx vitest run test/incident/incidents-property.test.ts` looks longer. */
const runs = Number(process.env.SEQUENCES ?? 1_000);
/** Looking for the shortest failing sequence ends then too. */
const timeLimitMs = Math.max(60_000, runs * 40);

const times = [second, 30 * second, minute, 3 * minute, 5 * minute, 10 * minute, 61 * minute];

const rules = fc.array(
  fc.record({
    holdMs: fc.constantFrom(null, null, 5 * minute, 10 * minute),
    repeatMs: fc.constantFrom(null, null, 10 * minute, 60 * minute),
    recover: fc.boolean(),
    states: fc.constantFrom(['failed'], ['failed'], ['failed', 'completed'], ['failed', 'running', 'cancelled']),
    subjects: fc.constantFrom(null, null, ['1', '2']),
    to: fc.subarray(['chat', 'team', 'pager', 'http'], { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 3 },
);

const event = fc.record({
  subject: fc.constantFrom('1', '1', '1', '2', '2', '3', '4'),
  job: fc.constantFrom('one', 'two', 'three'),
  state: fc.constantFrom('failed', 'failed', 'failed', 'failed', 'completed', 'completed', 'cancelled', 'running'),
  /** What is heard of later may have happened before. */
  ago: fc.constantFrom(0, 0, 0, 0, 0, second, minute, 4 * minute, 12 * minute),
});

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('events' as const),
      events: fc.array(event, { minLength: 1, maxLength: 1 }),
      killed: fc.constant(false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('events' as const),
      events: fc.array(event, { minLength: 1, maxLength: 3 }),
      killed: fc.boolean(),
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(...times) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), downMs: fc.constantFrom(0, 0, ...times) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('silence' as const),
      forMs: fc.constantFrom(null, 5 * minute, 20 * minute),
      subject: fc.constantFrom(null, '1', '2'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('silences are lifted' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rules' as const), which: fc.nat(2) }) },
);

type Sketches = typeof rules extends fc.Arbitrary<infer Each> ? Each : never;
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

test(
  'whatever happens in whatever order, what is told, to whom, when and why is what the plain model says',
  async () => {
    const seen: Record<string, number> = {};
    const count = (what: string, times = 1) => (seen[what] = (seen[what] ?? 0) + times);
    await fc.assert(
      fc.asyncProperty(fc.tuple(rules, rules, rules), fc.array(step, { maxLength: 40, size: 'max' }), (sets, steps) =>
        play(sets, steps, count),
      ),
      { numRuns: runs, interruptAfterTimeLimit: timeLimitMs },
    );
    // The property says little if the sequences miss what it is about.
    for (const what of [...acts, ...reasons]) expect(seen[what] ?? 0, what).toBeGreaterThan(20);
  },
  2 * timeLimitMs,
);

const acts = ['open', 'remind', 'count', 'recover', 'message', 'shared', 'kept', 'told after a silence'];
const reasons = ['held', 'repeat', 'silenced', 'late', 'cancelled', 'due while down', 'rule replaced while open'];

async function play(sketches: readonly Sketches[], steps: readonly Step[], count: (what: string, times?: number) => void) {
  const sets = sketches.map((set) => set.map((sketch, i): MatchingRule => rule({ ...sketch, name: `r${i + 1}` })));
  const world = createIncidentWorld(sets[0]!, { sends: false });
  const model = new Reference(sets[0]!);

  async function happen(what: Step): Promise<void> {
    switch (what.kind) {
      case 'events': {
        const events = what.events.map((each) => ({ ...each, job: `${each.subject}/${each.job}` }));
        for (const { ago, ...each } of events) model.hear({ ...each, happened: model.now - ago });
        model.catchUp();
        const sketches = events.map(({ job, ...each }) => ({ ...each, jobId: job }));
        if (what.killed) return world.killedAfter(...sketches);
        await world.together(...sketches);
        return;
      }
      case 'time':
        model.pass(what.ms);
        return world.pass(what.ms);
      case 'restart': {
        model.sleep(what.downMs);
        const before = model.told.length;
        model.catchUp();
        if (model.told.length > before) count('due while down');
        return world.restart(what.downMs);
      }
      case 'silence':
        model.silence(what.forMs === null ? null : model.now + what.forMs, what.subject);
        return world.silence(what.forMs, what.subject);
      case 'silences are lifted': {
        const before = model.told.length;
        model.liftSilences();
        count('told after a silence', model.told.length - before);
        return world.liftSilences();
      }
      case 'rules':
        if (model.open().length > 0) count('rule replaced while open');
        model.rules = sets[what.which]!;
        return world.replaceRules(sets[what.which]!);
    }
  }

  for (const each of steps) {
    await happen(each);
    expect(toldBy(world.planned().map(({ status, ...rest }) => ({ ...rest, kept: status === 'suppressed' })))).toEqual(
      toldBy(model.told),
    );
    expect(world.open()).toEqual(model.open());
    expect(world.untold()).toEqual(model.untold());
    expect(decisionsIn(world.store)).toEqual(decisionsOf(model));
  }
  expect(world.failures).toEqual([]);
  for (const { act, kept } of model.told) count(kept ? 'kept' : act);
  for (const { kind } of model.decisions.values()) count(kind);
  count('shared', world.store.query(`SELECT 1 FROM deliveries WHERE spec LIKE '%"merged":["r%'`).length);
}

/** In an order of its own: what is said in one moment has none. */
function toldBy(told: readonly Told[]): string[] {
  return told
    .map(({ at, event: number, rule: name, to, act, kept }) => `${at} #${number} ${name} → ${to} ${act}${kept ? ' (kept)' : ''}`)
    .toSorted();
}

function decisionsIn(store: ReturnType<typeof createIncidentWorld>['store']): string[] {
  return store
    .query<{ event: number; rule: string; kind: string; until: number | null }>(
      `SELECT (SELECT count(*) FROM events WHERE seq <= event_seq) AS event, rule, kind, until - ? AS until FROM decisions`,
      startMs,
    )
    .map(({ event: number, rule: name, kind, until }) => `${number} / ${name}: ${kind} ${until}`)
    .toSorted();
}

function decisionsOf(model: Reference): string[] {
  return [...model.decisions].map(([key, { kind, until }]) => `${key}: ${kind} ${until}`).toSorted();
}
