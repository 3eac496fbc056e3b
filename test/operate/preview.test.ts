/** What was sent, drawn again by the real destinations from what was kept. */
import { describe, expect, test } from 'vitest';
import { createDestination } from '../../src/destination/create.ts';
import { stringifyJson } from '../../src/event/json.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { createDeliveryOperations } from '../../src/operate/deliveries.ts';
import type { DeliveryDetailView } from '../../src/operate/shapes/views.ts';
import type { DestinationConfig } from '../../src/rules/rule-set.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { createIncidentWorld, hour, minute, rule, type IncidentWorld } from '../incident/world.ts';
import { delivered, lifetimeMs, refused, startMs, unreachable } from '../outbox/examples.ts';
import { createWorld, deliveryRows } from '../outbox/world.ts';
import { deliveryId } from '../../src/event/id.ts';
import type { Sql } from '../../src/ports.ts';
import { given, noLog } from './deliveries-stage.ts';

/** All secrets of the rules below. */
const planted = [
  'xoxb-fake-token',
  'T000FAKE/B000FAKE/hookfake',
  'fakeroutingkey0123456789abcdef00',
  'whsec_ZmFrZSBzZWNyZXQ',
  'fake-password',
  'fake-path',
  'fake-header',
];
const base = { fallback: null, pace: null };
const configs: DestinationConfig[] = [
  { ...base, name: 'chat', type: 'slack', token: planted[0]!, channel: 'C0123ABCD' },
  { ...base, name: 'team', type: 'slack', webhookUrl: `https://hooks.slack.com/services/${planted[1]}` },
  { ...base, name: 'pager', type: 'pagerduty', routingKey: planted[2]!, region: 'us' },
  {
    ...base,
    name: 'http',
    type: 'http',
    url: `https://user:${planted[4]}@example.com/hooks/${planted[5]}`,
    secret: planted[3]!,
    method: 'POST',
    headers: { 'x-key': planted[6]! },
  },
  { ...base, name: 'console', type: 'console' },
];

function operationsOn(sql: Sql, nowMs: () => number, inRules = configs) {
  const { render } = createTemplates();
  const clock = { now: nowMs };
  const nobody = () => Promise.reject(new Error('a preview sends nothing'));
  const ports = { fetch: nobody, clock, hash: nodeHash, render, print: () => {}, version: '0.0.0-test' };
  const more = { slackApiUrl: undefined, pagerDutyEventsUrl: undefined };
  const destinations = new Map(inRules.map((config) => [config.name, createDestination(config, { ...ports, ...more })]));
  return createDeliveryOperations({
    sql,
    clock,
    log: noLog,
    destinations: () => destinations,
    links: () => ({ job: 'https://example.com/jobs/{{ job.id }}' }),
    deliveryLifetimeMs: lifetimeMs,
    wake: () => {},
  });
}

async function oneEventTo(...to: string[]) {
  const world = createWorld([...to, 'triage'].map((name) => ({ name, otherwise: 'held' })));
  await world.accept({ to });
  return { world, operations: operationsOn(world.store, () => world.now), seq: world.rows()[0]!.event_seq };
}

test('each destination draws what it sends, in its own form, and no secret is in it', async () => {
  const names = configs.map(({ name }) => name);
  const { operations, seq } = await oneEventTo(...names);
  const shown = operations.ofEvent(seq);
  expect(shown.map(({ destination, preview }) => [destination, preview?.format])).toEqual([
    ['chat', 'slack'],
    ['team', 'slack'],
    ['pager', 'pagerduty'],
    ['http', 'http'],
    ['console', 'console'],
  ]);
  for (const { preview } of shown.filter(({ type }) => type !== 'http')) {
    expect(stringifyJson(preview!.body)).toContain('materialize-view');
  }
  expect(shown[3]!.preview?.body).toMatchObject({ method: 'POST', body: "(the event's body, as it came)" });
  const text = stringifyJson(shown);
  for (const secret of planted) expect(text).not.toContain(secret);
  expect(JSON.stringify(shown[0]!.preview)).toMatch(/https:\/\/example.com\/jobs\/job-\d+/);
});

test('a message in the relay’s own words is drawn too, and has no event', async () => {
  const world = createWorld([
    { name: 'chat', answers: [{ kind: 'destination-broken', reason: 'channel', detail: 'channel_not_found' }], fallback: 'team' },
    { name: 'team' },
  ]);
  await world.accept({ to: ['chat'] });
  const notice = world.rows().find((row) => row.notice !== null)!;
  const operations = operationsOn(world.store, () => world.now);
  const shown = given(operations.show(deliveryId({ eventSeq: notice.event_seq, n: notice.n })));
  expect(shown).toMatchObject({ event_id: null, title: 'Destination chat is broken: its alerts wait', destination: 'team' });
  expect(JSON.stringify(shown.preview)).toContain('Destination chat is broken');
});

describe('nothing is drawn, and the rest is shown all the same', () => {
  test('where the destination is gone from the rules', async () => {
    const { world, seq } = await oneEventTo('chat');
    const operations = operationsOn(world.store, () => world.now, configs.slice(1));
    expect(operations.ofEvent(seq)).toMatchObject([{ destination: 'chat', type: null, preview: null }]);
  });

  test('where the event is gone from the store', async () => {
    const { world, operations, seq } = await oneEventTo('chat');
    world.store.query('DELETE FROM events');
    expect(operations.ofEvent(seq)).toMatchObject([{ destination: 'chat', type: 'slack', preview: null }]);
  });

  test('where its body is none that can be read any more', async () => {
    const { world, operations, seq } = await oneEventTo('chat');
    world.store.query(`UPDATE events SET body = x'7b'`);
    expect(operations.ofEvent(seq)).toMatchObject([{ preview: null }]);
  });
});

