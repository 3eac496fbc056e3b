/** Ending a delivery without sending it. */
import { describe, expect, test } from 'vitest';
import { broken, delivered, lifetimeMs, refused, unreachable } from '../outbox/examples.ts';
import type { Script } from '../outbox/world.ts';
import { createOperatorWorld, given, refusal } from './deliveries-stage.ts';

const states = ({ world }: { world: ReturnType<typeof createOperatorWorld>['world'] }) =>
  world.rows().map(({ status, reason }) => (status === 'suppressed' ? reason : status));

describe('a delivery that is discarded', () => {
  test('says that an operator did it, and what it was: dead, and of what', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', answers: [refused] }]);
    await world.accept({ to: ['chat'] });
    await world.pass(60_000);
    expect(given(operations.discard(ids()[0]!))).toMatchObject({
      status: 'suppressed',
      reason: 'discarded',
      detail: 'discarded by an operator; it was dead: payload: invalid_blocks',
      finished_at: new Date(world.now).toISOString(),
    });
  });

  test('says how far it had come, where it waited for its next attempt', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', otherwise: unreachable }]);
    await world.accept({ to: ['chat'] });
    expect(given(operations.discard(ids()[0]!)).detail).toBe(
      'discarded by an operator; it was scheduled after 1 attempt: network: ECONNREFUSED',
    );
    await world.pass(lifetimeMs);
    expect(world.sent).toHaveLength(1);
  });

  test('lets the next of its lane go, whether it was under way or next in turn', async () => {
    const chat: Script = { name: 'chat', answers: [unreachable], otherwise: 'held' };
    const stage = createOperatorWorld([chat]);
    const { world, operations, ids } = stage;
    for (let i = 0; i < 4; i++) await world.accept({ to: ['chat'] });
    expect(states(stage)).toEqual(['scheduled', 'waiting', 'waiting', 'waiting']);
    given(operations.discard(ids()[0]!));
    // The second has been called back, and not looked at yet.
    given(operations.discard(ids()[1]!));
    await world.settle();
    expect(states(stage)).toEqual(['discarded', 'discarded', 'sending', 'waiting']);
    given(operations.discard(ids()[3]!));
    world.open()[0]!.answer(delivered);
    await world.settle();
    expect(states(stage)).toEqual(['discarded', 'discarded', 'delivered', 'discarded']);
  });

  test('is no probe of a parked destination any more, and its lane no longer waits', async () => {
    const stage = createOperatorWorld([{ name: 'chat', otherwise: broken }]);
    const { world, operations, ids } = stage;
    await world.accept({ to: ['chat'] });
    await world.accept({ to: ['chat'] });
    given(operations.discard(ids()[0]!));
    await world.pass(61_000);
    expect(states(stage)).toEqual(['discarded', 'scheduled']);
    expect(world.sent.map(({ outgoing }) => outgoing.deliveryId)).toEqual(ids());
  });

  test('may be discarded twice: the second time changes nothing', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', answers: [refused] }]);
    await world.accept({ to: ['chat'] });
    given(operations.discard(ids()[0]!));
    const before = world.rows();
    await world.pass(1_000);
    expect(given(operations.discard(ids()[0]!)).reason).toBe('discarded');
    expect(world.rows()).toEqual(before);
  });

  test('is not sent again', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', answers: [refused] }]);
    await world.accept({ to: ['chat'] });
    given(operations.discard(ids()[0]!));
    expect(refusal(operations.retry(ids()[0]!))).toContain('was suppressed: discarded by an operator');
  });
});

test('one that is being sent can not be discarded: it may have arrived', async () => {
  const { world, operations, ids } = createOperatorWorld([{ name: 'chat', otherwise: 'held' }]);
  await world.accept({ to: ['chat'] });
  const [id] = ids();
  expect(refusal(operations.discard(id!))).toBe(`conflict: ${id} is being sent and may have arrived; look again in a minute.`);
  world.open()[0]!.answer(delivered);
  await world.settle();
  expect(refusal(operations.discard(id!))).toMatch(/^conflict: .* was delivered at /);
});

test('what a silence kept back was suppressed already', async () => {
  const { world, operations, ids } = createOperatorWorld([{ name: 'chat', type: 'slack' }]);
  world.silence(true);
  await world.accept({ to: ['chat'] });
  expect(refusal(operations.discard(ids()[0]!))).toMatch(/^conflict: .* was suppressed: silenced by night/);
});

describe('the counts by hour', () => {
  test('have each end once: a dead one was counted when it died', async () => {
    const stage = createOperatorWorld([{ name: 'chat', type: 'slack', answers: [delivered, refused, unreachable] }]);
    const { world, operations, ids, counted } = stage;
    for (const subject of ['1', '2', '3']) await world.accept({ to: ['chat'], subject });
    world.silence(true);
    await world.accept({ to: ['chat'], subject: '4' });
    expect(counted()).toEqual({ dead: 1, delivered: 1, suppressed: 1 });
    given(operations.discard(ids()[1]!));
    given(operations.discard(ids()[2]!));
    expect(counted()).toEqual({ dead: 1, delivered: 1, suppressed: 2 });
  });

  test('forget what the store did not take', async () => {
    const { world, counted } = createOperatorWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    // It takes the attempt and the end, and then no more.
    world.store.break(5);
    world.open()[0]!.answer(delivered);
    await world.settle();
    world.store.mend();
    await world.pass(1_000);
    expect(world.statesOf('chat')).toEqual(['delivered']);
    expect(counted()).toEqual({ delivered: 1 });
  });
});
