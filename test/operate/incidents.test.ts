import { beforeEach, describe, expect, test } from 'vitest';
import { eventId, firstSeqAt, incidentId } from '../../src/event/id.ts';
import type { Silences } from '../../src/incident/covering.ts';
import { createIncidentOperations } from '../../src/operate/incidents.ts';
import { incidentDetail, incidentPage } from '../../src/operate/shapes/views.ts';
import type { Sql } from '../../src/ports.ts';
import type { Routable } from '../../src/rules/plan.ts';
import { createAlertStore, type Alert } from '../../src/store/alerts.ts';
import { createEventStore, type NewEvent } from '../../src/store/events.ts';
import { createIncidentStore, type IncidentKind } from '../../src/store/incidents.ts';
import { createLateStore } from '../../src/store/late.ts';
import { openFileStore } from '../store/file-store.ts';
import { newEvent } from '../store/new-event.ts';
import { firstPage, openIncidents, refusalOf, valueOf } from './asked.ts';

const startMs = Date.UTC(2026, 2, 2, 9, 12);
/** The number of an event that came so many seconds after the start. */
const at = (seconds: number) => firstSeqAt(startMs + seconds * 1_000);

let sql: Sql;
beforeEach(() => void (sql = openFileStore()));

const operations = (silences: Silences = { covering: () => null }) =>
  createIncidentOperations({ sql, clock: { now: () => startMs + 600_000 }, silences });

function add(seconds: number, changes: Partial<NewEvent> = {}): void {
  const { jobId = `job-${seconds}`, state = 'failed' } = changes;
  const body = new TextEncoder().encode(
    JSON.stringify({ type: `job.${state}`, data: { job_id: jobId, state, type: 'upload-stats' } }),
  );
  createEventStore(sql).add(
    newEvent({ seq: at(seconds), receivedAt: startMs + seconds * 1_000, jobId, state, subject: 'a', body, ...changes }),
  );
}

function open(id: number, { kind = 'subject' as IncidentKind, subject = 'a', openedAt = startMs } = {}): void {
  const store = createIncidentStore(sql);
  store.open({ id, kind, subject, at: openedAt, failures: 1, said: 'boom' });
  if (kind !== 'subject') return;
  store.note(subject, 'failed', startMs * 1000, startMs);
  store.setOpen(subject, id);
}

function alert(incident: number, eventSeq: number, changes: Partial<Alert> = {}): void {
  createAlertStore(sql).put({
    subject: 'a',
    rule: 'page',
    incident,
    phase: 'told',
    dueAt: null,
    armedAt: startMs,
    editAt: null,
    editedAt: null,
    toldAt: startMs + 60_000,
    toldHere: true,
    untold: 0,
    eventSeq,
    silence: null,
    spec: { policy: null, send: [], usual: 'error', owners: [], groupKey: null },
    ...changes,
  });
}

const list = (asked: object = {}, silences?: Silences) =>
  valueOf(operations(silences).list({ ...openIncidents, ...asked }, firstPage)).incidents;

describe('the list of incidents', () => {
  test('names what is open, of all kinds, the newest first, with the events that began and ended it while they are there', () => {
    add(1);
    add(5);
    open(at(1));
    open(at(2), { kind: 'expect', subject: 'expect/daily' });
    createIncidentStore(sql).open({ id: at(0), kind: 'subject', subject: 'b', at: startMs, failures: 3, said: null });
    createIncidentStore(sql).end(at(0), startMs + 5_000, at(5));
    const page = valueOf(operations().list({ ...openIncidents, status: 'all' }, firstPage));
    expect(incidentPage.parse(page)).toEqual(page);
    expect(page.incidents).toMatchObject([
      { id: incidentId(at(2)), kind: 'expect', status: 'open', opened_by: null, ended_at: null },
      {
        id: incidentId(at(1)),
        status: 'open',
        opened_by: eventId(at(1)),
        first_said: 'boom',
        opened_at: '2026-03-02T09:12:00.000Z',
      },
      { id: incidentId(at(0)), status: 'ended', opened_by: null, ended_by: eventId(at(5)), ended_at: '2026-03-02T09:12:05.000Z' },
    ]);
    expect(list().map(({ subject }) => subject)).toEqual(['expect/daily', 'a']);
    expect(list({ status: 'ended' }).map(({ subject }) => subject)).toEqual(['b']);
    expect(list({ kinds: ['expect'], text: 'DAILY' })).toHaveLength(1);
  });

  test('goes on where the page before ended, and refuses what is no such place', () => {
    for (const seconds of [1, 2, 3]) open(at(seconds), { subject: `s${seconds}` });
    const first = valueOf(operations().list(openIncidents, { limit: 2, before: null }));
    expect(first.next).toBe(incidentId(at(2)));
    const second = valueOf(operations().list(openIncidents, { limit: 2, before: first.next!.toLowerCase() }));
    expect([second.incidents.map(({ subject }) => subject), second.next]).toEqual([['s1'], null]);
    const refusal = refusalOf(operations().list(openIncidents, { limit: 2, before: eventId(at(2)) }));
    expect(refusal).toMatchObject({ status: 'invalid', field: 'before' });
  });

  test('says what keeps the next failure silent, going by the last one', () => {
    add(1);
    add(3, { jobId: 'the-last' });
    open(at(1));
    alert(at(1), at(3));
    const lastIsSilent: Silences = {
      covering: ({ narrative }) =>
        narrative.kind === 'job' && narrative.job.id === 'the-last' ? { name: 'sil_x', untilMs: null } : null,
    };
    expect(list({}, lastIsSilent)[0]!.silenced_by).toBe('sil_x');
    createIncidentStore(sql).end(at(1), startMs, null);
    expect(list({ status: 'ended' }, lastIsSilent)[0]!.silenced_by).toBeNull();
  });

  test('goes by the event that began it where the last one is gone', () => {
    add(1);
    open(at(1));
    alert(at(1), at(3));
    const silences: Silences = { covering: ({ subscription }) => ({ name: `silent for ${subscription}`, untilMs: null }) };
    expect(list({}, silences)[0]!.silenced_by).toBe('silent for production');
  });

  test('reads no event where no silence asks for it, and asks for none that is gone', () => {
    add(1);
    open(at(1));
    const asked: Routable[] = [];
    const covering: Silences['covering'] = (routable) => {
      asked.push(routable);
      return null;
    };
    const bodies: string[] = [];
    const query: Sql['query'] = (text, ...values) => {
      if (/\bbody\b/.test(text)) bodies.push(text);
      return sql.query(text, ...values);
    };
    const clock = { now: () => startMs };
    const watched = createIncidentOperations({ sql: { ...sql, query }, clock, silences: { covering } });
    valueOf(watched.list(openIncidents, firstPage));
    expect([asked.length, bodies]).toEqual([1, []]);
    expect(asked[0]!.subscription).toBe('production');
    expect(bodies).toHaveLength(1);
    sql.query('DELETE FROM events');
    valueOf(watched.list(openIncidents, firstPage));
    expect(asked).toHaveLength(1);
  });
});