describe('of an incident', () => {
  const shownOf = (world: IncidentWorld, act: string): DeliveryDetailView => {
    const row = deliveryRows(world.store).find((each) => each.spec.includes(`"act":"${act}"`))!;
    const operations = operationsOn(world.store, () => startMs + world.at);
    return given(operations.show(deliveryId({ eventSeq: row.event_seq, n: row.n })));
  };

  async function over(to: string) {
    const world = createIncidentWorld([rule({ to: [to], repeatMs: minute, recover: true })]);
    await world.fails();
    await world.pass(5 * minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    return world;
  }

  test('the first message is drawn as it was sent, not with what has come since', async () => {
    const world = await over('chat');
    const { preview, preview_of } = shownOf(world, 'open');
    expect(preview_of).toBe('sent');
    expect(JSON.stringify(preview)).toContain('1st failure');
    expect(JSON.stringify(preview)).not.toMatch(/recovered|2 failures|"ts"/);
  });

  const root = { root: '1.5', configured: 'C0123ABCD', channel: 'C0123ABCD', ts: '1.5' };

  test.each([
    [['edit', 'reply'], { ts: '1.5' }, { thread_ts: '1.5' }],
    [['edit'], { ts: '1.5' }, undefined],
    [['reply'], { thread_ts: '1.5' }, undefined],
    [['edit', 'post'], { metadata: expect.anything() as unknown }, undefined],
  ])('of what the thread and its first message were to get, that which got through is shown: %j', async (parts, body, reply) => {
    const world = await over('chat');
    world.store.query(
      `UPDATE deliveries SET told = json_set(told, '$.root', json(?), '$.parts', json(?)) WHERE told IS NOT NULL`,
      JSON.stringify(root),
      JSON.stringify(parts),
    );
    const { preview, preview_of } = shownOf(world, 'recover');
    expect(preview_of).toBe('sent');
    expect(preview?.body).toMatchObject(body);
    if (reply === undefined) expect(preview).not.toHaveProperty('reply');
    else expect(preview?.reply).toMatchObject(reply);
  });

  test('what had nothing to edit is no message that was sent', async () => {
    const world = createIncidentWorld([rule({ to: ['chat'], repeatMs: hour })]);
    world.hold('chat');
    await world.fails();
    world.sent[0]!.answer(refused);
    world.letGo('chat');
    await world.settle();
    world.store.query(`UPDATE deliveries SET spec = json_set(spec, '$.incident.act', 'count')`);
    expect(shownOf(world, 'count')).toMatchObject({ status: 'dead', preview: null, preview_of: 'nothing' });
    const told = { incident: { act: 'count' }, root: null, parts: [] };
    world.store.query(`UPDATE deliveries SET status = 'delivered', told = ?`, JSON.stringify(told));
    expect(shownOf(world, 'count')).toMatchObject({ status: 'delivered', preview: null, preview_of: 'nothing' });
  });

  test('one that was delivered before this was kept is drawn as it would be now, and its first message as one', async () => {
    const world = await over('chat');
    world.store.query('UPDATE deliveries SET told = NULL');
    world.store.query('UPDATE deliveries SET receipt = ? WHERE receipt IS NOT NULL', JSON.stringify(root));
    world.store.query('UPDATE threads SET receipt = ?', JSON.stringify(root));
    const first = shownOf(world, 'open');
    expect(first.preview_of).toBe('now');
    expect(first.preview?.body).not.toHaveProperty('ts');
    expect(shownOf(world, 'recover').preview).toMatchObject({ body: { ts: '1.5' }, reply: { thread_ts: '1.5' } });
  });

  test('a page opens an incident, also when that has ended since', async () => {
    const world = await over('pager');
    expect(shownOf(world, 'open').preview?.body).toMatchObject({
      event_action: 'trigger',
      payload: { custom_details: { Failures: '1' } },
    });
    expect(shownOf(world, 'recover').preview?.body).toMatchObject({ event_action: 'resolve' });
  });

  test('one that has not been sent yet is drawn as it would be now', async () => {
    const world = createIncidentWorld([rule({ to: ['pager'], recover: true })]);
    world.hold('pager');
    await world.fails();
    world.sent[0]!.answer(refused);
    await world.pass(minute);
    await world.fails();
    expect(shownOf(world, 'open').preview?.body).toMatchObject({ payload: { custom_details: { Failures: '2' } } });
  });
});

test('says of the attempt that made it which it was, and of one to come which it will be', async () => {
  const world = createWorld([{ name: 'http', answers: [unreachable], otherwise: delivered }]);
  await world.accept({ to: ['http'] });
  const operations = operationsOn(world.store, () => world.now);
  const [row] = world.rows();
  const shown = () => given(operations.show(deliveryId({ eventSeq: row!.event_seq, n: row!.n })));
  const attempt = (nth: string) => ({ body: { headers: { 'x-narrative-relay-attempt': nth } } });
  expect(shown()).toMatchObject({ status: 'scheduled', attempts: 1, preview: attempt('2'), preview_of: 'now' });
  await world.pass(minute);
  expect(shown()).toMatchObject({ status: 'delivered', attempts: 2, preview: attempt('2'), preview_of: 'sent' });
});

test('an event is read once for all of its deliveries', async () => {
  const { world, operations, seq } = await oneEventTo('chat', 'team', 'pager');
  let reads = 0;
  const query = world.store.query.bind(world.store);
  world.store.query = ((text: string, ...parameters: never[]) => {
    if (/FROM events/.test(text)) reads++;
    return query(text, ...parameters);
  }) as typeof world.store.query;
  expect(operations.ofEvent(seq).every(({ preview }) => preview !== null)).toBe(true);
  expect(reads).toBe(1);
});
