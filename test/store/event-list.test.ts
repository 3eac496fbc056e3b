import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { firstSeqAt } from '../../src/event/id.ts';
import type { Sql, SqlValue } from '../../src/ports.ts';
import { globMatches } from '../../src/rules/glob.ts';
import { noEventConditions, type EventConditions } from '../../src/store/event-conditions.ts';
import { createEventList } from '../../src/store/event-list.ts';
import { createEventStore, type NewEvent } from '../../src/store/events.ts';
import { openFileStore } from './file-store.ts';
import { newEvent } from './new-event.ts';

type Asked = typeof noEventConditions;

let sql: Sql;
beforeEach(() => void (sql = openFileStore()));

function add(...events: (Partial<NewEvent> & { seq: number })[]): void {
  const store = createEventStore(sql);
  sql.transaction(() => events.forEach((event) => store.add(newEvent(event))));
}

const found = (asked: Partial<Asked>) =>
  createEventList(sql)
    .page({ ...noEventConditions, ...asked }, { below: null, limit: 50 })
    .rows.map(({ seq }) => seq);

/** All that a walk through the pages finds, and how many pages that took. */
function walked(asked: Asked, limit: number, budget: number, betweenPages: () => void = () => {}) {
  const list = createEventList(sql);
  const seqs: number[] = [];
  let below: number | null = null;
  for (let pages = 1; ; pages++) {
    const page = list.page(asked, { below, limit }, budget);
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    seqs.push(...page.rows.map(({ seq }) => seq));
    if (page.next === null) return { seqs, pages };
    below = page.next;
    betweenPages();
  }
}

describe('what a filter finds', () => {
  test('a rule by its whole name, not by part of one, whatever the name is made of', () => {
    add(
      { seq: 1, rules: ['page'] },
      { seq: 2, rules: ['deliveries-page', 'x'] },
      { seq: 3, rules: ['a","page'] },
      { seq: 4, rules: ['x,', ',y'] },
      { seq: 5, rules: ['say "page"'] },
      { seq: 6, rules: [] },
    );
    expect(found({ rules: ['page'] })).toEqual([1]);
    expect(found({ rules: [','] })).toEqual([]);
    expect(found({ rules: ['a","page', 'say "page"', 'x'] })).toEqual([5, 3, 2]);
  });

  test('text in an id, a type, a dataset, a subject or the name of a rule, in any case, each character for itself', () => {
    add(
      { seq: 1, jobId: 'Job-100%' },
      { seq: 2, jobType: 'models_deliver', jobId: 'b' },
      { seq: 3, subject: 'models-deliver/1' },
      { seq: 4, datasetId: '4711', subject: null },
      { seq: 5, rules: ['nightly', 'say "models" \\ twice'] },
      { seq: 6, kind: null, jobId: null, jobType: null, datasetId: null, subject: null, rules: [] },
    );
    expect(found({ text: '100%' })).toEqual([1]);
    expect(found({ text: 'jOB-100' })).toEqual([1]);
    expect(found({ text: 's_d' })).toEqual([2]);
    expect(found({ text: 'MODELS' })).toEqual([5, 3, 2]);
    expect(found({ text: '471' })).toEqual([4]);
    expect(found({ text: '"models" \\ t' })).toEqual([5]);
    // Of the JSON that names are kept in, nothing is found.
    expect(found({ text: '","' })).toEqual([]);
    expect(found({ text: '[' })).toEqual([]);
  });

  test('a time range by when events were accepted, with its beginning and without its end', () => {
    const at = (ms: number) => firstSeqAt(1_772_000_000_000 + ms);
    add({ seq: at(0) - 1 }, { seq: at(0) }, { seq: at(1) + 7 }, { seq: at(2) });
    const fromMs = 1_772_000_000_000;
    expect(found({ fromMs, untilMs: fromMs + 2 })).toEqual([at(1) + 7, at(0)]);
    expect(found({ untilMs: fromMs })).toEqual([at(0) - 1]);
  });

  test.each(['a[b]c', 'a[^b]*', '[a-c]?', '*]', '?', '*', '漢?', 'A*'])('types by a glob as rules mean it: %s', (glob) => {
    const types = ['a[b]c', 'abc', 'a^', 'a[^b]', 'a[^b]xyz', 'a', '漢字', 'b?', '[a-c]x', ']', 'A1'];
    add(...types.map((jobType, i) => ({ seq: i + 1, jobType })));
    const wanted = types.flatMap((type, i) => (globMatches(glob, type) ? [i + 1] : [])).toReversed();
    expect(found({ types: [glob] })).toEqual(wanted);
    expect(found({ types: ['abc', glob] })).toEqual([...new Set([...wanted, 2])].toSorted((a, b) => b - a));
  });
});