describe('one incident', () => {
  test('is shown with what its rules have said, its events and a silence for it', () => {
    add(0, { state: 'completed' });
    add(1);
    add(2, { subject: 'other' });
    add(3, { datasetId: '4711' });
    open(at(1));
    alert(at(1), at(3), { untold: 2 });
    const shown = valueOf(operations().show(incidentId(at(1)).toLowerCase()));
    expect(incidentDetail.parse(shown)).toEqual(shown);
    expect(shown).toMatchObject({
      rules: [{ rule: 'page', verdict: expect.stringMatching(/^told at .*, 2 failures since$/) as string }],
      match: { dataset_ids: ['4711'] },
    });
    expect(shown.events.map(({ id }) => id)).toEqual([at(3), at(1)].map(eventId));
  });

  test('that has ended is shown with its own events, up to the one that ended it, and not with what is said of the next', () => {
    for (const seconds of [1, 2, 3]) add(seconds);
    add(3.5, { state: 'completed' });
    add(4);
    open(at(1));
    createIncidentStore(sql).end(at(1), startMs + 3_500, at(3.5));
    open(at(4));
    alert(at(4), at(4));
    const shown = valueOf(operations().show(incidentId(at(1))));
    expect(shown.events.map(({ id }) => id)).toEqual([3.5, 3, 2, 1].map((seconds) => eventId(at(seconds))));
    expect(shown.rules).toEqual([]);
  });

  test('of a job that is late is shown with the events of that job', () => {
    add(1, { jobId: 'slow', state: 'pending', subject: 'a' });
    add(2, { jobId: 'other', state: 'pending' });
    const late = createLateStore(sql);
    const spec = { limitMs: 1, recover: true, send: [], owners: [] };
    late.watch({ jobId: 'slow', rule: 'late', state: 'pending', sinceUs: startMs * 1000, eventSeq: at(1), dueAt: null, spec });
    late.markTold(late.ofJob('slow')[0]!, at(60));
    // Narrative's clock is ahead of ours.
    open(at(60), { kind: 'late', subject: 'late/slow', openedAt: startMs + 30_000 });
    const shown = valueOf(operations().show(incidentId(at(60))));
    expect(shown.events.map(({ job_id }) => job_id)).toEqual(['slow']);
    expect(shown.match).toEqual({ dataset_ids: ['10736'] });
    // The list says as much: its subject names neither the type nor what a silence would be of.
    expect(list({})[0]).toMatchObject({ match: shown.match, job_type: shown.job_type });
    expect(shown.job_type).toBe('materialize-view');
  });

  test('of a group is shown with the last failures of its members', () => {
    for (const seconds of [1, 2, 3]) add(seconds);
    open(at(10), { kind: 'group', subject: 'group/page' });
    for (const seconds of [1, 3]) {
      sql.query(
        `INSERT INTO group_members (incident, subject, own, event_seq, act, usual, owners, first_at, last_at, failures, untold, told, alone, end_told)
         VALUES (?, ?, 1, ?, 'open', 'error', '[]', 0, 0, 1, 0, 1, 0, 0)`,
        at(10),
        `s${seconds}`,
        at(seconds),
      );
    }
    const shown = valueOf(operations().show(incidentId(at(10))));
    expect([shown.events.map(({ id }) => id), shown.match, shown.silenced_by]).toEqual([
      [3, 1].map((s) => eventId(at(s))),
      null,
      null,
    ]);
  });

  test.each([incidentId(at(9)), eventId(at(1)), 'inc_x'])('that is not there is not found: %s', (id) => {
    add(1);
    open(at(1));
    expect(refusalOf(operations().show(id))).toMatchObject({ status: 'not-found', field: null });
  });
});
