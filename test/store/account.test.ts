/** The conservation of events: each event under one fate, and each thing that must not be, seen. */
import { beforeEach, describe, expect, test } from 'vitest';
import { deliveryId, eventId } from '../../src/event/id.ts';
import type { Sql } from '../../src/ports.ts';
import { accountForDeliveries, accountForEvents, type Account, type DeliveryAccount } from '../../src/store/account.ts';
import { createDeliveryStore, type Delivery, type NewDelivery } from '../../src/store/deliveries.ts';
import { createEventStore, type NewEvent } from '../../src/store/events.ts';
import { migrate } from '../../src/store/migrations.ts';
import { createParkedStore } from '../../src/store/parked.ts';
import { lifetimeMs, startMs } from '../outbox/examples.ts';
import { openMemorySql } from './memory-sql.ts';
import { newDelivery, newEvent, spec } from './new-event.ts';

let sql: Sql;

beforeEach(() => {
  sql = openMemorySql();
  migrate(sql);
});

const add = (seq: number, changes: Partial<NewEvent> = {}) => createEventStore(sql).add(newEvent({ seq, ...changes }));

/** An event with deliveries, each in its state. */
function send(seq: number, ...states: ((key: NewDelivery) => void)[]): void {
  add(seq);
  states.forEach((bring, i) => {
    const delivery = newDelivery({ eventSeq: seq, n: i + 1, destination: `to-${i + 1}`, subject: `subject-${seq}` });
    createDeliveryStore(sql).add(delivery);
    bring(delivery);
  });
}

const queued = () => {};
const ended =
  (status: 'delivered' | 'dead' | 'suppressed', reason: string | null = status) =>
  (delivery: NewDelivery) =>
    createDeliveryStore(sql).finish(delivery as unknown as Delivery, {
      status,
      at: startMs + 5,
      reason,
      detail: `it is ${status}`,
    });
const set =
  (columns: string) =>
  ({ eventSeq, n }: NewDelivery) =>
    void sql.query(`UPDATE deliveries SET ${columns} WHERE event_seq = ? AND n = ?`, eventSeq, n);

function fates(): Record<string, number> {
  return Object.fromEntries(accountForEvents(sql).fates);
}

describe('what became of an event', () => {
  test('is told once, by the best that came of its deliveries', () => {
    send(1, ended('delivered'), ended('dead'));
    send(2, ended('delivered'), queued);
    send(3, ended('dead'), ended('suppressed'));
    send(4, ended('suppressed'));
    send(5, set(`status = 'scheduled', due_at = 1`));
    send(6, set(`status = 'sending', lease_until = 1`));
    send(7, set(`status = 'waiting'`));
    expect(fates()).toEqual({ delivered: 1, 'under-way': 4, dead: 1, 'kept-back': 1 });
    expect(accountForEvents(sql).events).toBe(7);
  });

  test('is told by its outcome where nothing was sent', () => {
    add(1, { outcome: 'unrouted' });
    add(2, { outcome: 'suppressed', reason: 'late: the job had already completed' });
    add(3, { outcome: 'quarantined', reason: 'no event' });
    add(4, { outcome: 'routed', rules: ['a'] });
    createEventStore(sql).markRepeated(4, 1);
    expect(fates()).toEqual({ unrouted: 1, suppressed: 1, quarantined: 1, repeated: 1 });
  });

  const standIns: [string, string][] = [
    ['a decision', `INSERT INTO decisions (event_seq, rule, kind, detail) VALUES (1, 'r', 'held', 'until 09:22')`],
    [
      'an alert that is still to be told',
      `INSERT INTO alerts (subject, rule, incident, phase, armed_at, told_here, untold, event_seq, spec) VALUES ('s', 'r', 1, 'held', 1, 0, 1, 1, '{}')`,
    ],
    [
      'a job that is watched',
      `INSERT INTO late (job_id, rule, state, since_us, event_seq, spec) VALUES ('j', 'r', 'running', 1, 1, '{}')`,
    ],
    [
      'a group that it is part of',
      `INSERT INTO group_members (incident, subject, own, event_seq, act, usual, owners, first_at, last_at, failures, untold, told, alone, end_told)
         VALUES (9, 's', 1, 1, 'open', 'error', '[]', 1, 1, 1, 1, 0, 0, 0)`,
    ],
    ['the next digest', `INSERT INTO collected (rule, event_seq, job_type, state) VALUES ('r', 1, 'costs', 'completed')`],
  ];
  test.each(standIns)('may be kept by %s', (_what, insert) => {
    add(1, { rules: ['r'] });
    expect(fates()).toEqual({ unexplained: 1 });
    sql.query(insert);
    expect(fates()).toEqual({ noted: 1 });
  });

  const unexplained: [string, Partial<NewEvent>, string][] = [
    ['routed, and nothing is there of it', { rules: ['a', 'b'], rulesVersion: 'v7' }, 'routed'],
    ['suppressed without a reason', { outcome: 'suppressed' }, 'suppressed'],
    ['quarantined without a reason', { outcome: 'quarantined' }, 'quarantined'],
    ['repeated of nothing', { outcome: 'repeated' }, 'repeated'],
  ];
  test.each(unexplained)('is unexplained where it was %s', (_what, changes, outcome) => {
    add(7, changes);
    add(8, changes);
    const { rules = [], rulesVersion = 'v1' } = changes;
    expect(accountForEvents(sql)).toEqual<Account>({
      events: 2,
      fates: new Map([['unexplained', 2]]),
      unexplained: [{ outcome, rules, rulesVersion, count: 2, example: eventId(7) }],
    });
  });

  test('is unexplained where its only delivery was kept back for no reason', () => {
    send(1, ended('suppressed', null));
    expect(fates()).toEqual({ unexplained: 1 });
  });
});

