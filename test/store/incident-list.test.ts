import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { Sql } from '../../src/ports.ts';
import { createEventStore } from '../../src/store/events.ts';
import { createIncidentList, type IncidentConditions } from '../../src/store/incident-list.ts';
import { createIncidentStore, type IncidentKind } from '../../src/store/incidents.ts';
import { openFileStore } from './file-store.ts';
import { newEvent } from './new-event.ts';

let sql: Sql;
beforeEach(() => void (sql = openFileStore()));

const kinds = ['subject', 'group', 'late', 'expect'] as const;
const anything: IncidentConditions = { status: 'all', kinds: [], text: null };

function open(id: number, kind: IncidentKind, subject: string, ended: boolean): void {
  const store = createIncidentStore(sql);
  store.open({ id, kind, subject, at: 1_000, failures: 1, said: null });
  if (ended) store.end(id, 2_000, null);
}

test('page by page, a search finds what a plain filter does, the newest first, while others open', () => {
  const incident = fc.record({
    kind: fc.constantFrom(...kinds),
    subject: fc.constantFrom('a', 'ab', 'A%', 'c_d'),
    ended: fc.boolean(),
  });
  const conditions: fc.Arbitrary<IncidentConditions> = fc.record({
    status: fc.constantFrom('open', 'ended', 'all'),
    kinds: fc.uniqueArray(fc.constantFrom(...kinds), { maxLength: 2 }),
    text: fc.constantFrom(null, null, 'a', '%', '_', 'B'),
  });
  fc.assert(
    fc.property(
      fc.array(incident, { maxLength: 30 }),
      conditions,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 8 }),
      (incidents, asked, limit, budget) => {
        sql.query('DELETE FROM incidents');
        incidents.forEach(({ kind, subject, ended }, i) => open(i + 1, kind, subject, ended));
        const wanted = incidents.flatMap(({ kind, subject, ended }, i) => {
          const fits =
            (asked.status === 'all' || (asked.status === 'ended') === ended) &&
            (asked.kinds.length === 0 || asked.kinds.includes(kind)) &&
            (asked.text === null || subject.toLowerCase().includes(asked.text.toLowerCase()));
          return fits ? [i + 1] : [];
        });
        const found: number[] = [];
        for (let below: number | null = null, later = 100; ; later++) {
          const page = createIncidentList(sql).page(asked, { below, limit }, budget);
          found.push(...page.rows.map(({ id }) => id));
          if (page.next === null) break;
          below = page.next;
          open(later, 'subject', 'a', false);
        }
        expect(found).toEqual(wanted.toReversed());
      },
    ),
    { numRuns: 200 },
  );
});

test('what is open is looked for among what is open alone', () => {
  const plans: string[] = [];
  const query: Sql['query'] = (text, ...values) => {
    plans.push(...sql.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...values).map(({ detail }) => detail));
    return sql.query(text, ...values);
  };
  open(1, 'subject', 'a', true);
  open(2, 'subject', 'a', false);
  const page = createIncidentList({ ...sql, query }).page({ ...anything, status: 'open' }, { below: null, limit: 1 });
  expect(page.rows.map(({ id }) => id)).toEqual([2]);
  const searches = plans.filter((plan) => /^(?:SEARCH|SCAN) incidents/.test(plan));
  expect(searches.length).toBeGreaterThan(0);
  for (const search of searches) expect(search).toMatch(/INDEX incidents_open \(kind=\? AND id>\? AND id<\?\)$/);
});

test('of what is open no more is looked at than a request may, however rare one kind is', () => {
  for (const id of [1, 2, 3]) open(id, 'late', 'late/j', false);
  for (let id = 4; id <= 30; id++) open(id, 'subject', 'a', false);
  const nothing: IncidentConditions = { ...anything, status: 'open', text: 'nothing' };
  expect(createIncidentList(sql).page(nothing, { below: null, limit: 5 }, 3)).toEqual({ rows: [], next: 28 });
});

test('the events that began and ended an incident are named while they are there', () => {
  const events = createEventStore(sql);
  const store = createIncidentStore(sql);
  events.add(newEvent({ seq: 1 }));
  events.add(newEvent({ seq: 5 }));
  store.open({ id: 1, kind: 'subject', subject: 'a', at: 1_000, failures: 1, said: null });
  store.end(1, 2_000, 5);
  store.open({ id: 6, kind: 'expect', subject: 'expect/r', at: 1_000, failures: 1, said: null });
  const list = createIncidentList(sql);
  expect(list.find(1)).toMatchObject({ openedBy: 1, endedBy: 5 });
  expect(list.find(6)).toMatchObject({ openedBy: null, endedBy: null });
  expect(list.find(7)).toBeNull();
  sql.query('DELETE FROM events');
  expect(list.find(1)).toMatchObject({ openedBy: null, endedBy: null });
});
