/** Sending a delivery again. */
import { describe, expect, test } from 'vitest';
import { nodeHash } from '../../src/node/ports.ts';
import { deliveryDetail, deliverySummary } from '../../src/operate/shapes/views.ts';
import { createKeyIndex } from '../../src/store/keys.ts';
import { pruneStep } from '../../src/store/retention.ts';
import { broken, delivered, lifetimeMs, refused, startMs, unknownAnswer, unreachable } from '../outbox/examples.ts';
import type { Script } from '../outbox/world.ts';
import { createOperatorWorld, given, refusal } from './deliveries-stage.ts';

const hour = 3_600_000;

describe('a dead delivery that is retried', () => {
  test('is sent at once with the next number of an attempt, and for another 24 h', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', answers: [refused] }]);
    await world.accept({ to: ['chat'] });
    await world.pass(hour);
    const [id] = ids();
    const answer = given(operations.retry(id!));
    expect(deliverySummary.parse(answer)).toMatchObject({
      status: 'queued',
      reason: 'payload',
      finished_at: null,
      expires_at: new Date(startMs + hour + lifetimeMs).toISOString(),
    });
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered']);
    expect(world.sent.map(({ outgoing }) => outgoing.attempt)).toEqual([1, 2]);
    const { made, status, reason } = deliveryDetail.parse(given(operations.show(id!)));
    expect([status, reason]).toEqual(['delivered', null]);
    expect(made.map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual(['1 rejected', '2 delivered']);
  });

  test('that died of answers which nobody understands has as many tries again', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', otherwise: unknownAnswer }]);
    await world.accept({ to: ['chat'] });
    await world.pass(hour);
    expect(world.statesOf('chat')).toEqual(['dead: unknown-answer']);
    expect(world.sent).toHaveLength(5);
    given(operations.retry(ids()[0]!));
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['scheduled']);
    await world.pass(hour);
    expect(world.statesOf('chat')).toEqual(['dead: unknown-answer']);
    expect(world.sent).toHaveLength(10);
  });

  test('keeps its place: after what is under way in its lane, before what came later', async () => {
    const chat: Script = { name: 'chat', answers: [refused], otherwise: 'held' };
    const { world, operations, ids } = createOperatorWorld([chat]);
    for (let i = 0; i < 3; i++) await world.accept({ to: ['chat'] });
    given(operations.retry(ids()[0]!));
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['waiting', 'sending', 'waiting']);
    world.open()[0]!.answer(delivered);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['sending', 'delivered', 'waiting']);
  });

  test('is decided by its new attempt, whatever an old one that nobody waited for says in the end', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    // Taken back, tried and taken back again, until it is of no more use.
    await world.pass(2 * lifetimeMs);
    const old = world.open();
    expect(world.statesOf('chat')).toEqual(['dead: expired']);
    given(operations.retry(ids()[0]!));
    await world.settle();
    for (const each of old) each.answer(refused);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['sending']);
    world.open()[0]!.answer(delivered);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered']);
  });

  test('goes to its fallback once, however often it dies', async () => {
    const { world, operations, ids } = createOperatorWorld([
      { name: 'chat', fallback: 'triage', otherwise: refused },
      { name: 'triage' },
    ]);
    await world.accept({ to: ['chat'] });
    given(operations.retry(ids('chat')[0]!));
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['dead: payload']);
    expect(world.sentTo('chat')).toHaveLength(2);
    expect(world.sentTo('triage')).toHaveLength(1);
    expect(world.deaths).toHaveLength(2);
  });

  test('goes to a fallback that it did not have when it first died', async () => {
    const chat: Script = { name: 'chat', otherwise: refused };
    const { world, operations, ids } = createOperatorWorld([chat]);
    await world.accept({ to: ['chat'] });
    world.reload([{ ...chat, fallback: 'triage' }, { name: 'triage' }]);
    given(operations.retry(ids('chat')[0]!));
    await world.settle();
    expect(world.sentTo('triage')).toHaveLength(1);
  });

  test('may have been told elsewhere: that is what its sender wishes', async () => {
    const { world, operations, ids } = createOperatorWorld([
      { name: 'chat', fallback: 'triage', answers: [refused] },
      { name: 'triage' },
    ]);
    await world.accept({ to: ['chat'] });
    given(operations.retry(ids('chat')[0]!));
    await world.settle();
    expect([world.statesOf('chat'), world.statesOf('triage')]).toEqual([['delivered'], ['delivered']]);
  });

  test('waits at a destination that is parked', async () => {
    const chat: Script = { name: 'chat', answers: [refused], otherwise: broken };
    const { world, operations, ids } = createOperatorWorld([chat]);
    await world.accept({ to: ['chat'], subject: '1' });
    await world.accept({ to: ['chat'], subject: '2' });
    expect(world.parked()).toHaveLength(1);
    given(operations.retry(ids()[0]!));
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['queued', 'scheduled']);
  });

  test('is refused where its destination is gone from the rules', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', answers: [refused] }, { name: 'pager' }]);
    await world.accept({ to: ['chat'] });
    world.reload([{ name: 'pager' }]);
    const [id] = ids();
    expect(refusal(operations.retry(id!))).toBe(
      `conflict: ${id} can go nowhere: destination chat is no longer in the rules; add it to the rules again, or discard this one.`,
    );
    expect(world.statesOf('chat')).toEqual(['dead: payload']);
  });

  test('is its event’s reason to stay in the store, as any open delivery is', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', answers: [refused], otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    given(operations.retry(ids()[0]!));
    await world.settle();
    const prune = () => pruneStep(world.store, createKeyIndex(world.store, nodeHash), Infinity, 0, 10).removed;
    expect(prune()).toBe(0);
    world.open()[0]!.answer(delivered);
    await world.settle();
    expect(prune()).toBe(1);
  });
});

