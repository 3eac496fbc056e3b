import { beforeEach, describe, expect, test } from 'vitest';
import { firstSeqAt } from '../../src/event/id.ts';
import { createDecisionStore } from '../../src/store/decisions.ts';
import { createIncidentStore, type IncidentStore } from '../../src/store/incidents.ts';
import { migrate } from '../../src/store/migrations.ts';
import { createThreadStore } from '../../src/store/threads.ts';
import { openMemorySql } from './memory-sql.ts';

let sql: ReturnType<typeof openMemorySql>;
let incidents: IncidentStore;

beforeEach(() => {
  sql = openMemorySql();
  migrate(sql);
  incidents = createIncidentStore(sql);
});

describe('a subject', () => {
  test('keeps the latest failure and the latest completion, in whatever order they come', () => {
    expect(incidents.note('a', 'failed', 20, 1)).toEqual({ failedUs: 20, completedUs: 0, incident: null });
    incidents.note('a', 'completed', 30, 2);
    incidents.note('a', 'failed', 10, 3);
    expect(incidents.note('a', 'completed', 25, 4)).toEqual({ failedUs: 20, completedUs: 30, incident: null });
    expect(incidents.subject('a')).toEqual({ failedUs: 20, completedUs: 30, incident: null });
    expect(incidents.subject('b')).toBeNull();
  });

  test('keeps which incident is open through all that is noted', () => {
    incidents.note('a', 'failed', 20, 1);
    incidents.note('b', 'failed', 20, 1);
    incidents.setOpen('a', 7);
    expect(incidents.note('a', 'failed', 30, 2).incident).toBe(7);
    expect(incidents.note('b', 'failed', 30, 2).incident).toBeNull();
    incidents.setOpen('a', null);
    expect(incidents.subject('a')!.incident).toBeNull();
  });
});

describe('an incident', () => {
  const opened = { id: 7, kind: 'subject', subject: 'a', at: 1_000, failures: 1, said: 'executor lost' } as const;

  test('begins with its first failure, which is also its last', () => {
    incidents.open(opened);
    expect(incidents.find(7)).toEqual({
      id: 7,
      kind: 'subject',
      subject: 'a',
      openedAt: 1_000,
      lastAt: 1_000,
      failures: 1,
      firstSaid: 'executor lost',
      lastSaid: 'executor lost',
      endedAt: null,
      endedBy: null,
    });
    expect(incidents.find(8)).toBeNull();
  });

  test.each([
    ['later', 2_000, { openedAt: 1_000, lastAt: 2_000, firstSaid: 'executor lost', lastSaid: 'out of memory' }],
    ['earlier', 500, { openedAt: 500, lastAt: 1_000, firstSaid: 'out of memory', lastSaid: 'executor lost' }],
    ['at the same time', 1_000, { openedAt: 1_000, lastAt: 1_000, firstSaid: 'executor lost', lastSaid: 'out of memory' }],
  ])('counts a failure that happened %s, and knows what was said first and last', (_when, at, known) => {
    incidents.open(opened);
    incidents.again(7, at, 'out of memory');
    expect(incidents.find(7)).toMatchObject({ ...known, failures: 2 });
  });

  test('ends once: what comes later does not end it again', () => {
    incidents.open(opened);
    incidents.open({ ...opened, id: 8, subject: 'b' });
    expect(incidents.countOpen()).toBe(2);
    incidents.end(7, 3_000, 9);
    incidents.end(7, 4_000, 10);
    expect(incidents.find(7)).toMatchObject({ endedAt: 3_000, endedBy: 9 });
    expect(incidents.countOpen()).toBe(1);
  });
});

test('an incident is forgotten when both clocks say that it is over for long: what is old news may be under way here', () => {
  const before = 1_000_000_000;
  // Deliveries of an incident that has just ended may still be under way.
  const ended = before - 3 * 24 * 3_600_000;
  const opened = { kind: 'subject' as const, subject: 'a', at: 1_000, failures: 1, said: null };
  for (const [n, endedAt, endedBy] of [
    [1, 2_000, firstSeqAt(ended) - 1],
    [2, 2_000, firstSeqAt(ended)],
    [3, ended, firstSeqAt(ended) - 1],
  ] as const) {
    incidents.open({ ...opened, id: n });
    incidents.end(n, endedAt, endedBy);
  }
  expect(incidents.forget(before, 10)).toBe(1);
  expect([1, 2, 3].map((id) => incidents.find(id)?.id)).toEqual([undefined, 2, 3]);
});

test('a decision is replaced by a later one of the same rule on the same event, and by no other', () => {
  const decisions = createDecisionStore(sql);
  decisions.put(1, { rule: 'b', kind: 'held', until: 5, detail: 'held' });
  decisions.put(1, { rule: 'a', kind: 'repeat', until: null, detail: 'counted' });
  decisions.put(2, { rule: 'b', kind: 'late', until: null, detail: 'late' });
  decisions.put(1, { rule: 'b', kind: 'cancelled', until: null, detail: 'over' });
  expect(decisions.of(1)).toEqual([
    { rule: 'a', kind: 'repeat', until: null, detail: 'counted' },
    { rule: 'b', kind: 'cancelled', until: null, detail: 'over' },
  ]);
  decisions.remove(1, 'b');
  expect([decisions.of(1).length, decisions.of(2).length]).toEqual([1, 1]);
});

test('the first message about an incident is kept for each destination, and a later root takes its place', () => {
  const threads = createThreadStore(sql);
  threads.keep(7, 'chat', { root: '1' });
  threads.keep(7, 'team', { root: '2' });
  threads.keep(7, 'chat', { root: '3', channel: 'C1' });
  expect([threads.find(7, 'chat'), threads.find(7, 'team'), threads.find(8, 'chat')]).toEqual([
    { root: '3', channel: 'C1' },
    { root: '2' },
    null,
  ]);
});

test('a subject that is broken is kept for a year beyond the retention, for the run that mends it', () => {
  const year = 370 * 24 * 3_600_000;
  incidents.note('monthly', 'failed', 1_000, 1);
  incidents.open({ id: 1, kind: 'subject', subject: 'monthly', at: 1, failures: 1, said: null });
  incidents.setOpen('monthly', 1);
  incidents.forgetSubject('monthly', 10);
  expect([incidents.forget(year - 1, 10), incidents.subject('monthly')?.incident]).toEqual([0, 1]);
  expect([incidents.forget(year + 2, 10), incidents.subject('monthly')]).toEqual([1, null]);
});
