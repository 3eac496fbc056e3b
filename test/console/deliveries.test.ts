/** What died, what waits and what was sent; and one of them, sent again or ended. */
import { describe, expect, test } from 'vitest';
import { createDeliveriesStage, refusal } from './deliveries-stage.ts';
import type { Shown } from './events-visitor.ts';
import { strangersOnPage, tagsIn } from './markup.ts';

const stage = createDeliveriesStage();
const list = '/console/deliveries';
const pathOf = (id: string) => `${list}/${id}`;
const linksIn = (markup: string) => tagsIn(markup).flatMap(({ attributes: { href } }) => (href === undefined ? [] : [href]));

describe('the first page', () => {
  test('says that nothing died and nothing waits', async () => {
    const { status, text, title } = await stage.operator.get(list);
    expect(status).toBe(200);
    expect(title).toBe('Deliveries · Narrative Relay');
    expect(text).toContain('No dead letter.');
    expect(text).toContain('Nothing waits: whatever came has been sent.');
  });

  test('begins with dead letters by what they died of, then what waits and why, then the latest', async () => {
    await stage.withDead(3);
    stage.airflow.answerWith(() => ({ kind: 'status', status: 401 }));
    await stage.done(10, 11);
    await stage.until('scheduled', 1);
    const { text, title, markup } = await stage.operator.get(list);
    expect(title).toBe('✗ 3 dead · Deliveries · Narrative Relay');
    const parts = [
      'Dead letters (3)',
      'airflow payload 3 of airflow, payload',
      'answered 422: it will not take this request Retry all… of airflow, payload Discard all… of airflow, payload',
      'Waiting (2)',
      'airflow http ‖ parked since',
      'answered 401; check its secret and headers',
      'Unpark airflow',
      'Latest',
    ];
    const places = parts.map((part) => text.indexOf(part));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(linksIn(markup)).toContain('/console/deliveries?status=dead&destination=airflow&reason=payload');
    for (const id of stage.ids('dead')) expect(markup).toContain(`>${id}</a>`);
    expect(strangersOnPage(markup)).toEqual([]);
  });
});

describe('a filter', () => {
  test('finds by status, destination and rule, and its address holds all of it', async () => {
    await stage.withDead(2);
    await stage.done(20);
    await stage.until('delivered', 1);
    const [delivered] = stage.ids('delivered');
    const found = await stage.operator.get(`${list}?status=delivered&destination=airflow&rule=views-to-airflow&since=1h`);
    expect(found.text).toContain(delivered);
    for (const id of stage.ids('dead')) expect(found.text).not.toContain(id);
    expect(found.markup).toMatch(/<option value="delivered" selected/);
    expect((await stage.operator.get(`${list}?status=&destination=data-eng`)).text).toContain('No delivery matches.');
  });

  test('offers to do the same to all that it finds, where something can be done', async () => {
    await stage.withDead(2);
    await stage.done(20);
    await stage.until('delivered', 1);
    const dead = await stage.operator.get(`${list}?status=dead&destination=airflow`);
    expect(linksIn(dead.markup)).toContain('/console/deliveries/retry?status=dead&destination=airflow');
    const delivered = await stage.operator.get(`${list}?status=delivered`);
    expect(delivered.text).toContain(stage.ids('delivered')[0]);
    expect(delivered.text).not.toContain('Retry all');
  });

  test('that makes no sense is answered beside its field', async () => {
    for (const [query, words] of [
      ['status=broken', 'takes queued, waiting'],
      ['event=job-1', 'this is no id of an event'],
      ['before=x', 'is no place to go on from'],
      ['nonsense=1', 'unknown key "nonsense"'],
    ] as const) {
      const { status, text } = await stage.operator.get(`${list}?${query}`);
      expect(status, query).toBe(400);
      expect(text, query).toContain(words);
    }
  });

  test('goes on page by page, by plain links', async () => {
    await stage.withDead(5);
    const seen: string[] = [];
    let path: string | undefined = `${list}?status=dead&limit=2`;
    for (let pages = 0; path !== undefined && pages < 5; pages++) {
      const { markup }: Shown = await stage.operator.get(path);
      seen.push(...[...markup.matchAll(/>(dlv_\w+)<\/a>/g)].map(([, id]) => id!));
      path = tagsIn(markup).find(({ attributes }) => attributes.id === 'deliveries-next')?.attributes.href;
    }
    expect(seen).toEqual(stage.ids('dead').toReversed());
  });
});

