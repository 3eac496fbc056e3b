/** The page for whoever was woken: what is wrong this minute. */
import { expect, test } from 'vitest';
import { openConsole } from './console-stage.ts';
import { detailOf, quietOperations, quietRules, quietStats, someDestination, someIncident } from './views.ts';

/** What is read, without the markup. */
function words(html: string): string {
  const text = html.replaceAll(/<(head|svg)\b[^]*?<\/\1\s*>/g, ' ').replaceAll(/<[^>]*>/g, ' ');
  return text
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ([.,:])/g, '$1');
}

const parked = {
  since: '2026-03-01T02:30:00.000Z',
  reason: 'credential',
  detail: 'Slack answered invalid_auth',
  probes: 3,
  next_probe_at: '2026-03-01T02:52:00.000Z',
};

test('when nothing is wrong it says so, and when the last event came', async (context) => {
  const stats = { ...quietStats, now: { ...quietStats.now, last_event_at: '2026-03-01T02:46:00.000Z' } };
  const operator = await (await openConsole(context, { operations: quietOperations({ stats }) })).operator();
  const { text } = await operator.get('/console');
  expect(words(text)).toContain('Nothing is wrong. No open incident, no dead letter');
  expect(words(text)).toContain('The last event came 2 min ago.');
  expect(text).toContain('<title>✓ Now · Narrative Relay</title>');
  expect(words(text)).not.toContain('Open incidents');
});

test('what is wrong with the relay stands first, each with what to do', async (context) => {
  const operations = quietOperations({
    stats: { ...quietStats, now: { ...quietStats.now, incidents_open: 1 } },
    rules: { ...quietRules, problems: ['rules/failures.yaml:12:5 unknown key "sned" (did you mean "send"?)'] },
    destinations: [{ ...someDestination, pending: 12, parked }],
    incidents: [detailOf(someIncident, null)],
  });
  const readiness = () => ({ ready: false, details: { store: 'the disk is full' } });
  const operator = await (await openConsole(context, { operations, readiness })).operator();
  const { text } = await operator.get('/console');
  const order = [
    'The relay takes no events the disk is full.',
    'The changed rules were refused: those before stay in force rules/failures.yaml:12:5 unknown key "sned"',
    'data-eng is parked since 02:30 UTC 18 min ago credential: Slack answered invalid_auth 12 deliveries wait · next try in 4 min Unpark data-eng',
    'Open incidents (1)',
    'deliveries to send',
    'Events per hour',
  ];
  const places = order.map((each) => words(text).indexOf(each));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(Math.min(...places)).toBeGreaterThan(0);
  expect(text).toContain('<title>✗ 3 problems, 1 open · Narrative Relay</title>');
  expect(words(text)).not.toContain('Nothing is wrong');
});

test('a dead letter alone keeps it from saying that nothing is wrong', async (context) => {
  const stats = { ...quietStats, now: { ...quietStats.now, dead: 1 } };
  const operator = await (await openConsole(context, { operations: quietOperations({ stats }) })).operator();
  const { text } = await operator.get('/console');
  expect(words(text)).not.toContain('Nothing is wrong');
  expect(text).toContain('href="/console/deliveries?status=dead"');
});

test('an open incident tells since when, how often and what it said, and leads on', async (context) => {
  const operations = quietOperations({
    stats: { ...quietStats, now: { ...quietStats.now, incidents_open: 2 } },
    incidents: [
      detailOf(someIncident, { dataset_ids: ['10736'] }),
      detailOf(
        { ...someIncident, id: 'inc_1M7ZPRB9M01', subject: 'quiet-one', silenced_by: 'sil_1M7ZPRB9M00' },
        { dataset_ids: ['10744'] },
      ),
    ],
  });
  const operator = await (await openConsole(context, { operations })).operator();
  const { text } = await operator.get('/console');
  expect(words(text)).toContain(
    'datasets_deliver_data/10736 Failing since 02:12 UTC 36 min ago, 3 times, last 02:36 UTC 12 min ago out of memory: 12 GiB asked for, 8 GiB left',
  );
  expect(text).toContain('href="/console/events/evt_1M7ZPRB9M00"');
  expect(text).toContain('href="/console/incidents/inc_1M7ZPRB9M00"');
  expect(text).toContain('href="/console/silences?incident=inc_1M7ZPRB9M00&amp;for=2h"');
  expect(words(text)).toContain('Kept quiet by sil_1M7ZPRB9M00');
  expect(text).not.toContain('incident=inc_1M7ZPRB9M01');
  // Each link tells by itself what it is about.
  const links = [...text.matchAll(/<a class="button"[^>]*>([^]*?)<\/a/g)].map(([, label]) => words(label!).trim());
  expect(links).toEqual([
    'Why, or why not? an alert about datasets_deliver_data/10736',
    'Silence… datasets_deliver_data/10736',
    'Why, or why not? an alert about quiet-one',
  ]);
});

