/** The same done to many deliveries: shown as what it would do, then done step by step by plain forms. */
import { describe, expect, test } from 'vitest';
import { deadGroups } from '../../src/console/deliveries/dead-letters.ts';
import type { DeliverySummaryView } from '../../src/operate/shapes/views.ts';
import { createDeliveriesStage } from './deliveries-stage.ts';
import type { Shown } from './events-visitor.ts';
import { tagsIn } from './markup.ts';
import { someDestination } from './views.ts';

const stage = createDeliveriesStage();
const bulk = (act: 'retry' | 'discard', query: string) => `/console/deliveries/${act}${query === '' ? '' : `?${query}`}`;
const isGoingOn = ({ markup }: Shown) => tagsIn(markup).some(({ attributes }) => attributes.name === 'so_far');

describe('a dry run', () => {
  test('says how many would be sent again, and changes nothing', async () => {
    await stage.withDead(3);
    const { status, text, title } = await stage.operator.get(bulk('retry', 'status=dead&destination=airflow&reason=payload'));
    expect(status).toBe(200);
    expect(title).toBe('Send 3 deliveries again? · Narrative Relay');
    expect(text).toContain('Status dead Destination airflow Reason payload');
    expect(text).toContain('3 deliveries match. 3 of them would be sent again. Nothing has been done yet.');
    expect(stage.ids('dead')).toHaveLength(3);
    expect(stage.airflow.requests).toHaveLength(0);
  });

  test('tells what would be skipped, why, and one example of each', async () => {
    await stage.withDead(1);
    await stage.done(50, 51);
    await stage.until('delivered', 2);
    const { text, title } = await stage.operator.get(bulk('discard', 'status=dead,delivered'));
    expect(title).toContain('Discard 1 delivery?');
    expect(text).toContain('3 deliveries match. 1 of them would be discarded.');
    expect(text).toContain(`Would be skipped 2: it was delivered, such as ${stage.ids('delivered')[1]}`);
  });

  test('offers no button where nothing would be done', async () => {
    const { text, markup } = await stage.operator.get(bulk('retry', 'status=dead'));
    expect(text).toContain('Nothing to send again');
    expect(markup).not.toContain('action="/console/deliveries/retry"');
  });

  test('warns of a destination that is parked: what is sent there would only wait', async () => {
    await stage.withDead(1);
    stage.airflow.answerWith(() => ({ kind: 'status', status: 401 }));
    await stage.done(60);
    await stage.until('scheduled', 1);
    const { text } = await stage.operator.get(bulk('retry', 'status=dead&destination=airflow'));
    expect(text).toContain('airflow is parked: what is sent there waits until it is mended.');
    expect((await stage.operator.get(bulk('retry', 'status=dead&destination=data-eng'))).text).not.toContain('parked');
  });

  test('of all that failed in the last hours keeps to the moment from which that counted', async () => {
    await stage.withDead(1);
    const { markup } = await stage.operator.get(bulk('retry', 'status=dead&since=6h'));
    const hidden = tagsIn(markup).filter(({ attributes }) => attributes.type === 'hidden');
    const from = hidden.find(({ attributes }) => attributes.name === 'from')?.attributes.value ?? '';
    expect(Math.abs(Date.now() - 6 * 3_600_000 - Date.parse(from))).toBeLessThan(60_000);
    expect(hidden.map(({ attributes }) => attributes.name)).not.toContain('since');
  });
});