describe('a search of a bounded length', () => {
  const everySecondFailed = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      seq: i + 1,
      receivedAt: 1_000 + i,
      state: i % 2 === 0 ? 'failed' : 'completed',
    }));

  test('ends at its budget, and says how far back that was and where to go on', () => {
    add(...everySecondFailed(10));
    const list = createEventList(sql);
    const asked = { ...noEventConditions, states: ['nothing'] };
    const first = list.page(asked, { below: null, limit: 5 }, 4);
    expect(first).toEqual({ rows: [], next: 7, searchedTo: 1_006 });
    expect(list.page(asked, { below: 7, limit: 5 }, 4)).toEqual({ rows: [], next: 3, searchedTo: 1_002 });
    expect(list.page(asked, { below: 3, limit: 5 }, 4)).toEqual({ rows: [], next: null, searchedTo: null });
  });

  test('a page that is full says nothing of how far the search got', () => {
    add(...everySecondFailed(10));
    const page = createEventList(sql).page({ ...noEventConditions, states: ['failed'] }, { below: null, limit: 2 }, 4);
    expect([page.rows.map(({ seq }) => seq), page.next, page.searchedTo]).toEqual([[9, 7], 7, null]);
  });

  test('the last page has no next, whether it is full or not', () => {
    add(...everySecondFailed(10));
    const list = createEventList(sql);
    const failed = { ...noEventConditions, states: ['failed'] };
    expect(list.page(failed, { below: null, limit: 5 }).next).toBeNull();
    expect(list.page(failed, { below: null, limit: 4 }).next).toBe(3);
    expect(list.page(noEventConditions, { below: 1, limit: 4 })).toEqual({ rows: [], next: null, searchedTo: null });
  });
});

/** Statements as they come, and how SQLite goes about each of them. */
function planning(real: Sql) {
  const asked: { text: string; values: SqlValue[]; plan: string[] }[] = [];
  const query: Sql['query'] = (text, ...values) => {
    const plan = real.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...values).map(({ detail }) => detail);
    asked.push({ text, values, plan });
    return real.query(text, ...values);
  };
  return { asked, sql: { ...real, query } };
}

test('a search goes through the index alone, and reads the rows of its page and no others from the table', () => {
  add(...Array.from({ length: 100 }, (_, i) => ({ seq: i + 1, rules: ['page'], jobId: `job ${i}` })));
  const everything: EventConditions = {
    states: ['failed'],
    types: ['mat*', 'x'],
    datasets: ['10736'],
    outcomes: ['routed'],
    kinds: ['job'],
    subscriptions: ['production'],
    rules: ['page'],
    job: null,
    subject: '10736',
    text: 'job 9',
  };
  const ofEvents = /^(?:SEARCH|SCAN) events /;
  const { asked, sql: watched } = planning(sql);
  const page = createEventList(watched).page({ ...noEventConditions, ...everything }, { below: null, limit: 3 });
  expect(page.rows.map(({ seq }) => seq)).toEqual([100, 99, 98]);
  const reads = asked.map(({ plan }) => plan.filter((step) => ofEvents.test(step)));
  const walk = reads.slice(0, -1).flat();
  expect(walk.length).toBeGreaterThan(1);
  for (const step of walk) expect(step).toMatch(/^SEARCH events USING COVERING INDEX events_listed \(seq>\? AND seq<\?\)$/);
  expect(reads.at(-1)).toEqual(['SEARCH events USING INTEGER PRIMARY KEY (rowid=?)']);
  expect(asked.at(-1)!.values).toEqual(['[100,99,98]']);
  expect(asked.flatMap(({ plan }) => plan).filter((step) => step.includes('TEMP B-TREE'))).toEqual([]);
});

const names = ['a', 'ab', 'b', 'A', 'a"b', '[a', 'b,a', '%', '_'];
const name = fc.constantFrom(...names);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
const some = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant<T[]>([]) }, fc.array(value, { maxLength: 3 }));

const anyEvent = fc.record({
  outcome: fc.constantFrom('routed' as const, 'unrouted' as const, 'quarantined' as const),
  kind: orNull(fc.constantFrom('job', 'app', 'relay')),
  state: orNull(name),
  jobType: orNull(name),
  jobId: orNull(name),
  datasetId: orNull(name),
  subject: orNull(name),
  subscription: name,
  rules: fc.uniqueArray(name, { maxLength: 3 }),
});
type AnyEvent = typeof anyEvent extends fc.Arbitrary<infer T> ? T : never;

