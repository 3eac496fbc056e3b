/**
 * Random jobs, lost and late webhooks, kills at any step and a store that fails, beside a plain account of what was told. A failure
 * prints its seed and path; put them into `fc.assert` to see it again.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createReconcileWorld, failureOf, minute, second, subscriptionOf, type JobSketch } from './reconcile-world.ts';

/** `SEQUENCES=5000 npx vitest run test/narrative/reconciler-property.test.ts` looks longer. */
const runs = Number(process.env.SEQUENCES ?? 150);
const timeLimitMs = Math.max(60_000, runs * 400);

const states = ['failed', 'completed', 'running', 'cancelled'];
const asked = ['failed', 'completed', 'running'];

const job = fc.record({
  state: fc.constantFrom(...states),
  /** Minutes before the world began. The window is 6 hours, and its last minute is left out. */
  ago: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 2, max: 359 }) },
    { weight: 1, arbitrary: fc.integer({ min: 361, max: 600 }) },
  ),
  /** Between its creation and its state. */
  tookMinutes: fc.nat(120),
  undated: fc.boolean(),
  webhook: fc.constantFrom('came', 'came', 'lost', 'lost', 'late'),
  /** µs by which its webhook differs from the list. */
  drift: fc.constantFrom(0, 0, 0, 3, 999),
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(250, 250, second, minute) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('late webhook' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('new job' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const), midRequest: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('disk full' as const), after: fc.nat(60) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom('rate-limited' as const, 'server-error' as const, 'too-large' as const, 'timeout' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('another run' as const), apply: fc.boolean() }) },
);

type Job = typeof job extends fc.Arbitrary<infer Each> ? Each : never;
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

test(
  'whatever is lost, late, killed or refused: each state that was promised is told once, and nothing else is taken',
  async () => {
    const seen: Record<string, number> = {};
    const count = (what: string) => (seen[what] = (seen[what] ?? 0) + 1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(job, { minLength: 1, maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(step, { maxLength: 30, size: 'max' }),
        (jobs, cap, steps) => play(jobs, cap, steps, count),
      ),
      { numRuns: runs, interruptAfterTimeLimit: timeLimitMs },
    );
    for (const what of ['taken', 'repetition', 'killed mid-run', 'disk was full'])
      expect(seen[what] ?? 0, what).toBeGreaterThan(10);
  },
  2 * timeLimitMs,
);

async function play(sketches: readonly Job[], cap: number, steps: readonly Step[], count: (what: string) => void) {
  const world = createReconcileWorld();
  world.narrative.cap = cap;
  world.narrative.subscriptions = [subscriptionOf({ filter: { jobIds: null, jobTypes: null, states: asked } })];
  const sketched = sketches.map((sketch, i): { sketch: Job; job: JobSketch } => {
    const { state, ago, tookMinutes, undated } = sketch;
    const updated = ago * minute;
    const created = undated ? updated : updated + tookMinutes * minute;
    return { sketch, job: { id: `j${i}`, state, created, updated: undated ? null : updated } };
  });
  const webhookOf = ({ sketch, job: it }: (typeof sketched)[number]) => {
    const exact = { ...it, updated: sketch.ago * minute, us: sketch.drift };
    return world.webhook(exact, { undated: sketch.undated && sketch.drift === 0 });
  };

  /** What was told, by which way, in the order in which it was. */
  const late = sketched.filter(({ sketch }) => sketch.webhook === 'late');
  const cameFirst = new Set<string>();
  world.narrative.jobs = sketched.map(({ job: it }) => it);
  await world.start();
  for (const each of sketched) {
    if (each.sketch.webhook !== 'came') continue;
    await webhookOf(each);
    cameFirst.add(`${each.job.id} ${each.job.state}`);
  }

  async function comesLate(each: (typeof sketched)[number]): Promise<void> {
    const accepted = await webhookOf(each);
    const name = `${each.job.id} ${each.job.state}`;
    const wasTaken = world.taken().includes(name);
    expect(accepted.kind, name).toBe(wasTaken ? 'duplicate' : 'accepted');
    if (wasTaken) count('repetition');
    else cameFirst.add(name);
  }

  const isRunning = () => world.reconciler.list(1)[0]!.status === 'running';
  const first = world.ask();
  for (const [i, each] of steps.entries()) {
    switch (each.kind) {
      case 'time':
        await world.pass(each.ms);
        break;
      case 'late webhook': {
        const next = late.shift();
        if (next) await comesLate(next);
        break;
      }
      case 'new job':
        // Nobody asked for it: it only pushes the others back.
        world.narrative.jobs.push({ id: `new${i}`, state: 'pending', updated: -i });
        break;
      case 'kill':
        if (isRunning()) count('killed mid-run');
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
        world.ask({ apply: each.apply });
        break;
    }
  }
  world.narrative.faults = [];
  for (let i = 0; i < 100 && world.reconciler.list(50).some(({ status }) => status === 'running'); i++)
    await world.pass(10 * minute);
  for (const each of late) await comesLate(each);

  const promised = ({ sketch: { state, ago } }: (typeof sketched)[number]) => asked.includes(state) && ago <= 360;
  const names = (some: typeof sketched) => some.map(({ job: it }) => `${it.id} ${it.state}`);
  const missed = names(sketched.filter(promised)).filter((name) => !cameFirst.has(name));
  const taken = world.taken();
  expect(taken.toSorted()).toEqual(missed.toSorted());
  expect(world.told().toSorted()).toEqual([...cameFirst, ...missed].toSorted());
  taken.forEach(() => count('taken'));

  const all = world.reconciler.list(50);
  expect(world.reconciler.find(first)!.status).toBe('done');
  expect(all.reduce((sum, run) => sum + run.taken, 0)).toBe(taken.length);
  for (const { id, missing, apply, taken: took } of all) {
    const listed = world.reconciler.missed(id, 0, 1_000);
    expect([listed.length, listed.filter(({ eventId }) => eventId !== null).length]).toEqual([missing, apply ? missing : 0]);
    expect(took).toBe(apply ? missing : 0);
  }
}
