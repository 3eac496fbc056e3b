/** Whatever an event brings along, or somebody puts into a form, is shown on the pages of deliveries, and not run. */
import { expect, test } from 'vitest';
import { answerTo, jobBody } from '../http/narrative-event.ts';
import { createDeliveriesStage } from './deliveries-stage.ts';
import { strangersOnPage } from './markup.ts';

const stage = createDeliveriesStage();
const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;\u202E`;
const shown = '&lt;script&gt;alert(1)&lt;/script&gt;';

test('an event whose every name is markup', async () => {
  stage.slack.answerWith(() => ({ kind: 'error', code: 'invalid_blocks' }));
  const body = jobBody({ jobId: hostile, message: hostile }).replace('"materialize-view"', JSON.stringify(hostile));
  await answerTo(stage.relay, body);
  await stage.until('dead', 1);
  const [id = ''] = stage.ids('dead');
  const paths = ['', '?status=dead', `/${id}`, `/${id}/discard`, `/retry?subject=${encodeURIComponent(hostile)}`];
  for (const path of paths) {
    const { markup } = await stage.operator.get(`/console/deliveries${path}`);
    expect(markup, path).toContain(shown);
    expect(strangersOnPage(markup), path).toEqual([]);
  }
});

test('an address, and a count that did not come from our own page', async () => {
  await stage.withDead(501);
  const names = ['status', 'destination', 'rule', 'since', 'reason', 'subject', 'event', 'before', hostile];
  const query = new URLSearchParams(Object.fromEntries(names.map((name) => [name, hostile])));
  for (const path of ['', '/retry', '/discard', `/${encodeURIComponent(hostile)}`]) {
    const { status, markup } = await stage.operator.get(`/console/deliveries${path}?${query.toString()}`);
    expect(status, path).toBeGreaterThanOrEqual(400);
    expect(strangersOnPage(markup), path).toEqual([]);
  }
  const page = await stage.operator.get('/console/deliveries/discard?status=dead');
  const first = await stage.operator.send(page, '/console/deliveries/discard');
  const skipped = [{ reason: hostile, count: 1, example: '"><b>' }];
  const soFar = JSON.stringify({ matched: 501, done: 500, skipped });
  const forged = { ...first, markup: first.markup.replace(/<input type="hidden" name="so_far"[^>]*>/, '') };
  const { markup } = await stage.operator.send(forged, '/console/deliveries/discard', [['so_far', soFar]]);
  expect(markup).toContain(shown);
  expect(strangersOnPage(markup)).toEqual([]);
});
