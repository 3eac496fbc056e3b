import { describe, expect, test } from 'vitest';
import { eventSeq } from '../../src/event/id.ts';
import { delivered, rateLimited, refused, startMs, unreachable } from './examples.ts';
import { createWorld, type Sent } from './world.ts';

const summary = ({ destination, outgoing, at }: Sent) => `${destination} #${outgoing.attempt} +${at - startMs}`;

describe('sending', () => {
  test('hands an accepted event on at once, whole, with an attempt that was counted before', async () => {
    const world = createWorld([{ name: 'chat' }]);
    let counted: unknown;
    world.watchSends(() => {
      const committed = !world.store.isInTransaction();
      counted = world.rows().map(({ status, attempts }) => ({ status, attempts, committed }));
    });
    const { eventId } = (await world.accept({ to: ['chat'], jobId: 'j' })) as { eventId: string };
    expect(counted).toEqual([{ status: 'sending', attempts: 1, committed: true }]);
    expect(world.sent[0]!.outgoing).toMatchObject({
      deliveryId: `dlv_${eventId.slice(4)}_1`,
      eventId,
      attempt: 1,
      rule: 'by-input',
      severity: 'error',
      subject: '10736',
      note: null,
      content: { kind: 'event', contentType: 'application/json', received: { id: eventId, narrative: { job: { id: 'j' } } } },
    });
    expect(world.statesOf('chat')).toEqual(['delivered']);
    expect(world.store.query('SELECT attempt, outcome, detail FROM attempts')).toEqual([
      { attempt: 1, outcome: 'delivered', detail: '200 OK' },
    ]);
    expect(world.reports).toMatchObject([{ settlement: { kind: 'delivered' } }]);
  });

  test('a failed attempt is made again after its backoff, not before', async () => {
    const world = createWorld([{ name: 'chat', answers: [unreachable, unreachable, unreachable] }]);
    await world.accept({ to: ['chat'] });
    await world.pass(60_000);
    // Half of 1, 2 and 4 seconds: the dice of this world always show 0.5.
    expect(world.sent.map(summary)).toEqual(['chat #1 +0', 'chat #2 +500', 'chat #3 +1500', 'chat #4 +3500']);
    expect(world.statesOf('chat')).toEqual(['delivered']);
  });

  test('events of one subject wait for each other; another subject and another destination do not', async () => {
    const world = createWorld([{ name: 'chat', answers: [unreachable] }, { name: 'pager' }]);
    await world.accept({ to: ['chat', 'pager'], subject: '1', jobId: 'a' });
    await world.accept({ to: ['chat', 'pager'], subject: '1', jobId: 'b' });
    await world.accept({ to: ['chat'], subject: '2', jobId: 'c' });
    const jobs = (name: string) =>
      world
        .sentTo(name)
        .map(({ outgoing: { content } }) =>
          content.kind === 'event' && content.received.narrative.kind === 'job' ? content.received.narrative.job.id : null,
        );
    expect(jobs('pager')).toEqual(['a', 'b']);
    expect(jobs('chat')).toEqual(['a', 'c']);
    expect(world.statesOf('chat')).toEqual(['scheduled', 'waiting', 'delivered']);
    await world.pass(1_000);
    expect(jobs('chat')).toEqual(['a', 'c', 'a', 'b']);
  });

  test('no more requests are in flight than a destination takes, and the end of one starts the next', async () => {
    const world = createWorld([{ name: 'chat', concurrency: 2, otherwise: 'held' }]);
    for (const subject of ['1', '2', '3']) await world.accept({ to: ['chat'], subject });
    expect(world.open()).toHaveLength(2);
    world.open()[0]!.answer(delivered);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered', 'sending', 'sending']);
  });

  test('bursts are let through and the rest is paced; two names for one channel share its pace', async () => {
    const pace = { paceKey: 'channel', pace: { perSecond: 1, burst: 2 } };
    const world = createWorld([
      { name: 'chat', ...pace },
      { name: 'team', ...pace },
    ]);
    for (const subject of ['1', '2', '3']) await world.accept({ to: ['chat', 'team'], subject });
    await world.pass(10_000);
    expect(world.sent.map(({ at }) => at - startMs)).toEqual([0, 0, 1_000, 2_000, 3_000, 4_000]);
  });

  test('"too many requests" holds back all that goes to the same place, for as long as was asked', async () => {
    const world = createWorld([
      { name: 'chat', paceKey: 'channel', answers: [rateLimited(30_000)] },
      { name: 'team', paceKey: 'channel' },
      { name: 'pager' },
    ]);
    await world.accept({ to: ['chat'] });
    await world.accept({ to: ['team', 'pager'] });
    await world.pass(29_999);
    expect(world.sent.map(summary)).toEqual(['chat #1 +0', 'pager #1 +0']);
    await world.pass(1);
    expect(world.sent.slice(2).map(summary)).toEqual(['chat #2 +30000', 'team #1 +30000']);
  });

  test('a fault inside the relay is an attempt that failed, not the end of the others', async () => {
    const world = createWorld([{ name: 'chat' }]);
    const accepted = await Promise.all([world.accept({ to: ['chat'], subject: '1' }), world.accept({ to: [], subject: '2' })]);
    expect(accepted.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
    const routed = (await world.accept({ to: [], subject: '3' })) as { eventId: string };
    world.store.query(`UPDATE events SET body = CAST('no event' AS BLOB) WHERE seq = ?`, eventSeq(routed.eventId)!);
    world.store.query(
      `INSERT INTO deliveries (event_seq, n, destination, subject, status, created_at, expires_at, spec)
       SELECT ?, 1, destination, '3', 'queued', created_at, expires_at, spec FROM deliveries LIMIT 1`,
      eventSeq(routed.eventId)!,
    );
    await world.accept({ to: ['chat'], subject: '4' });
    expect(world.statesOf('chat')).toEqual(['delivered', 'scheduled', 'delivered']);
    await world.pass(3_600_000);
    expect(world.statesOf('chat')).toEqual(['delivered', 'scheduled', 'delivered']);
    await world.pass(24 * 3_600_000);
    expect(world.statesOf('chat')).toEqual(['delivered', 'dead: expired', 'delivered']);
    expect(world.rows()[1]).toMatchObject({ detail: expect.stringContaining('but its body is no event') });
  });
});

describe('a store that fails', () => {
  test('loses no answer: it is recorded once, and reported once, when the store is back', async () => {
    const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    world.store.break();
    world.open()[0]!.answer(delivered);
    await world.pass(5_000);
    world.store.mend();
    expect(world.statesOf('chat')).toEqual(['sending']);
    await world.pass(1_000);
    expect(world.statesOf('chat')).toEqual(['delivered']);
    expect([world.sent.length, world.reports.length]).toEqual([1, 1]);
  });

  test.each(Array.from({ length: 24 }, (_, i) => i))(
    'at its statement %i costs neither a report nor a second send',
    async (statements) => {
      const world = createWorld([{ name: 'chat', otherwise: 'held' }]);
      await world.accept({ to: ['chat'], subject: '1' });
      world.open()[0]!.answer(refused);
      world.store.break(statements);
      await world.settle();
      world.store.mend();
      await world.pass(2_000);
      expect(world.statesOf('chat')).toEqual(['dead: payload']);
      expect([world.sent.length, world.reports.length]).toEqual([1, 1]);
    },
  );

  test('takes neither a reload nor what it was about', async () => {
    const world = createWorld([{ name: 'chat', answers: [unreachable] }, { name: 'triage' }]);
    await world.accept({ to: ['chat'] });
    world.store.break();
    world.reload([{ name: 'triage' }]);
    await world.settle();
    world.store.mend();
    await world.pass(2_000);
    expect(world.statesOf('chat')).toEqual(['dead: destination-removed']);
  });
});
