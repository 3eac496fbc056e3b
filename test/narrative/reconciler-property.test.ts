/**
 * Random jobs, which Narrative may start anew, lost and late webhooks, kills at any step and a store that fails, beside a plain account
 * of what was told. A failure prints its seed and path; put them into `fc.assert` to see it again.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrives, asked, checkAccount, goOn, storyOf, type Moment } from './reconcile-account.ts';
import { createReconcileWorld, failureOf, minute, second, subscriptionOf } from './reconcile-world.ts';

/** `SEQUENCES=5000 npx vitest run test/narrative/reconciler-property.test.ts` looks longer. */
const runs = Number(process.env.SEQUENCES ?? 150);
const timeLimitMs = Math.max(60_000, runs * 400);

const webhook = fc.constantFrom('came' as const, 'came' as const, 'lost' as const, 'lost' as const, 'late' as const);

const job = fc.record({
  state: fc.constantFrom('failed', 'completed', 'running', 'cancelled'),
  /** Before the world began. The window is 6 hours, and its last minute is left out. */
  agoMinutes: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 2, max: 359 }) },
    { weight: 1, arbitrary: fc.integer({ min: 361, max: 600 }) },
  ),
  /** Between its creation and its state. */
  tookMinutes: fc.nat(120),
  touchedMinutes: fc.constantFrom(0, 0, 0, 1, 100),
  undated: fc.boolean(),
  endless: fc.constantFrom(false, false, true),
  webhook,
  /** µs by which its webhook differs from the list. */
  drift: fc.constantFrom(0, 0, 0, 3, 999),
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(250, 250, second, minute) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('job goes on' as const),
      // Among few, so that some go on often.
      which: fc.nat(2),
      ends: fc.constantFrom('failed', 'failed', 'completed'),
      webhooks: fc.array(webhook, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('late webhook' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('new job' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('kill' as const), midRequest: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('disk full' as const), after: fc.nat(60) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom('rate-limited' as const, 'server-error' as const, 'too-large' as const, 'timeout' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('another run' as const), apply: fc.boolean() }) },
);

type Job = typeof job extends fc.Arbitrary<infer Each> ? Each : never;
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

test(
  'whatever is lost, late, killed, refused or begun anew: each state that was promised is told once, and nothing else is taken',
  async () => {
    const seen: Record<string, number> = {};
    const count = (what: string, by = 1) => (seen[what] = (seen[what] ?? 0) + by);
    await fc.assert(
      fc.asyncProperty(
        fc.array(job, { minLength: 1, maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(step, { maxLength: 40, size: 'max' }),
        (jobs, cap, steps) => play(jobs, cap, steps, count),
      ),
      { numRuns: runs, interruptAfterTimeLimit: timeLimitMs },
    );
    for (const what of ['taken', 'taken again', 'repetition', 'killed mid-run', 'disk was full'])
      expect(seen[what] ?? 0, what).toBeGreaterThan(10);
  },
  2 * timeLimitMs,
);

async function play(jobs: readonly Job[], cap: number, steps: readonly Step[], count: (what: string, by?: number) => void) {
  const world = createReconcileWorld();
  world.narrative.cap = cap;
  world.narrative.subscriptions = [subscriptionOf({ filter: { jobIds: null, jobTypes: null, states: asked } })];
  const stories = jobs.map((each, i) => storyOf(`j${i}`, each));
  // Of what says no time, nobody could tell a second one from the first.
  const restless = stories.filter(([first]) => !first!.undated);
  let newJobs = 0;
  const late: Moment[] = [];
  const list = () => {
    const pushing = Array.from({ length: newJobs }, (_, i) => ({ id: `new${i}`, state: 'pending', updated: -i }));
    world.narrative.jobs = [...stories.map((story) => story.at(-1)!.record), ...pushing];
  };

  async function send(moment: Moment): Promise<void> {
    if (moment.webhook === 'late') late.push(moment);
    if (moment.webhook === 'came') await arrives(world, moment);
  }
  async function comesLate(moment: Moment | undefined): Promise<void> {
    if (moment && (await arrives(world, moment))) count('repetition');
  }
  const running = () => world.reconciler.list(50).filter(({ status }) => status === 'running');
  async function toTheEnd(): Promise<void> {
    for (let i = 0; i < 100 && running().length > 0; i++) await world.pass(10 * minute);
  }

  list();
  await world.start();
  for (const [first] of stories) await send(first!);
  const first = world.ask();
  for (const each of steps) {
    switch (each.kind) {
      case 'time':
        await world.pass(each.ms);
        break;
      case 'job goes on': {
        const story = restless[each.which % Math.max(1, restless.length)];
        for (const next of story ? each.webhooks : []) {
          await world.pass(2 * minute);
          const moment = goOn(story!, world.now, each.ends, next);
          list();
          await send(moment);
        }
        break;
      }
      case 'late webhook':
        await comesLate(late.shift());
        break;
      case 'new job':
        // Nobody asked for it: it only pushes the others back.
        newJobs += 1;
        list();
        break;
      case 'kill':
        if (running().length > 0) count('killed mid-run');
        world.narrative.silent = each.midRequest;
        await world.pass(250);
        world.narrative.silent = false;
        await world.restart(second);
        break;
      case 'disk full':
        world.sql.break(each.after);
        await world.pass(250);
        world.sql.mend();
        if (world.lines('reconciliation could not go on: tried again in 30 s, nothing of it is lost').length > 0)
          count('disk was full');
        break;
      case 'fault':
        world.narrative.faults.push(failureOf(each.fault));
        break;
      case 'another run':
        if (running().length < 5) world.ask({ apply: each.apply });
        break;
    }
  }
  world.narrative.faults = [];
  await toTheEnd();
  await world.pass(2 * minute);
  const last = world.ask();
  await toTheEnd();
  for (const each of late) await comesLate(each);

  expect([world.reconciler.find(first)!.status, world.reconciler.find(last)!.status]).toEqual(['done', 'done']);
  const { again } = checkAccount(world, stories, world.reconciler.find(last)!.untilMs);
  const all = world.reconciler.list(50);
  const taken = world.taken().length;
  expect(all.reduce((sum, run) => sum + run.taken, 0)).toBe(taken);
  for (const { id, missing, apply, taken: took } of all) {
    const listed = world.reconciler.missed(id, 0, 1_000);
    expect([listed.length, listed.filter(({ eventId }) => eventId !== null).length]).toEqual([missing, apply ? missing : 0]);
    expect(took).toBe(apply ? missing : 0);
  }
  count('taken', taken);
  count('taken again', again);
}
