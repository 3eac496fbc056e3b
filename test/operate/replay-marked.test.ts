import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startHttpReceiver, type HttpReceiver } from '../../src/demo/http-receiver.ts';
import { eventSeq } from '../../src/event/id.ts';
import { createKeyIndex } from '../../src/store/keys.ts';
import { createLastEvent } from '../../src/store/last-event.ts';
import { createMissedStore } from '../../src/store/missed.ts';
import { pruneStep } from '../../src/store/retention.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { createReplayStage, hour, minute } from './replay-stage.ts';

const printing = `destinations:
  chat: { type: console }
rules:
  - { name: r, match: { states: [failed] }, send: [{ to: chat }] }
`;
const note = (id: string) => `! Replay of ${id} from 2026-03-02 09:00 UTC, asked for by an operator`;

describe('over HTTP, a replay', () => {
  let receiver: HttpReceiver;
  beforeEach(async () => void (receiver = await startHttpReceiver()));
  afterEach(() => receiver.close());

  const forwarding = `destinations:
  airflow: { type: http, url: { env: FAKE_URL }, fallback: chat }
  chat: { type: console }
rules:
  - { name: r, match: { states: [failed] }, send: [{ to: airflow }] }
`;
  const received = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => (receiver.requests.length >= count ? resolve() : undefined);
      receiver.on(look);
      look();
    });

  test('has the original bytes under an id of its own, and names the original', async () => {
    const stage = createReplayStage(forwarding, { url: receiver.url });
    const id = await stage.comes();
    await received(1);
    await stage.settle();
    const { event_id } = await stage.again(id);
    await received(2);
    const [first, second] = receiver.requests;
    expect(second!.body).toEqual(first!.body);
    expect([first!.headers['webhook-id'], second!.headers['webhook-id']]).toEqual([id, event_id]);
    expect([first!.headers['narrative-relay-replay-of'], second!.headers['narrative-relay-replay-of']]).toEqual([undefined, id]);
  });

  test('of a failure that is mended since is sent all the same, and alerts nobody', async () => {
    const stage = createReplayStage('destinations: { chat: { type: console } }\nrules: []\n', { url: receiver.url });
    const id = await stage.comes({ ago: 2 * minute });
    await stage.comes({ state: 'completed', ago: minute });
    await stage.replaceRules(forwarding.replace('{ to: airflow }', '{ to: airflow }, { to: chat }'));
    const { event_id, outcome, decisions } = await stage.again(id);
    await received(1);
    await stage.settle();
    expect([outcome, decisions]).toMatchObject(['routed', [{ rule: 'r', kind: 'late' }]]);
    expect(receiver.requests[0]!.headers['webhook-id']).toBe(event_id);
    expect(stage.printed).toEqual([]);
  });

  test('of a failure that is mended since says nothing of alerts where there are none', async () => {
    const stage = createReplayStage(forwarding, { url: receiver.url });
    const id = await stage.comes({ ago: 2 * minute });
    await stage.comes({ state: 'completed', ago: minute });
    expect(await stage.again(id)).toMatchObject({ outcome: 'routed', deliveries: 1, decisions: [], reason: null });
    await received(2);
  });

  test('that goes to the fallback says both what it is and why it comes there', async () => {
    receiver.answerWith(() => ({ kind: 'status', status: 400 }));
    const stage = createReplayStage(forwarding, { url: receiver.url });
    const id = await stage.comes();
    await stage.again(id);
    await stage.untilPrinted(2);
    expect(stage.printed[0]!.text).not.toContain('Replay');
    expect(stage.printed[1]!.text).toContain(note(id));
    expect(stage.printed[1]!.text).toContain('! Could not be delivered to airflow');
  });
});

describe('a replay of what reconciliation found', () => {
  const found = { scheme: 'reconcile' };
  const byRules = `destinations: { chat: { type: console } }
rules:
  - { name: found, match: { when: "event.reconciled" }, send: [{ to: chat }] }
`;

  test('is still known as such, to the rules and to whoever reads it', async () => {
    const stage = createReplayStage(byRules);
    const id = await stage.comes({ ago: hour }, found);
    await stage.pass(hour);
    await stage.again(id);
    expect(stage.printed[1]!.text).toContain(note(id));
    expect(stage.printed[1]!.text).toContain("! Its webhook never came: found in Narrative's job list 1 h after it happened");
  });

  test('makes nothing known that reconciliation would look for', async () => {
    const stage = createReplayStage(byRules);
    const id = await stage.comes({ id: 'job-1', ago: null }, found);
    await stage.again(id);
    const later = { jobId: 'job-1', state: 'failed', endedUs: stage.now * 1000, updatedUs: stage.now * 1000, createdUs: 0 };
    expect(createMissedStore(stage.sql).neverArrived(1, [later])).toEqual([later]);
  });
});

describe('a replay in the store', () => {
  test('is no sign that Narrative still sends', async () => {
    const stage = createReplayStage(printing);
    const id = await stage.comes();
    const cameAt = stage.now;
    await stage.pass(minute);
    await stage.again(id);
    expect(createLastEvent(stage.sql)()).toBe(cameAt);
  });

  test('keeps its original until it is past its own retention', async () => {
    const stage = createReplayStage(printing);
    const id = await stage.comes();
    await stage.pass(hour);
    const { event_id } = await stage.again(id);
    const keys = createKeyIndex(stage.sql, nodeHash);
    const left = (before: number) => {
      pruneStep(stage.sql, keys, before, 0, 100);
      return stage.sql.query<{ seq: number }>('SELECT seq FROM events ORDER BY seq').map(({ seq }) => seq);
    };
    const [original, replay] = [eventSeq(id), eventSeq(event_id!)];
    expect(left(stage.now)).toEqual([original, replay]);
    expect(left(stage.now + 1)).toEqual([original]);
    expect(left(stage.now + 1)).toEqual([]);
    expect(stage.sql.query('SELECT * FROM deliveries')).toEqual([]);
  });
});
