import { beforeEach, describe, expect, test } from 'vitest';
import { eventId } from '../../src/event/id.ts';
import { createEventOperations } from '../../src/operate/events.ts';
import type { Looked } from '../../src/operate/explain-event.ts';
import { eventDetail, eventPage, type ExplanationView } from '../../src/operate/shapes/views.ts';
import type { Sql } from '../../src/ports.ts';
import { createDecisionStore } from '../../src/store/decisions.ts';
import { createEventStore, type NewEvent } from '../../src/store/events.ts';
import { openFileStore } from '../store/file-store.ts';
import { newEvent } from '../store/new-event.ts';
import { anyEvent, firstPage, refusalOf, valueOf } from './asked.ts';

const receivedAt = Date.UTC(2026, 2, 2, 9, 12, 5, 250);

let sql: Sql;
let explained: string[];
let handedOn: (Looked | null)[];
const noExplanation: ExplanationView = {
  rules_version: 'v1',
  subject: 'a',
  rules: [],
  unmatched: null,
  deliveries: [],
  incident: null,
  standing: [],
};
beforeEach(() => {
  sql = openFileStore();
  explained = [];
  handedOn = [];
});

const operations = () =>
  createEventOperations({
    sql,
    deliveriesOf(_seq, event) {
      handedOn.push(event);
      return [];
    },
    explanationOf({ received }) {
      explained.push(received.id);
      return noExplanation;
    },
  });