describe('the run', () => {
  test('of 1,200 goes on step by step, says how far it is, and each is sent once', async () => {
    await stage.withDead(1_200);
    let page = await stage.operator.get(bulk('retry', 'status=dead&destination=airflow'));
    expect(page.text).toContain('1,200 deliveries match. 1,200 of them would be sent again.');
    const titles: string[] = [];
    do {
      page = await stage.operator.send(page, bulk('retry', ''));
      titles.push(page.title.replace(' · Narrative Relay', ''));
    } while (isGoingOn(page));
    expect(titles).toEqual(['Sending again: 500 of 1,200', 'Sending again: 1,000 of 1,200', '✓ 1,200 deliveries sent again']);
    expect(page.text).toContain('1,200 sent again, 0 skipped.');
    await stage.until('delivered', 1_200);
    expect(stage.airflow.requests).toHaveLength(1_200);
    expect(new Set(stage.airflow.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1_200);
  }, 60_000);

  test('adds up what was skipped over the steps, and goes on by itself where there is script', async () => {
    await stage.withDead(501);
    await stage.done(600);
    await stage.until('delivered', 1);
    const asked = await stage.operator.get(bulk('discard', 'status=dead,delivered'));
    const first = await stage.operator.send(asked, bulk('discard', ''));
    expect(first.text).toContain('499 discarded, 1 skipped. Go on Stop here Skipped 1: it was delivered,');
    const form = tagsIn(first.markup).find(({ name, attributes }) => name === 'form' && attributes['hx-post'] !== undefined);
    expect(form?.attributes).toMatchObject({ 'hx-trigger': 'load delay:100ms', 'hx-select': '#bulk' });
    const last = await stage.operator.send(first, bulk('discard', ''));
    expect(last.text).toContain('501 discarded, 1 skipped. Skipped 1: it was delivered,');
    expect(stage.ids('suppressed')).toHaveLength(501);
  }, 60_000);

  test('sent once more from the same page does nothing more', async () => {
    await stage.withDead(2);
    const asked = await stage.operator.get(bulk('discard', 'status=dead'));
    await stage.operator.send(asked, bulk('discard', ''));
    const again = await stage.operator.send(asked, bulk('discard', ''));
    expect(again.text).toContain('0 discarded, 0 skipped.');
    expect(stage.ids('suppressed')).toHaveLength(2);
  });

  test('without any condition, or with one that makes no sense, is refused', async () => {
    await stage.withDead(1);
    for (const [query, words] of [
      ['', 'without any condition this would end all that waits'],
      ['status=broken', 'status: takes queued'],
      ['sttus=dead', 'unknown key "sttus"'],
    ] as const) {
      const asked = await stage.operator.get(bulk('discard', query));
      expect(asked.status, query).toBe(400);
      expect(asked.text, query).toContain(words);
    }
    const page = await stage.operator.get(bulk('discard', 'status=dead'));
    for (const [before, soFar, words] of [
      ['x', '{"matched":0,"done":0,"skipped":[]}', 'x is no place to go on from'],
      ['dlv_1M7ZPRB9M00_1', '{"matched":-1}', 'this is not what the page before wrote; begin anew, what is done is done'],
      ['dlv_1M7ZPRB9M00_1', '<b>', 'this is not what the page before wrote'],
    ] as const) {
      const fields: [string, string][] = [
        ['before', before],
        ['so_far', soFar],
      ];
      const answer = await stage.operator.send(page, bulk('discard', ''), fields);
      expect(answer.status, soFar).toBe(400);
      expect(answer.text, soFar).toContain(words);
    }
    expect(stage.ids('dead')).toHaveLength(1);
  });

  test('needs a form of the session', async () => {
    await stage.withDead(1);
    const body = new URLSearchParams({ status: 'dead', csrf: 'wrong' });
    for (const act of ['retry', 'discard'] as const)
      expect((await stage.operator.fetch(bulk(act, ''), { method: 'POST', body })).status).toBe(403);
    expect(stage.ids('dead')).toHaveLength(1);
  });
});

test('groups are by destination and reason, the largest first; what was not looked at counts for the whole destination', () => {
  const letter = (destination: string, reason: string, detail: string) =>
    ({ destination, reason, detail }) as DeliverySummaryView;
  const letters = [
    letter('airflow', 'payload', 'the newest'),
    letter('airflow', 'expired', 'gave up'),
    letter('oncall', 'payload', 'no'),
    letter('airflow', 'payload', 'older'),
  ];
  const destinations = [
    { ...someDestination, name: 'airflow', dead: 5 },
    { ...someDestination, name: 'oncall', dead: 1 },
  ];
  expect(deadGroups(letters, destinations)).toEqual([
    { destination: 'airflow', reason: null, count: 5, orMore: false, said: null },
    { destination: 'airflow', reason: 'payload', count: 2, orMore: true, said: 'the newest' },
    { destination: 'airflow', reason: 'expired', count: 1, orMore: true, said: 'gave up' },
    { destination: 'oncall', reason: 'payload', count: 1, orMore: false, said: 'no' },
  ]);
});