describe('any other delivery', () => {
  test('that waits for its time is sent at once', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', answers: [unreachable] }], { fraction: () => 0.99 });
    await world.accept({ to: ['chat'] });
    expect(world.statesOf('chat')).toEqual(['scheduled']);
    expect(given(operations.retry(ids()[0]!)).due_at).toBe(new Date(world.now).toISOString());
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered']);
  });

  test('that is to be sent anyway is answered as it is', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    await world.accept({ to: ['chat'] });
    const before = world.rows();
    expect(ids().map((id) => given(operations.retry(id)).status)).toEqual(['sending', 'waiting']);
    expect(world.rows()).toEqual(before);
  });

  test('that was delivered is refused, and says what to do', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat' }]);
    await world.accept({ to: ['chat'] });
    expect(refusal(operations.retry(ids()[0]!))).toMatch(
      /^conflict: dlv_\S+ was delivered at 2026-03-02T09:12:05.000Z; to send its event by today's rules, replay evt_\w+\.$/,
    );
    expect(world.sent).toHaveLength(1);
  });

  test('that was silenced is refused, and says so', async () => {
    const { world, operations, ids } = createOperatorWorld([{ name: 'chat', type: 'slack' }]);
    world.silence(true);
    await world.accept({ to: ['chat'] });
    expect(refusal(operations.retry(ids()[0]!))).toMatch(/was suppressed: silenced by night .* replay evt_/);
  });

  test.each(['dlv_1M7ZPRB9M00_1', 'evt_1M7ZPRB9M00', 'nonsense'])('%s is not found', (id) => {
    const { operations } = createOperatorWorld([{ name: 'chat' }]);
    expect(refusal(operations.retry(id))).toMatch(/^not-found: There is no delivery /);
    expect(refusal(operations.show(id))).toMatch(/^not-found/);
    expect(refusal(operations.discard(id))).toMatch(/^not-found/);
  });
});
