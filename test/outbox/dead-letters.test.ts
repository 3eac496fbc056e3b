import { describe, expect, test } from 'vitest';
import { deliveryId } from '../../src/event/id.ts';
import { broken, lifetimeMs, refused, startMs, unknownAnswer, unreachable } from './examples.ts';
import { createWorld, type Script } from './world.ts';

const idOf = ({ event_seq, n }: { event_seq: number; n: number }) => deliveryId({ eventSeq: event_seq, n });

describe('a delivery that dies', () => {
  test('is kept with its reason, and its content goes to the fallback with a note', async () => {
    const world = createWorld([{ name: 'chat', fallback: 'triage', answers: [refused] }, { name: 'triage' }]);
    await world.accept({ to: ['chat'], jobId: 'j' });
    const [dead, heir] = world.rows();
    expect(dead).toMatchObject({ destination: 'chat', status: 'dead', reason: 'payload', detail: 'invalid_blocks' });
    expect(heir).toMatchObject({ destination: 'triage', status: 'delivered', subject: '10736', fallback_of: idOf(dead!) });
    expect(world.sentTo('triage')[0]!.outgoing).toMatchObject({
      note: 'Could not be delivered to chat: invalid_blocks',
      severity: 'error',
      rule: 'by-input',
      content: { kind: 'event', received: { narrative: { job: { id: 'j' } } } },
    });
  });

  test('goes down a chain of fallbacks to the first that takes it', async () => {
    const world = createWorld([
      { name: 'chat', fallback: 'team', answers: [refused] },
      { name: 'team', fallback: 'triage', answers: [refused] },
      { name: 'triage' },
    ]);
    await world.accept({ to: ['chat'] });
    expect(world.rows().map(({ destination, status, n }) => [n, destination, status])).toEqual([
      [1, 'chat', 'dead'],
      [2, 'team', 'dead'],
      [3, 'triage', 'delivered'],
    ]);
    expect(world.sentTo('triage')[0]!.outgoing.note).toBe('Could not be delivered to team: invalid_blocks');
  });

  test('without a fallback is kept all the same, and the log shouts', async () => {
    const world = createWorld([{ name: 'chat', answers: [refused] }]);
    await world.accept({ to: ['chat'] });
    expect(world.statesOf('chat')).toEqual(['dead: payload']);
    expect(world.log.filter(({ level }) => level === 'error')).toMatchObject([
      { fields: { destination: 'chat', reason: 'payload' }, message: expect.stringContaining('nobody was told') },
    ]);
  });

  test('makes way for the next of its subject', async () => {
    const world = createWorld([{ name: 'chat', answers: [unreachable, refused] }]);
    await world.accept({ to: ['chat'] });
    await world.accept({ to: ['chat'] });
    await world.pass(1_000);
    expect(world.statesOf('chat')).toEqual(['dead: payload', 'delivered']);
  });

  test('a change event stays one on its way: what woke nobody there wakes nobody here', async () => {
    const world = createWorld([{ name: 'pager', fallback: 'pager-2', otherwise: 'held' }, { name: 'pager-2' }]);
    await world.accept({ to: ['pager'] });
    world.store.query(`UPDATE deliveries SET spec = json_set(spec, '$.change', json('true'))`);
    await world.restart();
    world.open().at(-1)!.answer(refused);
    await world.settle();
    expect(world.sentTo('pager-2')[0]!.outgoing.change).toBe(true);
  });
});