describe('deliveries', () => {
  const account = (before = startMs): DeliveryAccount => accountForDeliveries(sql, before);
  const inOrder: DeliveryAccount = { dead: [], untoldFallbacks: null, orphans: null, stuck: null, abandoned: null, overdue: [] };
  const deliveries = () => createDeliveryStore(sql);

  test('that are on their way or at their end are in order', () => {
    send(1, ended('delivered'), ended('suppressed'), queued, set(`status = 'scheduled', due_at = ${startMs}`));
    expect(account()).toEqual(inOrder);
  });

  test('that died are counted by destination, with what the last one died of', () => {
    send(1, ended('dead'));
    send(2, (delivery) => {
      ended('dead')(delivery);
      set(`finished_at = ${startMs + 9}, detail = 'invalid_blocks'`)(delivery);
    });
    expect(account()).toEqual({
      ...inOrder,
      dead: [{ destination: 'to-1', count: 2, lastAt: startMs + 9, detail: 'invalid_blocks' }],
    });
  });

  test('that died and were to be noticed by nobody wait for nobody', () => {
    send(1, (delivery) => {
      ended('dead')(delivery);
      set('quiet = 1')(delivery);
    });
    expect(account()).toEqual(inOrder);
  });

  test('that died and named a fallback have to have told it', () => {
    const dies = (eventSeq: number, n: number, changes: Partial<NewDelivery> = {}) => {
      const delivery = newDelivery({
        eventSeq,
        n,
        subject: `s-${eventSeq}-${n}`,
        spec: { ...spec, fallback: 'triage' },
        ...changes,
      });
      deliveries().add(delivery);
      ended('dead')(delivery);
    };
    add(1);
    dies(1, 1);
    dies(1, 2);
    deliveries().add(newDelivery({ eventSeq: 1, n: 3, destination: 'triage', fallbackOf: deliveryId({ eventSeq: 1, n: 1 }) }));
    // What nobody was to notice is told nowhere else.
    dies(1, 4, { spec: { ...spec, fallback: 'triage', incident: { id: 1, act: 'count' } } });
    dies(1, 12);
    deliveries().add(newDelivery({ eventSeq: 1, n: 13, destination: 'triage', fallbackOf: deliveryId({ eventSeq: 1, n: 12 }) }));
    expect(account().untoldFallbacks).toEqual({ count: 1, example: deliveryId({ eventSeq: 1, n: 2 }) });
    deliveries().add(newDelivery({ eventSeq: 1, n: 14, destination: 'triage', fallbackOf: deliveryId({ eventSeq: 1, n: 2 }) }));
    expect(account().untoldFallbacks).toBeNull();
  });

  test('belong to an event, or are a notice', () => {
    deliveries().add(newDelivery({ eventSeq: 5, notice: { title: 'a', text: 'b' } }));
    expect(account()).toEqual(inOrder);
    deliveries().add(newDelivery({ eventSeq: 6, subject: 'other' }));
    expect(account()).toEqual({ ...inOrder, orphans: { count: 1, example: deliveryId({ eventSeq: 6, n: 1 }) } });
  });

  test.each(['queued', 'scheduled', 'sending'])('that wait do so behind one that is %s, of their own lane', (status) => {
    const waits = newDelivery({ eventSeq: 2, n: 1, destination: 'chat', subject: 's' });
    send(2);
    deliveries().add(waits);
    set(`status = 'waiting'`)(waits);
    send(1);
    for (const [n, elsewhere] of [{ destination: 'pager' }, { subject: 'other' }].entries()) {
      deliveries().add(newDelivery({ eventSeq: 1, n: n + 1, destination: 'chat', subject: 's', ...elsewhere }));
    }
    expect(account().stuck).toEqual({ count: 1, example: deliveryId(waits) });
    const first = newDelivery({ eventSeq: 1, n: 9, destination: 'chat', subject: 's' });
    deliveries().add(first);
    set(`status = '${status}', lease_until = ${startMs}, due_at = ${startMs}`)(first);
    expect(account()).toEqual(inOrder);
  });

  test('that were leased until long ago have been abandoned', () => {
    send(1, set(`status = 'sending', lease_until = ${startMs - 1}`));
    expect(account()).toEqual({ ...inOrder, abandoned: { count: 1, example: deliveryId({ eventSeq: 1, n: 1 }) } });
  });

  test('that could have been sent long ago are overdue, but where their destination is parked', () => {
    const queuedAt = (at: number) => set(`created_at = ${at}, expires_at = ${at + lifetimeMs}`);
    send(1, queuedAt(startMs - 10), set(`status = 'scheduled', due_at = ${startMs - 20}`));
    send(2, queuedAt(startMs - 30), set(`status = 'scheduled', due_at = ${startMs + 1}, created_at = 1`));
    expect(account()).toEqual({
      ...inOrder,
      overdue: [
        { destination: 'to-1', count: 2, since: startMs - 30 },
        { destination: 'to-2', count: 1, since: startMs - 20 },
      ],
    });
    // One that an operator has queued again.
    send(3, set(`created_at = ${startMs - 40}, attempts = 9`));
    expect(account().overdue[0]).toMatchObject({ count: 2, since: startMs - 30 });
    const why = { reason: 'channel', detail: 'channel_not_found', probes: 0, probeAt: 1 };
    createParkedStore(sql).put({ destination: 'to-1', since: 1, ...why });
    expect(account().overdue.map(({ destination }) => destination)).toEqual(['to-2']);
  });
});
