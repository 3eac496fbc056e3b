/** The same done to many deliveries, in steps. */
import { describe, expect, test } from 'vitest';
import type { Sql } from '../../src/ports.ts';
import { bulkAnswer, type BulkAnswerView } from '../../src/operate/shapes/views.ts';
import { arrivalOf, delivered, refused, unreachable } from '../outbox/examples.ts';
import type { Script } from '../outbox/world.ts';
import { openMemorySql } from '../store/memory-sql.ts';
import { anything, createOperatorWorld, given, refusal } from './deliveries-stage.ts';

const dead = { ...anything, statuses: ['dead'] as const };

/** Each of a subject of its own, so that none waits for another. */
async function withDead(count: number, chat: Script = { name: 'chat' }) {
  const answers = Array.from({ length: count }, () => refused);
  const stage = createOperatorWorld([{ concurrency: 1_000, ...chat, answers }, { name: 'pager' }]);
  const { world } = stage;
  for (let i = 0; i < count; i++) void world.take(arrival(i));
  await world.settle();
  expect(world.statesOf('chat').filter((state) => state === 'dead: payload')).toHaveLength(count);
  return stage;
}

type Stage = Awaited<ReturnType<typeof withDead>>;

/** Step by step to the end. */
function allSteps(
  { operations }: Pick<Stage, 'operations'>,
  action: 'retry' | 'discard',
  filter: typeof anything,
  dryRun = false,
): BulkAnswerView[] {
  const steps: BulkAnswerView[] = [];
  let before: string | null = null;
  do {
    const step: BulkAnswerView = bulkAnswer.parse(given(operations.bulk(action, filter, { dryRun, before })));
    steps.push(step);
    before = step.next;
  } while (before !== null);
  return steps;
}

test('1,200 dead ones are retried in steps of 500, and sent', async () => {
  const stage = await withDead(1_200);
  const steps = allSteps(stage, 'retry', dead);
  expect(steps.map(({ matched, done, skipped }) => ({ matched, done, skipped }))).toEqual([
    { matched: 500, done: 500, skipped: [] },
    { matched: 500, done: 500, skipped: [] },
    { matched: 200, done: 200, skipped: [] },
  ]);
  await stage.world.settle();
  expect(new Set(stage.world.statesOf('chat'))).toEqual(new Set(['delivered']));
});

test('a dry run says the same as the run after it, and changes nothing', async () => {
  const stage = await withDead(600);
  const { world } = stage;
  await world.accept({ to: ['pager'] });
  const filter = { ...anything, destinations: ['chat', 'pager'], statuses: ['dead', 'delivered'] as const };
  const before = world.rows();
  const dry = allSteps(stage, 'discard', filter, true);
  expect(world.rows()).toEqual(before);
  expect(world.isBusy()).toBe(false);
  expect(stage.counted()).toEqual({ dead: 600, delivered: 1 });
  const real = allSteps(stage, 'discard', filter);
  expect(real).toEqual(dry.map((step) => ({ ...step, dry_run: false })));
  expect(real[0]!.skipped).toEqual([{ reason: 'it was delivered', count: 1, example: stage.ids('pager')[0] }]);
  expect(world.rows().filter(({ reason }) => reason === 'discarded')).toHaveLength(600);
});

test('what is skipped is counted by its reason', async () => {
  const stage = createOperatorWorld([
    { name: 'chat', answers: [refused, unreachable, delivered], otherwise: 'held' },
    { name: 'gone', answers: [refused, refused] },
  ]);
  const { world, ids } = stage;
  for (const subject of ['1', '2', '3', '4']) await world.accept({ to: ['chat'], subject });
  for (const subject of ['1', '2']) await world.accept({ to: ['gone'], subject });
  world.reload([{ name: 'chat', otherwise: 'held' }]);
  const every = { ...anything, statuses: ['dead', 'scheduled', 'delivered', 'sending'] as const };
  const [step] = allSteps(stage, 'retry', every, true);
  expect(step).toMatchObject({ matched: 6, done: 2 });
  expect(step!.skipped).toEqual([
    { reason: 'it was delivered', count: 1, example: ids('chat')[2] },
    { reason: 'it is to be sent without that', count: 1, example: ids('chat')[3] },
    { reason: 'its destination is no longer in the rules', count: 2, example: ids('gone')[0] },
  ]);
});

describe('without a status', () => {
  test('a retry is of what is dead or waits for its time, not of all that was ever delivered', async () => {
    const stage = createOperatorWorld([{ name: 'chat', answers: [refused, unreachable] }]);
    for (const subject of ['1', '2', '3', '4']) await stage.world.accept({ to: ['chat'], subject });
    expect(allSteps(stage, 'retry', anything)).toMatchObject([{ matched: 2, done: 2, skipped: [] }]);
  });

  test('and without any other condition nothing is discarded', async () => {
    const { operations, world } = await withDead(1);
    const step = { dryRun: true, before: null };
    const answer = operations.bulk('discard', anything, step);
    expect(answer).toMatchObject({ kind: 'refused', field: 'status' });
    expect(refusal(answer)).toMatch(/^invalid: status: .*say which: status=dead/);
    expect(given(operations.bulk('discard', { ...anything, destinations: ['chat'] }, step)).done).toBe(1);
    expect(world.statesOf('chat')).toEqual(['dead: payload']);
  });
});