const rarely = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 1 });

const anyFilter: fc.Arbitrary<Asked> = fc.record({
  fromMs: rarely(fc.integer({ min: 0, max: 30 })),
  untilMs: rarely(fc.integer({ min: 10, max: 40 })),
  states: some(name),
  types: some(fc.constantFrom(...names, 'a*', '*b', '?', '[a*', '*')),
  datasets: some(name),
  outcomes: some(fc.constantFrom('routed', 'unrouted', 'quarantined')),
  kinds: some(fc.constantFrom('job', 'app', 'relay')),
  subscriptions: some(name),
  rules: some(name),
  job: rarely(name),
  subject: rarely(name),
  text: rarely(fc.constantFrom(...names, 'B', '"', ',')),
});

/** The same, said in JavaScript. */
function isAskedFor(asked: Asked, seq: number, event: AnyEvent): boolean {
  const among = (values: readonly string[], value: string | null) =>
    values.length === 0 || (value !== null && values.includes(value));
  const holds = (value: string | null) => value?.toLowerCase().includes(asked.text!.toLowerCase()) ?? false;
  const { jobType } = event;
  return (
    (asked.fromMs === null || seq >= firstSeqAt(asked.fromMs)) &&
    (asked.untilMs === null || seq < firstSeqAt(asked.untilMs)) &&
    among(asked.states, event.state) &&
    (asked.types.length === 0 || (jobType !== null && asked.types.some((type) => globMatches(type, jobType)))) &&
    among(asked.datasets, event.datasetId) &&
    among(asked.outcomes, event.outcome) &&
    among(asked.kinds, event.kind) &&
    among(asked.subscriptions, event.subscription) &&
    (asked.rules.length === 0 || event.rules.some((rule) => asked.rules.includes(rule))) &&
    (asked.job === null || event.jobId === asked.job) &&
    (asked.subject === null || event.subject === asked.subject) &&
    (asked.text === null || [event.jobId, jobType, event.datasetId, event.subject, ...event.rules].some(holds))
  );
}

test('page by page, a search finds what a plain filter does, none twice and none left out, while events keep coming', () => {
  const store = createEventStore(sql);
  fc.assert(
    fc.property(
      fc.array(anyEvent, { minLength: 1, maxLength: 40 }),
      fc.array(anyEvent, { maxLength: 5 }),
      anyFilter,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 12 }),
      (events, coming, asked, limit, budget) => {
        sql.query('DELETE FROM events');
        const seqOf = (i: number) => firstSeqAt(i) + (i % 3);
        events.forEach((event, i) => store.add(newEvent({ seq: seqOf(i), ...event })));
        const wanted = events.flatMap((event, i) => (isAskedFor(asked, seqOf(i), event) ? [seqOf(i)] : [])).toReversed();
        const later = coming.map((event, i) => newEvent({ seq: firstSeqAt(100) + i, ...event }));
        const { seqs, pages } = walked(asked, limit, budget, () => {
          const next = later.shift();
          if (next) store.add(next);
        });
        expect(seqs).toEqual(wanted);
        // A page is full, or has looked at all it may; and the first strides of it are not looked at again.
        expect(pages).toBeLessThanOrEqual(1 + Math.floor(wanted.length / limit) + Math.ceil(events.length / budget));
      },
    ),
    { numRuns: 300 },
  );
});

test('what comes after a number is found oldest first, so far as one look goes', () => {
  add(...[1, 2, 3, 4, 5, 6].map((seq) => ({ seq, state: seq % 2 === 0 ? 'failed' : 'running' })));
  const list = createEventList(sql);
  const failed = { ...noEventConditions, states: ['failed'] };
  const newer = (after: number, most: number, limit: number) => {
    const { rows, reached } = list.newer(failed, after, { most, limit });
    return [rows.map(({ seq }) => seq), reached];
  };
  expect(newer(0, 10, 10)).toEqual([[2, 4, 6], 6]);
  expect(newer(0, 3, 10)).toEqual([[2], 3]);
  expect(newer(0, 10, 2)).toEqual([[2, 4], 4]);
  expect(newer(4, 1, 10)).toEqual([[], 5]);
  expect(newer(6, 10, 10)).toEqual([[], null]);
});
