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