test('a silence is offered only where one is possible', async (context) => {
  const stats = { ...quietStats, now: { ...quietStats.now, incidents_open: 1 } };
  const about = { ...someIncident, subject: 'relay/destination/airflow', job_type: null };
  const operations = quietOperations({ stats, incidents: [detailOf(about, null)] });
  const { text } = await (await (await openConsole(context, { operations })).operator()).get('/console');
  expect(words(text)).toContain('relay/destination/airflow');
  expect(text).not.toContain('Silence…');
});

test('a job that is late is told with its type, since its subject says no more than its id', async (context) => {
  const stats = { ...quietStats, now: { ...quietStats.now, incidents_open: 1 } };
  const late = { ...someIncident, kind: 'late' as const, subject: 'late/3f1c9a52', job_type: 'materialize-view' };
  const operations = quietOperations({ stats, incidents: [detailOf(late, null)] });
  const { text } = await (await (await openConsole(context, { operations })).operator()).get('/console');
  expect(words(text)).toContain('late/3f1c9a52 materialize-view, late since 02:12 UTC');
});

test('a parked destination is unparked by a plain form, and that is told', async (context) => {
  const operations = quietOperations({ destinations: [{ ...someDestination, parked }] });
  const stage = await openConsole(context, { operations });
  const operator = await stage.operator();
  await operator.get('/console');
  const answer = await operator.submit('/console/unpark', { destination: 'data-eng' });
  expect(answer.status).toBe(303);
  expect(operations.unparked).toEqual(['data-eng']);
  expect(words((await operator.get('/console')).text)).toContain('data-eng is tried again now');
  expect(words((await operator.get('/console')).text)).not.toContain('data-eng is tried again now');
  expect((await operator.submit('/console/unpark', { destination: 'nobody' })).status).toBe(404);

  await operator.get('/console');
  const byHttps = await operator.submit('/console/unpark', { destination: 'data-eng' }, { 'x-forwarded-proto': 'https' });
  const [notice] = byHttps.headers.getSetCookie();
  expect(notice).toMatch(/^relay_notice=.*; Secure/);
});

test('the charts say in words what they draw, hour by hour in a table', async (context) => {
  const hours = quietStats.hours.map((hour, i) =>
    i === 20 ? { ...hour, events: { routed: 5, duplicate: 2 }, deliveries: { delivered: 4, dead: 1 } } : hour,
  );
  const operator = await (
    await openConsole(context, { operations: quietOperations({ stats: { ...quietStats, hours } }) })
  ).operator();
  const { text } = await operator.get('/console');
  expect(text).toContain('7 events in the last 24 hours: 5 routed, 2 duplicates. The most in one hour, 7, at 23:00 UTC.');
  expect(text).toContain('5 deliveries in the last 24 hours: 1 dead, 4 delivered. The most in one hour, 5, at 23:00 UTC.');
  expect(text.match(/class="series-routed"/g)).toHaveLength(2);
  expect(words(text)).toContain('02-28 23:00 0 5 0 0 0 2');
});

test('an empty chart says that there was nothing', async (context) => {
  const operator = await (await openConsole(context)).operator();
  expect((await operator.get('/console')).text).toContain('No deliveries in the last 24 hours.');
});

test('it draws itself anew until somebody says pause', async (context) => {
  const operator = await (await openConsole(context)).operator();
  const going = await operator.get('/console');
  expect(going.text).toContain('hx-trigger="every 15s"');
  const pause = /href="([^"]*)">Pause</.exec(going.text)![1]!;
  const paused = await operator.get(pause);
  expect(paused.text).not.toContain('hx-trigger');
  expect(/href="([^"]*)">Resume</.exec(paused.text)![1]).toBe('/console');
});

test('a page that fails is a page, and the log says why', async (context) => {
  const operations = quietOperations();
  const broken = {
    ...operations,
    rules: () => {
      throw new Error('the disk is gone');
    },
  };
  const stage = await openConsole(context, { operations: broken });
  const operator = await stage.operator();
  const answer = await operator.get('/console');
  expect(answer.status).toBe(500);
  expect(answer.text).toContain('The relay failed on this page');
  expect(answer.text).not.toContain('the disk is gone');
  expect(stage.logged.at(-1)).toMatchObject({ level: 'error', err: { message: 'the disk is gone' } });
});
