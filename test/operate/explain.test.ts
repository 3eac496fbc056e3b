import { describe, expect, test } from 'vitest';
import { lookedAt } from '../../src/operate/explain-event.ts';
import { explanation as shape, type ExplanationView } from '../../src/operate/shapes/views.ts';
import { eventSeq } from '../../src/event/id.ts';
import { stringifyJson } from '../../src/event/json.ts';
import { createEventStore } from '../../src/store/events.ts';
import { createReplayStage, minute, type ReplayStage } from './replay-stage.ts';

const rules = `destinations:
  chat: { type: console }
  airflow: { type: http, url: { env: FAKE_URL }, secret: { env: FAKE_SECRET } }
rules:
  - { name: first, match: { states: [failed] }, stop: true, repeat: 4h, send: [{ to: chat, severity: critical }, { to: airflow }] }
  - { name: second, match: { states: [failed] }, send: [{ to: chat }] }
  - { name: done, match: { states: [completed], job_types: [costs] }, send: [{ to: chat }] }
  - { name: stuck, match: {}, late: { running: 20m }, send: [{ to: chat }] }
unmatched: { states: [cancelled], send: [{ to: chat }] }
`;
const bytes = (text: string) => new TextEncoder().encode(text);
const tried = (stage: ReplayStage, body: Uint8Array, subscription: string | null = null) => {
  const answered = stage.explaining.ofBody(body, subscription);
  if (answered.kind === 'refused') throw new Error(answered.detail);
  return answered.value;
};
const refusal = (stage: ReplayStage, body: Uint8Array, subscription: string | null = null) => {
  const answered = stage.explaining.ofBody(body, subscription);
  return answered.kind === 'refused' ? { status: answered.status, field: answered.field, detail: answered.detail } : null;
};

describe('an explanation of a body that did not come', () => {
  test('has each rule with its reason, and what would be sent', () => {
    const stage = createReplayStage(rules);
    const explanation = tried(stage, stage.body());
    expect(explanation.rules).toMatchObject([
      { name: 'first', verdict: 'matched', to: ['chat', 'airflow'], stops: true, reason: null },
      { name: 'second', verdict: 'not-reached', reason: 'not looked at: first comes before it and has stop' },
      { name: 'done', verdict: 'not-reached' },
      { name: 'stuck', verdict: 'not-reached' },
    ]);
    expect(explanation.rules[0]!.at).toBe('rules/a.yaml:7:13');
    expect(explanation.unmatched).toEqual({ applies: false, reason: '1 rule matches' });
    expect(explanation.deliveries).toMatchObject([
      { destination: 'chat', rule: 'first', severity: 'critical', preview: { format: 'console', problems: [] } },
      { destination: 'airflow', rule: 'first', severity: 'error', preview: { format: 'http' } },
    ]);
    expect(shape.parse({ ...explanation, incident: null })).toEqual(explanation);
  });

  test('says which condition failed, what a rule waits for, and whether what is left over is sent', () => {
    const stage = createReplayStage(rules);
    const completed = tried(stage, stage.body({ state: 'completed' })).rules;
    expect(completed[2]).toMatchObject({ verdict: 'no-match', reason: expect.stringContaining('job_types: materialize-view') });
    expect(tried(stage, stage.body({ state: 'running' })).rules[3]).toMatchObject({ waits: 'late after 20 min in running' });
    expect(tried(stage, stage.body({ state: 'cancelled' })).unmatched).toEqual({ applies: true, reason: 'no rule matches' });
  });

  test('tells what would be done about it now: the incident that is open, and what stands in the way', async () => {
    const stage = createReplayStage(rules);
    await stage.comes();
    await stage.pass(minute);
    const explanation = tried(stage, stage.body());
    expect(explanation.incident?.id).toMatch(/^inc_/);
    expect(explanation.standing).toEqual([{ rule: 'first', verdict: 'suppressed: repeat, next reminder in 3 h 59 min' }]);
    expect(stage.failures()).toBe(1);
  });

  test('masks secrets, and does not repeat what is forwarded as it came', () => {
    const stage = createReplayStage(rules);
    const body = bytes(`{"data":{"job_id":"a","state":"failed","type":"costs","result":{"snapshot_id":1724919539450264600}}}`);
    const shown = tried(stage, body);
    // What is forwarded goes as it came, digit by digit, and is not said again.
    expect(shown.deliveries[1]!.preview.body).toMatchObject({ body: "(the event's body, as it came)" });
    expect(stringifyJson(shown)).not.toContain('obviously-fake-secret');
  });

  test('is refused with the field and what is wrong', () => {
    const stage = createReplayStage(rules);
    expect(refusal(stage, stage.body(), 'staging')).toEqual({
      status: 'invalid',
      field: 'subscription',
      detail: 'subscription: there is no staging; the rules have production',
    });
    expect(refusal(stage, bytes('no'))).toMatchObject({ field: 'event', detail: expect.stringContaining('is not JSON') });
    expect(refusal(stage, bytes('{"a":1}'))).toMatchObject({ field: 'event', detail: expect.stringContaining('quarantine') });
    expect(refusal(stage, bytes(`"${'a'.repeat(1_048_575)}"`))).toMatchObject({
      field: 'event',
      detail: expect.stringContaining('1048577 bytes'),
    });
    expect(refusal(stage, bytes(`"${'a'.repeat(1_048_574)}"`))).toMatchObject({ detail: expect.stringContaining('quarantine') });
  });
});

describe('an explanation of a stored event', () => {
  function stored(stage: ReplayStage, id: string): ExplanationView | null {
    const event = lookedAt(createEventStore(stage.sql).bySeq(eventSeq(id)!)!);
    return event && stage.explaining.ofStored(event);
  }

  test('goes by the rules of today, and says how things stand', async () => {
    const stage = createReplayStage(rules);
    const id = await stage.comes();
    expect(stored(stage, id)).toMatchObject({ standing: [{ rule: 'first', verdict: 'told at 2026-03-02 09:00 UTC' }] });
    await stage.replaceRules('destinations: { chat: { type: console } }\nrules: []\n');
    expect(stored(stage, id)).toMatchObject({ rules: [], deliveries: [] });
  });

  test('is there for what the relay said about itself, and for none of what is in quarantine', async () => {
    const stage = createReplayStage(rules);
    const quarantined = await stage.comes({}, { body: bytes('{"a":1}') });
    expect(stored(stage, quarantined)).toBeNull();
    const facts = { topic: 'backlog', state: 'failed', about: null, detail: 'it grows' } as const;
    stage.sql.transaction(() => stage.ledger.raise(facts, stage.now));
    const { id } = stage.sql.query<{ id: string }>(`SELECT idempotency_key AS id FROM events WHERE kind = 'relay'`)[0]!;
    expect(stored(stage, id)?.subject).toBe('relay/backlog');
  });
});
