import { beforeEach, describe, expect, test } from 'vitest';
import { eventSeq } from '../../src/event/id.ts';
import type { EventOutcome } from '../../src/store/events.ts';
import type { Acceptance, Arrival, Router } from '../../src/store/arrival.ts';
import { createLedger } from '../../src/store/ledger.ts';
import { migrate } from '../../src/store/migrations.ts';
import { arrivalOf, planByInput, startMs } from '../outbox/examples.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { deliveryRows } from '../outbox/world.ts';
import { admitting } from '../incident/quiet.ts';
import { createBreakableSql, type BreakableSql } from './breakable-sql.ts';
import { openMemorySql } from './memory-sql.ts';

const router: Router = { version: 'v1', plan: planByInput };

let sql: BreakableSql;
let turns: (() => void)[];
let planned: number;
let taken: number;
let logged: string[];
let rules: Router;

beforeEach(() => {
  sql = createBreakableSql(openMemorySql());
  migrate(sql);
  turns = [];
  planned = 0;
  taken = 0;
  logged = [];
  rules = router;
});

function newLedger() {
  let seq = 0;
  const nextSeq = () => ++seq;
  const note = (_fields: object, message: string) => void logged.push(message);
  return createLedger({
    sql,
    hash: nodeHash,
    clock: { now: () => startMs },
    afterTurn: (work) => void turns.push(work),
    log: { debug: note, info: note, warn: note, error: note },
    nextSeq,
    router: () => rules,
    admit: admitting(sql, nextSeq),
    onPlanned: () => void (planned += 1),
    onTimed: () => {},
    onTaken: () => void (taken += 1),
  });
}

/** The acceptances of events that came in one turn of the event loop. */
function acceptTogether(ledger: ReturnType<typeof newLedger>, arrivals: Arrival[]): Promise<Acceptance[]> {
  const accepted = Promise.all(arrivals.map((arrival) => ledger.accept(arrival)));
  for (const work of turns.splice(0)) work();
  return accepted;
}

async function accept(ledger: ReturnType<typeof newLedger>, arrival: Arrival): Promise<Acceptance> {
  return (await acceptTogether(ledger, [arrival]))[0]!;
}

const outcomes = () =>
  sql.query<{ outcome: EventOutcome }>('SELECT outcome FROM events ORDER BY seq').map(({ outcome }) => outcome);
const hourly = () =>
  sql
    .query<{ outcome: string; state: string; n: number }>('SELECT outcome, state, n FROM hourly ORDER BY outcome, state')
    .map(({ outcome, state, n }) => `${outcome} ${state} ${n}`);
const count = (table: string) => sql.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]!.n;

