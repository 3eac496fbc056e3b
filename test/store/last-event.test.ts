import { expect, test } from 'vitest';
import { createEventStore } from '../../src/store/events.ts';
import { createLastEvent } from '../../src/store/last-event.ts';
import { migrate } from '../../src/store/migrations.ts';
import { openMemorySql } from './memory-sql.ts';
import { newEvent } from './new-event.ts';

test('the last event is a webhook: neither what the relay says about itself, nor what reconciliation took', () => {
  const sql = openMemorySql();
  migrate(sql);
  const events = createEventStore(sql);
  const lastEventAt = createLastEvent(sql);
  expect(lastEventAt()).toBeNull();
  events.add(newEvent({ seq: 1, receivedAt: 1_000 }));
  events.add(newEvent({ seq: 2, receivedAt: 2_000, outcome: 'quarantined', kind: null }));
  events.add(newEvent({ seq: 3, receivedAt: 3_000, scheme: 'reconcile' }));
  events.add(newEvent({ seq: 4, receivedAt: 4_000, kind: 'relay', scheme: 'relay' }));
  expect(lastEventAt()).toBe(2_000);
});

test('a look goes back no further than the one before it, however much there is at the end that is no webhook', () => {
  const sql = openMemorySql();
  migrate(sql);
  const events = createEventStore(sql);
  const lastEventAt = createLastEvent(sql);
  events.add(newEvent({ seq: 1, receivedAt: 1_000 }));
  events.add(newEvent({ seq: 2, receivedAt: 2_000, scheme: 'reconcile' }));
  expect(lastEventAt()).toBe(1_000);
  // Nobody changes an event: it would show that the old one was read again.
  sql.query('UPDATE events SET received_at = 0 WHERE seq = 1');
  events.add(newEvent({ seq: 3, receivedAt: 3_000, scheme: 'reconcile' }));
  expect(lastEventAt()).toBe(1_000);
  events.add(newEvent({ seq: 4, receivedAt: 4_000 }));
  events.add(newEvent({ seq: 5, receivedAt: 5_000, scheme: 'reconcile' }));
  expect([lastEventAt(), createLastEvent(sql)()]).toEqual([4_000, 4_000]);
});