describe('giving up', () => {
  test('comes after a day of failures, with the last of them in the note', async () => {
    const world = createWorld([{ name: 'chat', fallback: 'triage', otherwise: unreachable }, { name: 'triage' }]);
    await world.accept({ to: ['chat'] });
    await world.pass(lifetimeMs - 20 * 60_000);
    expect(world.statesOf('chat')).toEqual(['scheduled']);
    await world.pass(40 * 60_000);
    expect(world.statesOf('chat')).toEqual(['dead: expired']);
    expect(world.sentTo('triage')[0]!.outgoing.note).toMatch(
      /^Could not be delivered to chat: gave up after \d+ attempts; .*ECONNREFUSED$/,
    );
  });

  test('on an answer that nobody understands comes after five', async () => {
    const world = createWorld([{ name: 'chat', otherwise: unknownAnswer }]);
    await world.accept({ to: ['chat'] });
    await world.pass(3_600_000);
    expect([world.sent.length, world.statesOf('chat')]).toEqual([5, ['dead: unknown-answer']]);
  });

  test('reaches all that a parked destination held, lane by lane, within a day and two minutes', async () => {
    const chat: Script = { name: 'chat', fallback: 'triage', answers: [unreachable], otherwise: broken };
    const world = createWorld([chat, { name: 'triage' }]);
    for (const subject of ['1', '1', '1', '1', '1', '2']) await world.accept({ to: ['chat'], subject });
    expect(world.statesOf('chat').filter((status) => status === 'waiting')).toHaveLength(4);
    await world.pass(lifetimeMs + 2 * 60_000);
    expect(world.statesOf('chat')).toEqual(Array.from({ length: 6 }, () => 'dead: expired'));
    expect(world.statesOf('triage').filter((status) => status === 'delivered')).toHaveLength(7);
  });

  test('is for what waits, not for what is being sent', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    world.setClock(world.now + lifetimeMs + 1);
    world.open()[0]!.answer({ kind: 'delivered', detail: 'late' });
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered']);
  });
});

describe('a destination that is gone from the rules', () => {
  test('gives up what it held at once; it goes to the fallback that the destination had', async () => {
    const world = createWorld([{ name: 'chat', fallback: 'triage', answers: [unreachable] }, { name: 'triage' }]);
    for (let i = 0; i < 250; i++) await world.accept({ to: ['chat'], subject: String(i % 2) });
    world.reload([{ name: 'triage' }]);
    await world.pass(1_000);
    const gone = world.statesOf('chat').filter((status) => status !== 'delivered');
    expect(gone.length).toBeGreaterThan(100);
    expect(new Set(gone)).toEqual(new Set(['dead: destination-removed']));
    expect(world.deaths.map(({ destination }) => destination)).toEqual(gone.map(() => 'chat'));
    expect(world.statesOf('triage')).toEqual(gone.map(() => 'delivered'));
    expect(world.sentTo('triage')[0]!.outgoing.note).toBe(
      'Could not be delivered to chat: destination chat is no longer in the rules',
    );
  });

  test('lets what is in flight end, and takes its failure as the end', async () => {
    const world = createWorld([{ name: 'chat', fallback: 'triage', otherwise: 'held' }, { name: 'triage' }]);
    for (const subject of ['1', '2']) await world.accept({ to: ['chat'], subject });
    world.reload([{ name: 'triage' }]);
    await world.settle();
    const [first, second] = world.open();
    first!.answer({ kind: 'delivered', detail: 'ok' });
    second!.answer(unreachable);
    await world.pass(60_000);
    expect(world.statesOf('chat')).toEqual(['delivered', 'dead: destination-removed']);
    expect(world.statesOf('triage')).toEqual(['delivered']);
  });

  test('whose fallback is gone too ends with a line in the log', async () => {
    const world = createWorld([{ name: 'chat', fallback: 'triage', answers: [unreachable] }, { name: 'triage' }]);
    await world.accept({ to: ['chat'] });
    world.reload([{ name: 'pager' }]);
    await world.pass(1_000);
    expect(world.statesOf('triage')).toEqual(['dead: destination-removed']);
    expect(world.log.at(-1)).toMatchObject({ level: 'error', message: expect.stringContaining('nobody was told') });
  });
});

test('an alert that waited through a day of the relay being down is still tried once', async () => {
  const world = createWorld([{ name: 'chat', pace: { perSecond: 0.001, burst: 1 } }]);
  await world.accept({ to: ['chat'], subject: '1' });
  await world.accept({ to: ['chat'], subject: '2' });
  world.setClock(startMs + 25 * 3_600_000);
  await world.restart();
  await world.pass(3_600_000);
  expect(world.statesOf('chat')).toEqual(['delivered', 'delivered']);
});
