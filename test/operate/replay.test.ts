import { describe, expect, test } from 'vitest';
import { nodeHash } from '../../src/node/ports.ts';
import { createKeyIndex } from '../../src/store/keys.ts';
import { pruneStep } from '../../src/store/retention.ts';
import { createReplayStage, hour, minute } from './replay-stage.ts';

const places = `destinations:
  chat: { type: console }
  pager: { type: console }
  airflow: { type: http, url: { env: FAKE_URL } }
`;
const nothing = `${places}rules: []\n`;
const rulesWith = (...rules: string[]) => `${places}rules:\n${rules.map((each) => `  - ${each}\n`).join('')}`;
const plain = '{ name: plain, match: { states: [failed] }, send: [{ to: chat }] }';
const recovering = '{ name: recovering, match: { states: [failed] }, recover: true, send: [{ to: chat }] }';

describe('a replay', () => {
  test('puts an event that no rule wanted through the rules of today, as an event of its own', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes();
    expect(stage.row(id).outcome).toBe('unrouted');
    await stage.replaceRules(rulesWith(plain));
    const answer = await stage.again(id);
    expect(answer).toMatchObject({ status: 'replayed', of: id, outcome: 'routed', reason: null, deliveries: 1, decisions: [] });
    const [before, after] = [stage.row(id), stage.row(answer.event_id!)];
    expect(after).toMatchObject({
      scheme: 'replay',
      replay_of: before.seq,
      subscription: 'production',
      idempotency_key: `replay/${id}/1`,
      rules: '["plain"]',
      body: before.body,
    });
    expect(before.outcome).toBe('unrouted');
    expect(stage.printed).toHaveLength(1);
  });

  test('is told as what it is, with how long ago it happened', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes();
    await stage.replaceRules(rulesWith(plain));
    await stage.pass(26 * hour);
    await stage.again(id);
    expect(stage.printed[0]!.text).toContain(`! Replay of ${id} from 2026-03-02 09:00 UTC, asked for by an operator`);
    expect(stage.printed[0]!.text).toContain('materialize-view failed · dataset 10736 (26 h ago)');
  });

  test('is not made twice by accident, by the id of the event or of its replay', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes();
    await stage.replaceRules(rulesWith(plain));
    const first = await stage.again(id);
    const stored = stage.contents();
    for (const asked of [id, id.toLowerCase(), first.event_id!]) {
      expect(await stage.again(asked)).toEqual({ ...first, status: 'duplicate', explanation: null });
      expect(await stage.again(asked, { dryRun: true })).toMatchObject({ status: 'duplicate' });
    }
    expect(stage.contents()).toEqual(stored);
    expect(stage.printed).toHaveLength(1);
  });

  test('is made again where that is asked for, and is always a replay of what came', async () => {
    const stage = createReplayStage(rulesWith(plain));
    const id = await stage.comes();
    const first = await stage.again(id);
    const second = await stage.again(first.event_id!, { again: true });
    expect(second).toMatchObject({ status: 'replayed', of: id });
    expect(stage.row(second.event_id!)).toMatchObject({ replay_of: stage.row(id).seq, idempotency_key: `replay/${id}/2` });
    expect(await stage.again(id)).toMatchObject({ status: 'duplicate', event_id: second.event_id });
    expect(stage.printed).toHaveLength(3);
  });

  test('claims no key, so that no sender can be in its way, nor it in the way of a sender', async () => {
    const stage = createReplayStage(rulesWith(plain));
    const id = await stage.comes();
    const key = (k: number) => ({ idempotencyKey: `replay/${id}/${k}` });
    await stage.comes({}, key(1));
    expect(await stage.again(id)).toMatchObject({ status: 'replayed', outcome: 'routed' });
    await stage.again(id, { again: true });
    const acceptance = await stage.accept({ body: stage.body(), ...key(2) });
    expect(acceptance.kind).toBe('accepted');
  });

  test('wakes the live tail, and is counted among the events of its hour', async () => {
    const stage = createReplayStage(rulesWith(plain));
    const id = await stage.comes();
    const calls = stage.takenCalls();
    await stage.again(id);
    expect(stage.takenCalls()).toBe(calls + 1);
    expect(stage.sql.query('SELECT what, outcome, state, n FROM hourly WHERE what = ?', 'event')).toEqual([
      { what: 'event', outcome: 'routed', state: 'failed', n: 2 },
    ]);
  });

  test('logs what came of it', async () => {
    const stage = createReplayStage(rulesWith(plain));
    const id = await stage.comes();
    const { event_id } = await stage.again(id);
    const line = stage.logged.find(({ message }) => message === 'replayed an event');
    expect(line?.fields).toEqual({ event_id, replay_of: id, outcome: 'routed', reason: null, deliveries: 1 });
  });

  test('of an event that repeats another is one of the other: what is one change is not told twice by accident', async () => {
    const stage = createReplayStage(rulesWith(plain));
    const first = await stage.comes({ id: 'same' });
    const id = await stage.comes({ id: 'same' });
    expect(stage.row(id).outcome).toBe('repeated');
    const { event_id, ...answer } = await stage.again(id);
    expect(answer).toMatchObject({ status: 'replayed', of: first, outcome: 'routed', deliveries: 1 });
    for (const asked of [first, id, event_id!]) {
      expect(await stage.again(asked)).toMatchObject({ status: 'duplicate', of: first, event_id });
    }
    expect(stage.printed).toHaveLength(2);
  });

  test('of an event that repeats a replay is one of what was replayed', async () => {
    const stage = createReplayStage(rulesWith(plain));
    const quarantined = await stage.comes({ id: 'same' }, { event: null, why: 'no event' });
    const { event_id } = await stage.again(quarantined);
    const id = await stage.comes({ id: 'same' });
    expect(stage.row(id).outcome).toBe('repeated');
    expect(await stage.again(id)).toMatchObject({ status: 'duplicate', of: quarantined, event_id });
  });

  test('of an event that repeats one that is past its retention is one of its own', async () => {
    const stage = createReplayStage(rulesWith(plain));
    await stage.comes({ id: 'same', ago: 0 });
    const body = stage.body({ id: 'same', ago: 0 });
    await stage.pass(minute);
    const id = await stage.comes({}, { body });
    pruneStep(stage.sql, createKeyIndex(stage.sql, nodeHash), stage.now, 0, 100);
    expect(await stage.again(id)).toMatchObject({ status: 'replayed', of: id, deliveries: 1 });
    expect(await stage.again(id)).toMatchObject({ status: 'duplicate', of: id });
  });
});