test('what is made after the first step has begun is left alone, be it about an event of before', async () => {
  const stage = await withDead(600);
  const { world, operations } = stage;
  const first = given(
    operations.bulk('discard', { ...anything, destinations: ['chat', 'pager'] }, { dryRun: false, before: null }),
  );
  world.setClock(world.now + 1);
  // A fallback's, or a reminder: the event is old, the delivery new.
  world.store.query(
    `INSERT INTO deliveries (event_seq, n, destination, subject, status, created_at, expires_at, spec)
     SELECT min(event_seq), 9, 'pager', 's', 'queued', ?, expires_at, spec FROM deliveries`,
    world.now,
  );
  const second = given(
    operations.bulk('discard', { ...anything, destinations: ['chat', 'pager'] }, { dryRun: false, before: first.next }),
  );
  expect([first.done, second.done, second.next]).toEqual([500, 100, null]);
  expect(second.skipped).toMatchObject([{ reason: 'it was made after this began', count: 1 }]);
  await world.settle();
  expect(world.statesOf('pager')).toEqual(['delivered']);
});

test('what was made before the clock was set back is said to be left alone', async () => {
  const stage = await withDead(3);
  stage.world.setClock(stage.world.now - 60_000);
  const [example] = stage.ids();
  expect(allSteps(stage, 'retry', dead)).toMatchObject([
    { matched: 3, done: 0, skipped: [{ reason: 'it was made after this began', count: 3, example }] },
  ]);
});

test('a whole lane of those that wait is discarded, and the one before them goes on', async () => {
  const stage = createOperatorWorld([{ name: 'chat', otherwise: 'held' }]);
  const { world } = stage;
  for (let i = 0; i < 300; i++) void world.take(arrival(i, 'one lane'));
  await world.settle();
  await world.pass(1_000);
  expect(allSteps(stage, 'discard', { ...anything, statuses: ['queued', 'waiting', 'scheduled', 'sending'] })).toMatchObject([
    { matched: 300, done: 299, skipped: [{ reason: 'it is being sent', count: 1 }] },
  ]);
  world.open()[0]!.answer(delivered);
  await world.settle();
  expect(world.statesOf('chat').filter((state) => state === 'delivered')).toHaveLength(1);
  expect(world.statesOf('chat').filter((state) => state === 'suppressed')).toHaveLength(299);
});

test('a step that the store refuses has done nothing of its last hundred, and can be asked for again', async () => {
  const stage = await withDead(150);
  const { world, operations, counted } = stage;
  world.store.break(240);
  expect(() => operations.bulk('discard', dead, { dryRun: false, before: null })).toThrow('disk is full');
  world.store.mend();
  const left = world.statesOf('chat').filter((state) => state === 'dead: payload').length;
  expect(left).toBe(50);
  expect(allSteps(stage, 'discard', dead)).toMatchObject([{ matched: left, done: left }]);
  expect(counted()).toEqual({ dead: 150 });
});

test('a step that takes long ends early, and the next goes on behind it: each is done once', async () => {
  const memory = openMemorySql();
  let slow = () => {};
  const query: Sql['query'] = (statement, ...parameters) => {
    if (statement.includes(`reason = 'discarded'`)) slow();
    return memory.query(statement, ...parameters);
  };
  const stage = createOperatorWorld([{ name: 'chat', concurrency: 1_000, otherwise: refused }], { sql: { ...memory, query } });
  const { world } = stage;
  for (let i = 0; i < 12; i++) void world.take(arrival(i));
  await world.settle();
  slow = () => world.setClock(world.now + 10);
  const steps = allSteps(stage, 'discard', dead);
  expect(steps.map(({ matched, done, skipped }) => ({ matched, done, skipped }))).toEqual([
    { matched: 5, done: 5, skipped: [] },
    { matched: 5, done: 5, skipped: [] },
    { matched: 2, done: 2, skipped: [] },
  ]);
  expect(new Set(world.rows().map(({ reason }) => reason))).toEqual(new Set(['discarded']));
});

test.each(['nonsense', 'dlv_1M7ZPRB9M00_1.x', 'dlv_1M7ZPRB9M00_1.5.6', 'evt_1M7ZPRB9M00'])(
  '%j is no place to go on from',
  (before) => {
    const { operations } = createOperatorWorld([{ name: 'chat' }]);
    const answer = operations.bulk('retry', dead, { dryRun: true, before });
    expect(answer).toMatchObject({ kind: 'refused', status: 'invalid', field: 'before' });
  },
);

test('an event’s id that is none is refused by its field, in lists too', () => {
  const { operations } = createOperatorWorld([{ name: 'chat' }]);
  const filter = { ...anything, event: 'dlv_1M7ZPRB9M00_1' };
  const field = { kind: 'refused', status: 'invalid', field: 'event' };
  expect(operations.bulk('retry', filter, { dryRun: true, before: null })).toMatchObject(field);
  expect(operations.list(filter, { limit: 5, before: null })).toMatchObject(field);
  expect(given(operations.list({ ...anything, event: 'evt_1m7zprb9m00' }, { limit: 5, before: null })).deliveries).toEqual([]);
});

function arrival(i: number, subject = String(i)) {
  return arrivalOf({ to: ['chat'], subject });
}
