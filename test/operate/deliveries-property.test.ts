/**
 * Operators among everything else that happens to the outbox, in any order: nothing is lost, nothing is stuck, and at most one of a
 * lane is under way.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDestinationOperations } from '../../src/operate/destinations.ts';
import { arrivalOf, broken, delivered, refused, unanswered, unknownAnswer, unreachable } from '../outbox/examples.ts';
import { hasEnded } from '../outbox/invariants.ts';
import type { DeliveryRow, Script, World } from '../outbox/world.ts';
import { anything, createOperatorWorld, noLog } from './deliveries-stage.ts';

const runs = Number(process.env.INTERLEAVINGS ?? 400);

const scripts: Script[] = [
  { name: 'chat', type: 'slack', concurrency: 2, fallback: 'triage', otherwise: 'held' },
  { name: 'pager', type: 'pagerduty', concurrency: 3, otherwise: 'held' },
  { name: 'triage', concurrency: 1, otherwise: 'held' },
];

const outcome = fc.constantFrom(delivered, delivered, refused, refused, broken, unreachable, unanswered, unknownAnswer);
const kindOnly = <K extends string>(kind: K) => fc.record({ kind: fc.constant(kind) });
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('accept' as const),
      to: fc.subarray(['chat', 'pager', 'triage'], { minLength: 1 }),
      subject: fc.constantFrom('1', '2'),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: kindOnly('alarm') },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1, 5_000, 61_000, 7 * 3_600_000) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(20), outcome }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('retry' as const), which: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('discard' as const), which: fc.nat(30) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('bulk' as const),
      action: fc.constantFrom('retry' as const, 'discard' as const),
      statuses: fc.subarray(['dead', 'waiting', 'queued', 'scheduled'] as const, { minLength: 1 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('unpark' as const), which: fc.nat(2) }) },
  { weight: 1, arbitrary: kindOnly('crash') },
);

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

test('whatever operators do in whatever order, nothing is lost, stuck, sent together with another of its lane or out of its turn', async () => {
  const seen = { retried: 0, discarded: 0, unparked: 0, dead: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => play(steps, seen)),
    { numRuns: runs, interruptAfterTimeLimit: 60_000 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
}, 120_000);

async function play(steps: readonly Step[], seen: Record<'retried' | 'discarded' | 'unparked' | 'dead', number>): Promise<void> {
  const { world, operations, ids } = createOperatorWorld(scripts.map((script) => ({ ...script })));
  const destinations = createDestinationOperations({
    sql: world.store,
    log: noLog,
    destinations: world.destinations,
    unparked: () => world.outbox.wake(),
  });
  let known = new Map<string, DeliveryRow>();
  /** Retried ones come after those that overtook them while they were dead. */
  const retried = new Set<string>();
  const firstTaken: DeliveryRow[] = [];

  function act(what: Step & { kind: 'retry' | 'discard' }): void {
    const all = ids();
    const id = all[what.which % all.length];
    if (id === undefined) return;
    const before = world.rows()[all.indexOf(id)]!;
    const answer = operations[what.kind](id);
    if (answer.kind === 'refused') return;
    const after = world.rows()[all.indexOf(id)]!;
    if (what.kind === 'retry' && before.status === 'dead') {
      expect(after).toMatchObject({ status: 'queued', attempts: before.attempts });
      retried.add(id);
      seen.retried++;
    }
    if (what.kind === 'discard') {
      expect(after).toMatchObject({ status: 'suppressed', reason: 'discarded' });
      seen.discarded++;
    }
  }

  function bulk({ action, statuses }: Step & { kind: 'bulk' }): void {
    const filter = { ...anything, statuses };
    const dry = operations.bulk(action, filter, { dryRun: true, before: null });
    if (action === 'retry') {
      ids().forEach((id, i) => world.rows()[i]!.status === 'dead' && statuses.includes('dead') && retried.add(id));
    }
    const real = operations.bulk(action, filter, { dryRun: false, before: null });
    expect(real).toEqual({ ...dry, value: { ...(dry.kind === 'ok' ? dry.value : {}), dry_run: false } });
  }

  function unpark(which: number): void {
    const parked = world.parked();
    const found = parked[which % parked.length];
    if (!found) return;
    expect(destinations.unpark(found.destination).kind).toBe('ok');
    seen.unparked++;
  }

  async function happen(what: Step): Promise<void> {
    switch (what.kind) {
      case 'accept':
        return void world.take(arrivalOf(what));
      case 'turns':
        for (let i = 0; i < what.count; i++) await world.turn();
        return;
      case 'alarm':
        return void world.ring();
      case 'time':
        return world.setClock(world.now + what.ms);
      case 'answer': {
        const open = world.open();
        return void open[what.which % open.length]?.answer(what.outcome);
      }
      case 'retry':
      case 'discard':
        return act(what);
      case 'bulk':
        return bulk(what);
      case 'unpark':
        return unpark(what.which);
      case 'crash':
        world.crash();
        return world.start();
    }
  }

  function check(): void {
    const rows = world.rows();
    const now = new Map(rows.map((row, i) => [ids()[i]!, row]));
    for (const id of known.keys()) if (!now.has(id)) throw new Error(`${id} is gone`);
    checkLanes(rows);
    for (const [id, row] of now) {
      const was = known.get(id);
      const isNew = row.status === 'delivered' && was?.status !== 'delivered';
      if (isNew && !retried.has(id) && row.fallback_of === null && row.notice === null) checkOrder(row, firstTaken);
      if (row.status === 'dead' && was?.status !== 'dead') seen.dead++;
      const heirs = rows.filter((each) => each.fallback_of === id);
      if (heirs.length > 1) throw new Error(`${id} has ${heirs.length} deliveries in its place`);
    }
    known = now;
  }

  for (const each of steps) {
    await happen(each);
    await world.promisesSettle();
    check();
  }
  await runDry(world, check);
}

function checkLanes(rows: readonly DeliveryRow[]): void {
  for (const [lane, members] of Map.groupBy(rows, laneOf)) {
    const active = members.filter(({ status }) => status === 'scheduled' || status === 'sending');
    if (active.length > 1) throw new Error(`${lane} has ${active.length} under way`);
    const isCalled = active.length === 1 || members.some(({ status }) => status === 'queued');
    if (!isCalled && members.some(({ status }) => status === 'waiting')) throw new Error(`${lane} waits for nothing`);
  }
}

function checkOrder(row: DeliveryRow, firstTaken: DeliveryRow[]): void {
  const later = firstTaken.find((each) => laneOf(each) === laneOf(row) && each.event_seq > row.event_seq);
  if (later) throw new Error(`${JSON.stringify(row)} was overtaken by ${JSON.stringify(later)}`);
  firstTaken.push(row);
}

/** The faults stop, and all that is open finds its end by itself. */
async function runDry(world: World, check: () => void): Promise<void> {
  for (let rounds = 0; world.rows().some((row) => !hasEnded(row)); rounds++) {
    if (rounds > 1_000) throw new Error(`no end in sight: ${JSON.stringify(world.rows().filter((row) => !hasEnded(row)))}`);
    for (const call of world.open()) call.answer(delivered);
    await world.settle();
    if (world.open().length === 0) {
      world.setClock(Math.max(world.now, world.alarmAt ?? world.now));
      world.ring();
      await world.settle();
    }
    check();
  }
}

function laneOf({ destination, subject }: DeliveryRow): string {
  return `${destination} / ${subject}`;
}
