/**
 * The outbox under random interleavings of everything that can happen to it, in a world where nothing happens by itself.
 * A failure prints its seed and path; put them into `fc.assert` to see it again.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AttemptOutcome } from '../../src/destination/destination.ts';
import { createInvariants, hasEnded } from './invariants.ts';
import {
  arrivalOf,
  broken,
  delivered,
  lifetimeMs,
  rateLimited,
  refused,
  unanswered,
  unknownAnswer,
  unreachable,
} from './examples.ts';
import { createWorld, type Script, type World } from './world.ts';

/** `INTERLEAVINGS=20000 npx vitest run test/outbox/interleavings.test.ts` looks longer. */
const runs = Number(process.env.INTERLEAVINGS ?? 400);
/** Looking for the shortest failing interleaving ends then too. */
const timeLimitMs = Math.max(60_000, runs * 100);

const chatPace = { perSecond: 1, burst: 2 };

/** `chat` and `team` are two names for one channel. Answers are always the test's to give. */
const kinds = {
  chat: { name: 'chat', type: 'slack', paceKey: 'channel', pace: chatPace, concurrency: 2, otherwise: 'held' },
  team: { name: 'team', type: 'slack', paceKey: 'channel', pace: chatPace, concurrency: 2, otherwise: 'held' },
  pager: { name: 'pager', type: 'pagerduty', concurrency: 3, otherwise: 'held' },
  triage: { name: 'triage', concurrency: 1, otherwise: 'held' },
} satisfies Record<string, Script>;
const pacings = { chat: { paceKey: 'channel', ...chatPace }, team: { paceKey: 'channel', ...chatPace } };

const busyForDays: AttemptOutcome = { ...rateLimited(2 * lifetimeMs), reason: 'service-unavailable' } as AttemptOutcome;

/** Rules that follow each other: fallbacks change, destinations go and come back. */
const ruleSets: Script[][] = [
  [
    { ...kinds.chat, fallback: 'triage' },
    { ...kinds.team, fallback: 'chat' },
    { ...kinds.pager, fallback: 'chat' },
    kinds.triage,
  ],
  [{ ...kinds.chat, fallback: 'pager' }, kinds.team, { ...kinds.pager, fallback: 'triage' }, kinds.triage],
  [{ ...kinds.team, fallback: 'pager' }, kinds.pager],
  [kinds.chat, kinds.team, { ...kinds.triage, fallback: 'team' }],
  [kinds.triage],
];

const outcome: fc.Arbitrary<AttemptOutcome> = fc.oneof(
  { arbitrary: fc.constant(delivered), weight: 4 },
  { arbitrary: fc.constantFrom(unreachable, unanswered, unknownAnswer, refused, broken, busyForDays), weight: 6 },
  { arbitrary: fc.constantFrom(0, 3_000, 90_000, 3_600_000).map(rateLimited), weight: 1 },
);

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('accept' as const),
      to: fc.subarray(['chat', 'team', 'pager', 'triage'], { minLength: 1 }),
      subject: fc.constantFrom('1', '2'),
    }),
  },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('alarm' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      ms: fc.constantFrom(1, 400, 5_000, 61_000, 20 * 60_000, 7 * 3_600_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('clock steps back' as const), ms: fc.integer({ min: 1, max: 3_600_000 }) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(20), outcome }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('late answer' as const), which: fc.nat(20), outcome }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const), rules: fc.nat(ruleSets.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('silence' as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('store breaks' as const), after: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('store is mended' as const) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

test(
  'whatever happens in whatever order, nothing is lost, forgotten, sent too early or out of order',
  async () => {
    const seen = { sends: 0, fenced: 0, buried: 0, parked: 0, suppressed: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 90, size: 'max' }), fc.infiniteStream(fc.nat(999)), async (steps, dice) => {
        const world = await play(steps, () => dice.next().value! / 1000);
        seen.sends += world.sent.length;
        seen.fenced += world.reports.filter(({ settlement }) => settlement === null).length;
        seen.buried += world.rows().filter(({ fallback_of }) => fallback_of !== null).length;
        seen.parked += world.rows().filter(({ notice }) => notice !== null).length;
        seen.suppressed += world.rows().filter(({ status }) => status === 'suppressed').length;
      }),
      { numRuns: runs, interruptAfterTimeLimit: timeLimitMs },
    );
    // The property says little if the interleavings miss what it is about.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
  },
  2 * timeLimitMs,
);

async function play(steps: Step[], fraction: () => number): Promise<World> {
  const world = createWorld(ruleSets[0]!, { fraction });
  /** How far the clock has been set back: with it, time never goes backwards. */
  let setBackMs = 0;
  const invariants = createInvariants(world, pacings, () => world.now + setBackMs);
  const promised = new Map<string, number>();

  function accept({ to, subject }: { to: string[]; subject: string }): void {
    void world.take(arrivalOf({ to, subject })).then((acceptance) => {
      if (acceptance.kind === 'accepted') promised.set(acceptance.eventId, acceptance.deliveries);
    });
  }

  function answer(which: number, outcome: AttemptOutcome): void {
    const open = world.open();
    const call = open[which % open.length];
    if (!call) return;
    invariants.answered(call, outcome);
    call.answer(outcome);
  }

  async function happen(what: Step): Promise<void> {
    switch (what.kind) {
      case 'accept':
        return accept(what);
      case 'turns':
        for (let i = 0; i < what.count; i++) await world.turn();
        return;
      case 'alarm':
        return void world.ring();
      case 'time':
        return world.setClock(world.now + what.ms);
      case 'clock steps back':
        setBackMs += what.ms;
        return world.setClock(world.now - what.ms);
      case 'answer':
        return answer(what.which, what.outcome);
      case 'late answer':
        // After the lease: whoever was asked is given up by then, and answers all the same.
        world.setClock(world.now + 61_000);
        world.ring();
        await world.turn();
        return answer(what.which, what.outcome);
      case 'crash':
        // A process can't start on a store that refuses it.
        world.store.mend();
        world.crash();
        invariants.crashed();
        return world.start();
      case 'reload':
        return world.reload(ruleSets[what.rules]!);
      case 'silence':
        return world.silence(what.on);
      case 'store breaks':
        return world.store.break(what.after);
      case 'store is mended':
        return world.store.mend();
    }
  }

  for (const each of steps) {
    await happen(each);
    await world.promisesSettle();
    invariants.afterStep();
    invariants.checkConservation(promised);
  }

  // The faults stop, and time runs. Everything has to find its end by itself.
  world.store.mend();
  const deadline = world.now + setBackMs + 3 * lifetimeMs;
  for (let rounds = 0; world.now < deadline && (world.isBusy() || unended(world) > 0); rounds++) {
    if (rounds > 1_500) throw new Error(`no end in sight: ${JSON.stringify({ now: world.now, alarmAt: world.alarmAt })}`);
    while (world.open().length > 0) answer(0, delivered);
    await world.settle();
    if (world.open().length === 0) {
      world.setClock(Math.max(world.now, world.alarmAt ?? deadline));
      world.ring();
      await world.settle();
    }
    invariants.afterStep();
  }
  invariants.checkConservation(promised);
  expect(unended(world)).toBe(0);
  return world;
}

function unended(world: World): number {
  return world.rows().filter((row) => !hasEnded(row)).length;
}