describe('a dry run', () => {
  test('says what would come of it, and changes nothing in the store', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes();
    await stage.replaceRules(rulesWith(plain, recovering));
    const before = stage.contents();
    const dry = await stage.again(id, { dryRun: true });
    expect(stage.contents()).toEqual(before);
    expect(stage.printed).toEqual([]);
    expect(dry).toMatchObject({ status: 'dry-run', of: id, event_id: null, outcome: 'routed', deliveries: 1 });
    expect(dry.explanation?.deliveries).toMatchObject([{ destination: 'chat', rule: 'plain', merged: ['recovering'] }]);
    expect(String(dry.explanation?.deliveries[0]!.preview.body)).toContain(`Replay of ${id}`);
    const done = await stage.again(id);
    expect({ ...done, status: 'dry-run', event_id: null, explanation: dry.explanation }).toEqual(dry);
  });
});

describe('a replay to some destinations', () => {
  const both = '{ name: both, match: { states: [failed] }, send: [{ to: chat }, { to: pager }] }';
  const pagerOnly = '{ name: pager-only, match: { states: [failed] }, repeat: 12h, recover: true, send: [{ to: pager }] }';

  test('goes to those of them to which the rules send, and nowhere else', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes();
    await stage.replaceRules(rulesWith(both, pagerOnly));
    const dry = await stage.again(id, { to: ['chat'], dryRun: true });
    expect(dry.explanation?.deliveries.map(({ destination }) => destination)).toEqual(['chat']);
    const { event_id, outcome } = await stage.again(id, { to: ['chat', 'chat'] });
    expect([outcome, stage.deliveries(event_id!)]).toEqual(['routed', ['both → chat message (delivered)']]);
  });

  test('that no rule sends to is unrouted, and says so', async () => {
    const repeating = '{ name: repeating, match: { states: [failed] }, repeat: 4h, send: [{ to: chat }] }';
    const stage = createReplayStage(rulesWith(plain, repeating));
    const id = await stage.comes();
    expect(await stage.again(id, { to: ['pager', 'airflow'] })).toMatchObject({
      outcome: 'unrouted',
      deliveries: 0,
      decisions: [],
      reason: 'no rule sends it to pager or airflow now',
    });
  });

  test('takes no alert from those that were left out: the next failure is their first', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes();
    const rule = '{ name: r, match: { states: [failed] }, repeat: 12h, recover: true, send: [{ to: chat }, { to: pager }] }';
    await stage.replaceRules(rulesWith(rule));
    const { event_id } = await stage.again(id, { to: ['chat'] });
    expect(stage.deliveries(event_id!)).toEqual(['r → chat open (delivered)']);
    await stage.pass(minute);
    const next = await stage.comes();
    expect(stage.deliveries(next)).toEqual(['r → chat open (delivered)', 'r → pager open (delivered)']);
  });

  test('lets those who heard of the incident hear of its end, and nobody else', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes();
    const rule = '{ name: r, match: { states: [failed] }, recover: true, send: [{ to: chat }, { to: pager }] }';
    await stage.replaceRules(rulesWith(rule));
    await stage.again(id, { to: ['chat'] });
    await stage.pass(minute);
    expect(stage.deliveries(await stage.comes({ state: 'completed' }))).toEqual(['r → chat recover (delivered)']);
  });

  test('does not wait for a hold, and holds nothing for those that were left out', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes();
    const rule = '{ name: r, match: { states: [failed] }, hold: 10m, send: [{ to: chat }, { to: pager }] }';
    await stage.replaceRules(rulesWith(rule));
    await stage.again(id, { to: ['chat'] });
    await stage.pass(hour);
    expect(stage.printed.map(({ to }) => to)).toEqual(['chat']);
  });
});