function add(...events: (Partial<NewEvent> & { seq: number })[]): void {
  for (const event of events) createEventStore(sql).add(newEvent({ receivedAt, ...event }));
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('the list of events', () => {
  test('says of each what it was and what became of it, the newest first', () => {
    add(
      {
        seq: 1,
        kind: null,
        type: null,
        state: null,
        jobId: null,
        jobType: null,
        datasetId: null,
        outcome: 'quarantined',
        reason: 'no job',
        updatedAtUs: null,
        subject: null,
      },
      { seq: 2, rules: ['page', 'chat'], updatedAtUs: Date.UTC(2026, 2, 2, 9, 12) * 1000 + 999 },
      { seq: 3, scheme: 'replay', replayOf: 2 },
      { seq: 4 },
      { seq: 5, kind: 'relay', scheme: 'relay', subscription: 'relay', type: 'relay.backlog' },
    );
    createEventStore(sql).markRepeated(4, 2);
    const page = valueOf(operations().list(anyEvent, firstPage));
    expect(eventPage.parse(page)).toEqual(page);
    expect(page.events.map(({ id }) => id)).toEqual([5, 4, 3, 2, 1].map(eventId));
    const [relay, repeated, replay, routed, quarantined] = page.events;
    expect(relay).toMatchObject({ kind: 'relay', scheme: 'relay', type: 'relay.backlog' });
    expect(repeated).toMatchObject({ outcome: 'repeated', duplicate_of: eventId(2), rules: [] });
    expect(replay).toMatchObject({ replay_of: eventId(2), duplicate_of: null });
    expect(routed).toMatchObject({
      received_at: '2026-03-02T09:12:05.250Z',
      updated_at: '2026-03-02T09:12:00.000Z',
      rules: ['page', 'chat'],
      job_id: 'job-2',
      dataset_id: '10736',
    });
    expect(quarantined).toMatchObject({ kind: null, reason: 'no job', updated_at: null, subject: null });
  });

  test('goes on where the page before ended, also with an id as it was read out', () => {
    add({ seq: 100 }, { seq: 202 }, { seq: 300 });
    const first = valueOf(operations().list(anyEvent, { limit: 2, before: null }));
    expect(first.next).toBe(eventId(202));
    expect(first.next).toMatch(/[A-Z]$/);
    const second = operations().list(anyEvent, { limit: 2, before: first.next!.toLowerCase() });
    expect(valueOf(second)).toMatchObject({ events: [{ id: eventId(100) }], next: null, searched_to: null });
  });

  test.each(['', 'evt_', 'dlv_00000000001_1', 'inc_00000000001', "1' OR 1"])('refuses %j as a place to go on', (before) => {
    expect(refusalOf(operations().list(anyEvent, { limit: 2, before }))).toMatchObject({ status: 'invalid', field: 'before' });
  });

  test('refuses a range that ends before it begins, and more globs than a search can bear', () => {
    const list = (filter: object) => refusalOf(operations().list({ ...anyEvent, ...filter }, firstPage));
    expect(list({ fromMs: 2_000, untilMs: 2_000 })).toMatchObject({ status: 'invalid', field: 'until' });
    const types = Array.from({ length: 9 }, (_, i) => `*${i}`);
    expect(list({ types })).toMatchObject({ status: 'invalid', field: 'type' });
    expect(valueOf(operations().list({ ...anyEvent, types: [...types.slice(1), 'exact'] }, firstPage)).events).toEqual([]);
  });
});

describe('one event', () => {
  test('is shown with its body as it came, what was decided, and its replays', () => {
    add({ seq: 7, body: bytes('\uFEFF{"a": "é <b>"}\n'), rules: ['page'] }, { seq: 8, scheme: 'replay', replayOf: 7 });
    const decisions = createDecisionStore(sql);
    decisions.put(7, { rule: 'page', kind: 'held', until: receivedAt, detail: 'held' });
    decisions.put(7, { rule: 'other', kind: 'itself', until: null, detail: 'kept' });
    const shown = valueOf(operations().show(eventId(7).toLowerCase()));
    expect(eventDetail.parse(shown)).toEqual(shown);
    expect(shown).toMatchObject({
      id: eventId(7),
      body: '\uFEFF{"a": "é <b>"}\n',
      bytes: 19,
      idempotency_key: 'key-7',
      content_type: 'application/json',
      rules_version: 'v1',
      replays: [eventId(8)],
      decisions: [
        { rule: 'other', kind: 'itself', until: null, detail: 'kept' },
        { rule: 'page', kind: 'held', until: '2026-03-02T09:12:05.250Z', detail: 'held' },
      ],
    });
    // Its body is no event.
    expect(shown.explanation).toBeNull();
    expect(explained).toEqual([]);
  });

  test('is explained, and hands what was read of it to its deliveries', () => {
    const body = bytes('{"type":"job.failed","data":{"job_id":"a","state":"failed","type":"costs","input":{}}}');
    add({ seq: 7, body });
    expect(valueOf(operations().show(eventId(7))).explanation).toEqual(noExplanation);
    expect(explained).toEqual([eventId(7)]);
    expect(handedOn.map((each) => each?.received.id)).toEqual([eventId(7)]);
  });

  test('gives its body without looking at anything else', () => {
    add({ seq: 7, subscription: 'production', body: bytes('\uFEFF{"a": "é <b>"}\n') });
    expect(valueOf(operations().body(eventId(7).toLowerCase()))).toEqual({
      id: eventId(7),
      subscription: 'production',
      content_type: 'application/json',
      body: '\uFEFF{"a": "é <b>"}\n',
    });
    expect(explained).toEqual([]);
    expect(refusalOf(operations().body('evt_none')).status).toBe('not-found');
  });

  test('with a body that is no text is shown as far as it is', () => {
    add({ seq: 7, body: Uint8Array.of(0x7b, 0xff, 0x7d) });
    expect(valueOf(operations().show(eventId(7)))).toMatchObject({ body: '{\uFFFD}', bytes: 3 });
  });

  test('proposes a silence of its dataset, else of its job type, else none', () => {
    add({ seq: 1 }, { seq: 2, datasetId: null }, { seq: 3, datasetId: null, jobType: null });
    const matches = [1, 2, 3].map((seq) => valueOf(operations().show(eventId(seq))).match);
    expect(matches).toEqual([{ dataset_ids: ['10736'] }, { job_types: ['materialize-view'] }, null]);
  });

  test.each([eventId(9), 'evt_none', '', eventId(9).repeat(50)])('that is not there is not found: %s', (id) => {
    add({ seq: 7 });
    const refusal = refusalOf(operations().show(id));
    expect(refusal.status).toBe('not-found');
    expect(refusal.detail.length).toBeLessThan(250);
  });
});
