import { describe, expect, test } from 'vitest';
import { delivered, unreachable } from './examples.ts';
import { createWorld } from './world.ts';

describe('a graceful stop', () => {
  test('starts nothing more, waits for what is in flight and records it', async () => {
    const world = createWorld([{ name: 'chat', concurrency: 1, otherwise: 'held' }]);
    for (const subject of ['1', '2']) await world.accept({ to: ['chat'], subject });
    const stopped = world.outbox.stop(10_000);
    await world.settle();
    expect(world.open()).toHaveLength(1);
    world.open()[0]!.answer(delivered);
    await world.settle();
    await stopped;
    expect(world.statesOf('chat')).toEqual(['delivered', 'queued']);
    expect([world.sent.length, world.alarmAt]).toEqual([1, null]);
  });

  test('is over at once where nothing is in flight', async () => {
    const world = createWorld([{ name: 'chat', answers: [unreachable] }]);
    await world.accept({ to: ['chat'] });
    const stopped = world.outbox.stop(3_600_000);
    await world.settle();
    await stopped;
    expect(world.alarmAt).toBeNull();
  });

  test('cuts off what does not end in time, says why, and records what that brings', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    world.watchSends((call) => call.signal.addEventListener('abort', () => call.answer(unreachable)));
    await world.accept({ to: ['chat'] });
    await world.outbox.stop(0);
    expect(String(world.sent[0]!.signal.reason)).toContain('the relay is stopping');
    expect(world.statesOf('chat')).toEqual(['scheduled']);
  });

  test('leaves what ignores even that to the next start, which loses nothing', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    await world.outbox.stop(0);
    expect(world.statesOf('chat')).toEqual(['sending']);
    await world.restart();
    expect(world.sent.map(({ outgoing }) => outgoing.attempt)).toEqual([1, 2]);
  });

  test('after it, neither a late answer nor the alarm nor a wake touches the store, which may be closed', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    await world.outbox.stop(0);
    world.store.break();
    world.open()[0]!.answer(delivered);
    await world.settle();
    world.outbox.wake();
    await world.settle();
    world.outbox.cycle();
    expect(world.log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(world.alarmAt).toBeNull();
  });

  test('on a store that fails ends too, and rings no alarm afterwards', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    world.store.break();
    world.open()[0]!.answer(delivered);
    await world.outbox.stop(0);
    expect(world.alarmAt).toBeNull();
    world.store.mend();
    await world.restart();
    expect(world.sent).toHaveLength(2);
  });
});