describe('a replay is refused', () => {
  const refusal = (stage: ReturnType<typeof createReplayStage>, id: string, to: string[] | null = null) => {
    const answered = stage.replay(id, { to, again: false, dryRun: false });
    return answered.kind === 'refused' ? answered : null;
  };

  test('of an event that is not there', () => {
    const stage = createReplayStage(nothing);
    expect(refusal(stage, 'evt_00000000000')).toMatchObject({
      status: 'not-found',
      detail: expect.stringContaining('retention'),
    });
    expect(refusal(stage, 'dlv_00000000000_1')).toMatchObject({ status: 'not-found' });
  });

  test('to a destination that the rules do not have, or to none', async () => {
    const stage = createReplayStage(rulesWith(plain));
    const id = await stage.comes();
    expect(refusal(stage, id, ['chat', 'nowhere'])).toEqual({
      kind: 'refused',
      status: 'invalid',
      field: 'to',
      detail: 'to: there is no destination nowhere; the rules have chat, pager, airflow, console',
    });
    expect(refusal(stage, id, [])).toMatchObject({ status: 'invalid', field: 'to' });
  });

  test('of what the relay said about itself', async () => {
    const stage = createReplayStage(nothing);
    const facts = { topic: 'backlog', state: 'failed', about: null, detail: 'it grows' } as const;
    stage.sql.transaction(() => stage.ledger.raise(facts, stage.now));
    const { idempotency_key } = stage.sql.query<{ idempotency_key: string }>('SELECT idempotency_key FROM events')[0]!;
    expect(refusal(stage, idempotency_key)).toMatchObject({ status: 'conflict' });
  });

  test('of what still is no event, with why, and leaves nothing behind', async () => {
    const stage = createReplayStage(rulesWith(plain));
    const id = await stage.comes({}, { body: new TextEncoder().encode('{"hello":"world"}') });
    const stored = stage.contents();
    expect(refusal(stage, id)).toMatchObject({ status: 'conflict', detail: expect.stringContaining('neither a job event') });
    expect(stage.contents()).toEqual(stored);
  });
});