describe('the page of a delivery', () => {
  test('tells why it died, with each attempt and the message as it was', async () => {
    await stage.withDead(1);
    const [id = ''] = stage.ids('dead');
    const { text, title, markup } = await stage.operator.get(pathOf(id.toLowerCase()));
    expect(title).toBe('✗ dead: airflow · materialize-view/1 · Narrative Relay');
    expect(text).toMatch(/payload: 127\.0\.0\.1:\d+ answered 422: it will not take this request Retry Discard…/);
    expect(text).toContain('Rule views-to-airflow');
    expect(text).toContain('✗ rejected payload:');
    expect(text).toContain('The message that was not delivered, as it would look now POST');
    expect(linksIn(markup)).toContain(`/console/events/evt_${id.slice(4, -2)}`);
    expect(strangersOnPage(markup)).toEqual([]);
  });

  test('has a button that sends it again', async () => {
    await stage.withDead(1);
    const [id = ''] = stage.ids('dead');
    const page = await stage.operator.get(pathOf(id));
    const after = await stage.operator.send(page, `${pathOf(id)}/retry`);
    expect(after.text).toContain('It is sent again now.');
    await stage.until('delivered', 1);
    expect(stage.airflow.requests).toHaveLength(1);
    const { text, markup } = await stage.operator.get(pathOf(id));
    expect(text).toContain('✓ delivered');
    expect(markup).not.toContain(`action="${pathOf(id)}/retry"`);
    expect(text).not.toContain('is not possible');
  });

  test('ends it only after it was asked again', async () => {
    await stage.withDead(1);
    const [id = ''] = stage.ids('dead');
    const asked = await stage.operator.get(`${pathOf(id)}/discard`);
    expect(asked.text).toContain('airflow is not told of materialize-view/1, and nobody can send this one again.');
    expect(stage.ids('dead')).toEqual([id]);
    const after = await stage.operator.send(asked, `${pathOf(id)}/discard`);
    expect(after.text).toContain('Discarded: it is not sent.');
    expect(after.text).toContain('discarded by an operator');
    expect(after.text).toContain('Retry is not possible: it was suppressed.');
    expect(stage.ids('suppressed')).toEqual([id]);
  });

  test('says why it can not be sent again, in place of the button, and the relay refuses whoever asks all the same', async () => {
    stage.slack.answerWith(() => ({ kind: 'error', code: 'invalid_blocks' }));
    await stage.delivers(10736, 'failed');
    await stage.until('dead', 1);
    const [id = ''] = stage.ids('dead');
    const before = await stage.operator.get(pathOf(id));
    stage.slack.answerWith(null);
    await stage.delivers(10736, 'completed');
    const { text, markup } = await stage.operator.get(pathOf(id));
    expect(text).toContain('Retry is not possible: its incident has ended.');
    expect(markup).not.toContain(`action="${pathOf(id)}/retry"`);
    expect(text).toContain('Discard…');
    const refused = await stage.operator.send(before, `${pathOf(id)}/retry`);
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('It can not be sent again');
    expect(refused.text).toMatch(
      /is about an incident that ended at .*; sending it now would wake somebody for nothing: discard it/,
    );
    expect(stage.ids('dead')).toEqual([id]);
  });

  test('draws itself anew while it is on its way, and no more once it has ended', async () => {
    stage.airflow.answerWith(() => ({ kind: 'status', status: 503, headers: { 'retry-after': '3600' } }));
    await stage.done(1);
    await stage.until('scheduled', 1);
    const [id = ''] = stage.ids('scheduled');
    const waiting = await stage.operator.get(pathOf(id));
    expect(waiting.markup).toContain('hx-trigger="every 5s"');
    expect(waiting.text).toContain('Send it now');
    expect(waiting.text).toContain('Tried until');
    stage.airflow.answerWith(() => refusal);
    await stage.operator.send(waiting, `${pathOf(id)}/retry`);
    await stage.until('dead', 1);
    expect((await stage.operator.get(pathOf(id))).markup).not.toContain('hx-trigger');
  });

  test('of what waits for a parked destination says so, in place of when it was due', async () => {
    await stage.withDead(1);
    const [dead = ''] = stage.ids('dead');
    stage.airflow.answerWith(() => ({ kind: 'status', status: 401 }));
    await stage.done(2);
    const isParked = () => stage.relay.sql.query('SELECT 1 FROM parked').length > 0;
    while (!isParked()) await new Promise((resolve) => setTimeout(resolve, 5));
    const waits = /waits: airflow is parked, next try in /;
    const listed = await stage.operator.get(`${list}?status=open`);
    expect(listed.text).toMatch(waits);
    expect(listed.text).not.toMatch(/ due \d/);
    const waiting = linksIn(listed.markup).find((each) => /\/dlv_\w+$/.test(each)) ?? '';
    const page = await stage.operator.get(waiting);
    expect(page.text).toMatch(new RegExp(`Due ${waits.source}`));
    const again = await stage.operator.send(await stage.operator.get(pathOf(dead)), `${pathOf(dead)}/retry`);
    expect(again.text).toContain('It waits: airflow is parked.');
    expect(again.text).not.toContain('sent again now');
  });

  test('of one that is not there is a 404', async () => {
    for (const id of ['dlv_1M7ZPRB9M00_1', 'nonsense']) {
      expect((await stage.operator.get(pathOf(id))).status).toBe(404);
      expect((await stage.operator.get(`${pathOf(id)}/discard`)).status).toBe(404);
    }
  });
});
