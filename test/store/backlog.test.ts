/** What waits, and for how long it has: also where operators send again what died long ago. */
import { beforeEach, describe, expect, test } from 'vitest';
import { firstSeqAt } from '../../src/event/id.ts';
import type { Sql } from '../../src/ports.ts';
import { createBacklog } from '../../src/store/backlog.ts';
import { createDeliveryStore } from '../../src/store/deliveries.ts';
import { migrate } from '../../src/store/migrations.ts';
import { createOperatorDeliveries } from '../../src/store/operator-deliveries.ts';
import { createUndelivered } from '../../src/store/undelivered.ts';
import { lifetimeMs, startMs } from '../outbox/examples.ts';
import { openMemorySql } from './memory-sql.ts';
import { newDelivery } from './new-event.ts';

const hour = 3_600_000;
const later = startMs + 12 * hour;

let sql: Sql;
beforeEach(() => {
  sql = openMemorySql();
  migrate(sql);
});

/** Deliveries that died twelve hours ago, each of a lane of its own, and are sent again now. */
function retried(count: number): void {
  sql.transaction(() => {
    for (let i = 1; i <= count; i++) {
      const eventSeq = firstSeqAt(startMs) + i;
      createDeliveryStore(sql).add(newDelivery({ eventSeq, subject: String(eventSeq) }));
      sql.query(`UPDATE deliveries SET status = 'dead' WHERE event_seq = ?`, eventSeq);
      createOperatorDeliveries(sql).queueAgain({ eventSeq, n: 1 }, later + lifetimeMs);
    }
  });
}

const schedule = () => sql.query(`UPDATE deliveries SET status = 'scheduled', due_at = ?`, later + 5);
const lease = () => sql.query(`UPDATE deliveries SET status = 'sending', lease_until = ?`, later + 60_000);

test.each([
  ['queued', () => {}],
  ['scheduled', schedule],
  ['sending', lease],
])('what was sent again is open since then, not since it was made, while it is %s', (_, bring) => {
  retried(300);
  bring();
  expect(createUndelivered(sql)()).toEqual([{ destination: 'chat', pending: 300, oldestAt: later }]);
});

test('what was sent again has been due since then', () => {
  retried(300);
  expect(createBacklog(sql).backlog()).toEqual([{ destination: 'chat', pending: 300, oldestDueAt: later }]);
});

describe('behind hundreds that were sent again', () => {
  const waitsSince = later - hour;
  beforeEach(() => {
    retried(1_000);
    createDeliveryStore(sql).add(newDelivery({ eventSeq: firstSeqAt(waitsSince), createdAt: waitsSince }));
  });

  test('what has waited for longer is the oldest in the queue', () => {
    expect(createBacklog(sql).backlog()).toMatchObject([{ pending: 1_001, oldestDueAt: waitsSince }]);
    expect(createUndelivered(sql)()).toMatchObject([{ pending: 1_001, oldestAt: waitsSince }]);
  });

  test('what has been tried for longer is the oldest', () => {
    schedule();
    expect(createUndelivered(sql)()).toMatchObject([{ pending: 1_001, oldestAt: waitsSince }]);
  });
});

describe('behind hundreds that were made just now about events of long ago', () => {
  const waitsSince = later - 6 * hour;
  beforeEach(() => {
    for (let i = 1; i <= 250; i++) {
      createDeliveryStore(sql).add(
        newDelivery({ eventSeq: firstSeqAt(startMs) + i, subject: String(i), createdAt: later, expiresAt: later + lifetimeMs }),
      );
    }
    createDeliveryStore(sql).add(newDelivery({ eventSeq: firstSeqAt(waitsSince), createdAt: waitsSince }));
  });

  test.each([
    ['in the queue', () => {}],
    ['among those that are tried again', schedule],
  ])('what has waited for longer is the oldest %s', (_, bring) => {
    bring();
    expect(createUndelivered(sql)()).toMatchObject([{ pending: 251, oldestAt: waitsSince }]);
  });
});

test('destinations with something open are found by name, in any state, and none that has only ended ones', () => {
  const states = { ended: 'delivered', dead: 'dead', next: 'queued', first: 'queued', backoff: 'scheduled', now: 'sending' };
  Object.entries(states).forEach(([destination, status], i) => {
    for (const n of [1, 2]) createDeliveryStore(sql).add(newDelivery({ eventSeq: i + 1, n, destination, subject: String(n) }));
    sql.query('UPDATE deliveries SET status = ? WHERE destination = ?', status, destination);
  });
  expect(createBacklog(sql).destinationsWithOpen()).toEqual(['backoff', 'first', 'next', 'now']);
});