describe('the ledger', () => {
  test('keeps an event with its key and its planned deliveries, and wakes the outbox', async () => {
    const arrival = arrivalOf({ to: ['chat', 'pager'] });
    const accepted = await accept(newLedger(), arrival);
    expect(accepted).toMatchObject({ kind: 'accepted', outcome: 'routed', deliveries: 2, rules: ['by-input'] });
    expect(sql.query('SELECT idempotency_key, outcome, body, rules, rules_version, subject FROM events')).toEqual([
      {
        idempotency_key: arrival.idempotencyKey,
        outcome: 'routed',
        body: Buffer.from(arrival.body),
        rules: '["by-input"]',
        rules_version: 'v1',
        subject: '10736',
      },
    ]);
    expect(deliveryRows(sql)).toMatchObject([
      { n: 1, destination: 'chat', subject: '10736', status: 'queued', attempts: 0 },
      { n: 2, destination: 'pager', subject: '10736', status: 'queued', attempts: 0 },
    ]);
    expect(JSON.parse(deliveryRows(sql)[0]!.spec)).toMatchObject({ rule: 'by-input', severity: 'error', fallback: 'triage' });
    expect([count('keys'), count('transitions'), planned]).toEqual([1, 1, 1]);
  });

  test('answers nobody before the commit, and takes all events of a turn in one transaction', async () => {
    const ledger = newLedger();
    let answered = 0;
    const accepted = [1, 2, 3].map(() => ledger.accept(arrivalOf({ to: ['chat'] })).then(() => (answered += 1)));
    await Promise.resolve();
    expect({ answered, stored: count('events'), pending: ledger.pending(), turns: turns.length }).toEqual({
      answered: 0,
      stored: 0,
      pending: 3,
      turns: 1,
    });
    turns.shift()!();
    await Promise.all(accepted);
    expect({ answered, stored: count('events'), pending: ledger.pending() }).toEqual({ answered: 3, stored: 3, pending: 0 });
  });

  test('an event that no rule wants is kept as unrouted, and the outbox sleeps on', async () => {
    expect(await accept(newLedger(), arrivalOf({ to: [] }))).toMatchObject({
      kind: 'accepted',
      outcome: 'unrouted',
      deliveries: 0,
    });
    expect([outcomes(), planned]).toEqual([['unrouted'], 0]);
  });

  test('the same key again is a duplicate of the first event, even within one turn, and plans nothing', async () => {
    const ledger = newLedger();
    const arrival = arrivalOf({ to: ['chat'], key: 'k' });
    const [first, second] = await acceptTogether(ledger, [arrival, arrival]);
    const third = await accept(ledger, arrival);
    expect(first).toMatchObject({ kind: 'accepted' });
    const duplicate = { kind: 'duplicate', eventId: (first as { eventId: string }).eventId, of: 'key', conflict: false };
    expect([second, third]).toEqual([duplicate, duplicate]);
    expect([count('events'), count('deliveries'), count('keys')]).toEqual([1, 1, 1]);
  });

  test('the same key with another body is a duplicate and a conflict; what came first stays', async () => {
    const ledger = newLedger();
    const first = arrivalOf({ to: ['chat'], key: 'k' });
    await accept(ledger, first);
    expect(await accept(ledger, arrivalOf({ to: ['pager'], key: 'k' }))).toMatchObject({ kind: 'duplicate', conflict: true });
    expect(sql.query('SELECT body FROM events')).toEqual([{ body: Buffer.from(first.body) }]);
  });

  test('the same key from another subscription is another event', async () => {
    const ledger = newLedger();
    await accept(ledger, arrivalOf({ to: ['chat'], key: 'k' }));
    const other = { ...arrivalOf({ to: ['chat'], key: 'k' }), subscription: 'staging' };
    expect(await accept(ledger, other)).toMatchObject({ kind: 'accepted' });
  });

  test('the same transition under another key is stored, answered as a duplicate of the first, and plans nothing', async () => {
    const ledger = newLedger();
    const again = { to: ['chat'], jobId: 'j', state: 'failed', updatedAt: '2026-03-02T09:12:00.123456' };
    const first = await accept(ledger, arrivalOf({ ...again, key: 'a' }));
    const repeated = { kind: 'duplicate', eventId: (first as { eventId: string }).eventId, of: 'transition', conflict: false };
    expect(await accept(ledger, arrivalOf({ ...again, key: 'b' }))).toEqual(repeated);
    expect(await accept(ledger, arrivalOf({ ...again, key: 'b' }))).toEqual({ ...repeated, of: 'key' });
    expect([outcomes(), count('deliveries')]).toEqual([['routed', 'repeated'], 1]);
  });

  test.each([
    ['state', { state: 'completed' }],
    ['time by a microsecond', { updatedAt: '2026-03-02T09:12:00.123457' }],
    ['job', { jobId: 'other' }],
  ])('an event that differs in its %s is another transition', async (_what, difference) => {
    const ledger = newLedger();
    const first = { to: ['chat'], jobId: 'j', state: 'failed', updatedAt: '2026-03-02T09:12:00.123456' };
    await accept(ledger, arrivalOf(first));
    expect(await accept(ledger, arrivalOf({ ...first, ...difference }))).toMatchObject({ kind: 'accepted', deliveries: 1 });
  });

  const running = { to: ['chat'], jobId: 'j', state: 'running', updatedAt: '2026-03-02T09:00:00' };
  const failed = { ...running, state: 'failed', updatedAt: '2026-03-02T09:12:00' };

  test('a state that arrives after the end of its job is kept and suppressed, with the reason', async () => {
    const ledger = newLedger();
    await accept(ledger, arrivalOf(failed));
    expect(await accept(ledger, arrivalOf(running))).toMatchObject({ kind: 'accepted', outcome: 'suppressed', deliveries: 0 });
    expect(sql.query(`SELECT reason FROM events WHERE outcome = 'suppressed'`)).toEqual([
      { reason: 'late: the job had already failed' },
    ]);
    expect(count('deliveries')).toBe(1);
  });

  test('neither the other order, nor an end after an end, nor another job suppresses anything', async () => {
    const ledger = newLedger();
    await accept(ledger, arrivalOf(running));
    await accept(ledger, arrivalOf(failed));
    await accept(ledger, arrivalOf({ ...running, jobId: 'other' }));
    await accept(ledger, arrivalOf({ ...failed, state: 'completed', updatedAt: '2026-03-02T09:11:00' }));
    expect(outcomes()).toEqual(['routed', 'routed', 'routed', 'routed']);
  });

  test('JSON that is no event we know is quarantined whole, with the reason', async () => {
    const body = new TextEncoder().encode('{"hello":"world"}');
    const arrival = { ...arrivalOf({ to: [] }), event: null, why: 'neither a job event nor an app event', body };
    expect(await accept(newLedger(), arrival)).toMatchObject({ kind: 'quarantined' });
    expect(sql.query('SELECT outcome, reason, body FROM events')).toEqual([
      { outcome: 'quarantined', reason: 'neither a job event nor an app event', body: Buffer.from(body) },
    ]);
  });

  test('rules that throw quarantine the event they threw on, and only that one', async () => {
    rules = {
      ...router,
      plan(routable) {
        if (routable.narrative.kind === 'job' && routable.narrative.job.id === 'poison') throw new Error('boom');
        return planByInput(routable);
      },
    };
    const arrivals = ['a', 'poison', 'b'].map((jobId) => arrivalOf({ to: ['chat'], jobId }));
    const accepted = await acceptTogether(newLedger(), arrivals);
    expect(accepted.map(({ kind }) => kind)).toEqual(['accepted', 'quarantined', 'accepted']);
    expect([outcomes(), count('deliveries')]).toEqual([['routed', 'quarantined', 'routed'], 2]);
    expect(logged).toContain('rules failed on an event: quarantined');
  });

  // An event with two deliveries takes a handful of statements; the last break is the commit itself.
  test.each([0, 1, 2, 3, 4, 5])(
    'a store that fails after %i statements keeps nothing, and all are told so',
    async (statements) => {
      const ledger = newLedger();
      const arrival = arrivalOf({ to: ['chat', 'pager'] });
      sql.break(statements);
      expect(await accept(ledger, arrival)).toEqual({ kind: 'unavailable', detail: 'database or disk is full' });
      expect([ledger.recentFailure(), planned]).toEqual(['database or disk is full', 0]);
      sql.mend();
      expect(['events', 'keys', 'transitions', 'deliveries'].map(count)).toEqual([0, 0, 0, 0]);
      expect(await accept(ledger, arrival)).toMatchObject({ kind: 'accepted', deliveries: 2 });
      expect(ledger.recentFailure()).toBeNull();
    },
  );

  test('counts what became of each event, and what came again, by the hour and the state', async () => {
    const ledger = newLedger();
    const arrival = arrivalOf({ to: ['chat'], key: 'a', jobId: 'one' });
    const others = [
      { ...arrivalOf({ to: [] }), event: null, why: 'no event' },
      arrivalOf({ to: ['chat'], jobId: 'one' }),
      arrivalOf({ to: [], state: 'cancelled' }),
    ];
    await acceptTogether(ledger, [arrival, arrival, ...others]);
    ledger.takeMissed(arrivalOf({ to: [], state: 'cancelled' }), startMs);
    const facts = { topic: 'backlog', state: 'failed', about: null, detail: 'it grows' } as const;
    rules = { ...router, plan: (routable) => ({ ...planByInput(routable), matched: [], deliveries: [], part: null }) };
    sql.transaction(() => ledger.raise(facts, startMs));
    expect(hourly()).toEqual([
      'duplicate failed 1',
      'quarantined  1',
      'repeated failed 1',
      'routed failed 1',
      'unrouted cancelled 2',
      'unrouted failed 1',
    ]);
    const events = hourly().filter((each) => !each.startsWith('duplicate'));
    expect(count('events')).toBe(events.reduce((sum, each) => sum + Number(each.split(' ').at(-1)), 0));
  });

  test.each([3, 6, 9, 12])('counts nothing of what a store that fails after %i statements did not keep', async (statements) => {
    const ledger = newLedger();
    sql.break(statements);
    const several = ['one', 'two', 'three', 'four'].map((subject) => arrivalOf({ to: [], subject }));
    expect((await acceptTogether(ledger, several)).map(({ kind }) => kind)).toEqual(several.map(() => 'unavailable'));
    sql.mend();
    await accept(ledger, arrivalOf({ to: ['chat'] }));
    expect(hourly()).toEqual(['routed failed 1']);
  });

  test('says when it has taken events: once for a commit, and not of what came again', async () => {
    const ledger = newLedger();
    const arrival = arrivalOf({ to: ['chat'] });
    await acceptTogether(ledger, [arrival, arrivalOf({ to: [] })]);
    expect(taken).toBe(1);
    await accept(ledger, arrival);
    expect(taken).toBe(1);
    sql.transaction(() => ledger.takeMissed(arrivalOf({ to: [] }), startMs));
    expect(taken).toBe(1);
    ledger.missedTaken();
    expect(taken).toBe(2);
    const facts = { topic: 'backlog', state: 'failed', about: null, detail: 'it grows' } as const;
    sql.transaction(() => ledger.raise(facts, startMs));
    expect(taken).toBe(2);
    for (const work of turns.splice(0)) work();
    expect(taken).toBe(3);
  });

  test('gives ids that lead back to the stored event', async () => {
    const { eventId } = (await accept(newLedger(), arrivalOf({ to: [] }))) as { eventId: string };
    expect(sql.query('SELECT 1 FROM events WHERE seq = ?', eventSeq(eventId)!)).toHaveLength(1);
  });
});
