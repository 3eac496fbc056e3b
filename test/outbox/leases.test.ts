import { describe, expect, test } from 'vitest';
import { delivered, refused, startMs } from './examples.ts';
import { createWorld } from './world.ts';

const attempts = (world: ReturnType<typeof createWorld>) =>
  world.store
    .query<{ attempt: number; outcome: string }>('SELECT attempt, outcome FROM attempts ORDER BY event_seq, n, attempt')
    .map(({ attempt, outcome }) => `${attempt} ${outcome}`);

describe('leases', () => {
  test('a clock that jumps while a send is under way makes no second one', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    world.setClock(startMs + 3_600_000);
    world.ring();
    await world.settle();
    expect(world.sent).toHaveLength(1);
    world.open()[0]!.answer({ kind: 'delivered', detail: 'ok' });
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered']);
  });

  test('an attempt with no end is retaken after a minute, and not before', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }, { name: 'pager' }]);
    // The outbox wakes once a minute anyway, from its first event on; that must not be what ends the lease.
    await world.accept({ to: ['pager'] });
    await world.pass(30_000);
    await world.accept({ to: ['chat'] });
    await world.pass(59_999);
    expect(world.sentTo('chat')).toHaveLength(1);
    await world.pass(1);
    expect(world.sentTo('chat').map(({ outgoing }) => outgoing.attempt)).toEqual([1, 2]);
    expect(attempts(world)).toEqual(['1 delivered', '1 lost']);
  });

  test('the late answer of a lost attempt decides nothing, and is kept in the record', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held', fallback: 'triage' }, { name: 'triage' }]);
    await world.accept({ to: ['chat'] });
    await world.pass(60_000);
    const [first, second] = world.open();
    first!.answer(refused);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['sending']);
    expect(world.statesOf('triage')).toEqual([]);
    expect(world.reports).toMatchObject([{ attempt: { outcome: { kind: 'rejected' } }, settlement: null }]);
    expect(attempts(world)).toEqual(['1 rejected']);
    second!.answer(delivered);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered']);
    expect(attempts(world)).toEqual(['1 rejected', '2 delivered']);
  });

  test('a late "delivered" does not end the attempt that took its place', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    await world.pass(60_000);
    world.open()[0]!.answer(delivered);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['sending']);
  });

  test('a start takes the leases of the dead back at once, and sends again with the next attempt', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    await world.restart();
    expect(world.sent.map(({ outgoing }) => outgoing.attempt)).toEqual([1, 2]);
    expect(new Set(world.sent.map(({ outgoing }) => outgoing.deliveryId)).size).toBe(1);
    expect(attempts(world)).toEqual(['1 lost']);
  });

  test('recover says how many it took back; there is nothing to take the second time', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    for (const subject of ['1', '2']) await world.accept({ to: ['chat'], subject });
    world.crash();
    expect([world.outbox.recover(), world.outbox.recover()]).toEqual([2, 0]);
  });

  test('what was queued or scheduled when the process died goes on after the start', async () => {
    const world = createWorld([{ name: 'chat', concurrency: 1, otherwise: 'held' }]);
    for (const subject of ['1', '2']) await world.accept({ to: ['chat'], subject });
    await world.restart();
    world.open().at(-1)!.answer(delivered);
    await world.settle();
    world.open().at(-1)!.answer(delivered);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered', 'delivered']);
  });
});
