/** Requests to the operator API that make no sense, each refused with what is wrong about it; and those that nearly do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  DeliveryDetailView,
  DeliveryPageView,
  DestinationView,
  EventDetailView,
  EventPageView,
  ExplanationView,
} from '../../src/operate/shapes/views.ts';
import { jobBody, post } from './narrative-event.ts';
import { startOperatorStage, token, type OperatorStage } from './operator-api-stage.ts';
import { detailOf } from './problem-of.ts';
import { headOf, openRaw } from './raw-http.ts';

let stage: OperatorStage;
let event: string;

beforeAll(async () => {
  stage = await startOperatorStage();
  event = await stage.fail();
});
afterAll(() => stage.stop());

describe('a senseless filter is refused, naming the field', () => {
  const times: [string, RegExp][] = [
    ['since=yesterday', /^since: a duration is/],
    ['since=6h&from=2026-03-01T18:00:00Z', /^since: say either since/],
    ['from=2026-02-31T00:00:00Z', /^from: is no date/],
    ['until=tomorrow', /^until: is no date/],
  ];
  const pages: [string, RegExp][] = [
    ['limit=0', /^limit: is no whole number from 1 to 200/],
    ['limit=-1', /^limit: is no whole number/],
    ['limit=201', /^limit: is no whole number/],
    ['limit=1e3', /^limit: is no whole number/],
    ['limit=99999999999999999999', /^limit: is no whole number/],
    ['before=', /^before: is empty/],
    ['before=nowhere', /^before: /],
    ['before=sil_1M7ZPRB9M00', /^before: /],
  ];
  const cases: [string, [string, RegExp][]][] = [
    [
      '/events',
      [
        ...times,
        ...pages,
        ['state=', /^state: is empty/],
        ['type=,', /^type: is empty/],
        ['dataset=', /^dataset: is empty/],
        ['outcome=lost', /^outcome: takes routed, unrouted/],
        ['kind=jobs', /^kind: takes job, app, relay/],
        ['subscription=', /^subscription: is empty/],
        ['rule=', /^rule: is empty/],
        ['job=', /^job: is empty/],
        ['subject=', /^subject: is empty/],
        [`text=${'x'.repeat(201)}`, /^text: is too long/],
        ['stat=failed', /^unknown key "stat" \(did you mean "state"\?\)/],
        ['before=dlv_1M7ZPRB9M00_1', /^before: /],
      ],
    ],
    [
      '/deliveries',
      [
        ...times,
        ...pages,
        ['status=lost', /^status: takes queued/],
        ['destination=', /^destination: is empty/],
        ['rule=', /^rule: is empty/],
        ['subject=', /^subject: is empty/],
        ['event=', /^event: is empty/],
        ['event=sil_1M7ZPRB9M00', /^event: /],
        ['reason=', /^reason: is empty/],
        ['before=evt_1M7ZPRB9M00', /^before: /],
      ],
    ],
    [
      '/incidents',
      [
        ...pages,
        ['status=closed', /^status: "closed" is none of open, ended, all/],
        ['kind=job', /^kind: takes subject/],
        ['text=', /^text: is empty/],
      ],
    ],
    ['/stats', [...times, ['since=99d', /^(since|from): .*31 days/]]],
    [
      '/events/tail',
      [
        ['since=6h', /^unknown key "since"/],
        ['after=', /^after: is empty/],
        ['after=nowhere', /^after: /],
        ['after=sil_1M7ZPRB9M00', /^after: /],
        ['state=', /^state: is empty/],
      ],
    ],
    ['/silences', [['all=yes', /^all: "yes" is none of true, false/]]],
  ];
  test.each(cases.flatMap(([path, queries]) => queries.map(([query, detail]) => [`${path}?${query}`, detail] as const)))(
    '%s',
    async (path, detail) => expect(await detailOf(await stage.ask('GET', path), 400)).toMatch(detail),
  );

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('?%s=x', async (name) => {
    expect(await detailOf(await stage.ask('GET', `/events?${name}=x`), 400)).toContain(`unknown key "${name}"`);
  });
});

describe('what is not there', () => {
  const kinds = ['evt', 'dlv', 'inc', 'sil', 'rec'].map((kind) => `${kind}_1M7ZPRB9M00${kind === 'dlv' ? '_1' : ''}`);
  const paths = ['/events', '/deliveries', '/incidents', '/destinations'];
  test.each(paths)('%s of any id', async (path) => {
    for (const id of [...kinds, 'evt_', '0', 'x'.repeat(1_000), '%F0%9F%92%A5', '__proto__', 'constructor']) {
      expect(await detailOf(await stage.ask('GET', `${path}/${id}`), 404)).not.toBe('');
    }
  });

  test.each(['/events/x/replay', '/deliveries/x/retry', '/deliveries/x/discard', '/destinations/x/unpark'])(
    'POST %s',
    async (path) => {
      expect(await detailOf(await stage.ask('POST', path), 404)).not.toBe('');
    },
  );

  test.each(['', '/', '/nowhere', '/events/a/b', '/deliveries/x/retry/y', '/rules/failures'])('no page %s', async (path) => {
    expect(await detailOf(await stage.ask('GET', path), 404)).toContain('openapi.json');
  });
});

describe('a body', () => {
  const withBody = () => [`/events/${event}/replay`, '/deliveries/retry', '/deliveries/discard', '/explain'];

  test.each([
    ['that is no JSON', '{"filter":', /not JSON/],
    ['that is a list', '[]', /must be a mapping/],
    ['that is null', 'null', /must be a mapping/],
    ['that is a text', '"dead"', /must be a mapping/],
    ['with a key of prototypes', '{"__proto__":{"dry_run":true}}', /unknown key "__proto__"|is missing/],
    ['with a key that nobody knows', '{"dry":true}', /unknown key "dry"/],
  ])('%s is refused', async (_what, body, detail) => {
    for (const path of withBody()) expect(await detailOf(await stage.ask('POST', path, body), 400)).toMatch(detail);
  });

  test('over its limit is refused, and not read to its end', async () => {
    for (const path of withBody()) {
      const limit = path === '/explain' ? 1_048_576 : 65_536;
      const answer = await stage.ask('POST', path, ' '.repeat(limit + 1));
      expect(await detailOf(answer, 413)).toContain(`${limit} bytes`);
    }
  });

  test('that comes in chunks is counted all the same', async () => {
    const connection = openRaw(stage.relay.port);
    connection.write(
      headOf('POST', '/api/v1/deliveries/retry', [
        ['authorization', `Bearer ${token}`],
        ['transfer-encoding', 'chunked'],
      ]),
    );
    connection.write(`11000\r\n${' '.repeat(0x11000)}\r\n`);
    expect(await detailOf(await connection.answer(), 413)).toContain('65536 bytes');
    connection.socket.destroy();
  });

  test('nested deeper than can be read is refused', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(await detailOf(await stage.ask('POST', '/explain', `{"event":{"a":${deep}}}`), 400)).toContain('nested too deep');
    const short = '['.repeat(30_000) + ']'.repeat(30_000);
    expect(await detailOf(await stage.ask('POST', '/deliveries/retry', `{"filter":${short}}`), 400)).toMatch(
      /nested too deep|filter/,
    );
  });

  test('with fields where an action takes none is refused, and nothing is done', async () => {
    const { deliveries } = await stage.read<DeliveryPageView>('/deliveries?status=dead');
    const dead = deliveries[0]!.id;
    for (const [path, body] of [
      [`/deliveries/${dead}/discard`, { dry_run: true }],
      [`/deliveries/${dead}/retry?dry_run=true`, undefined],
      ['/destinations/broken/unpark', { force: true }],
    ] as const) {
      expect(await detailOf(await stage.ask('POST', path, body), 400)).toMatch(/unknown key "(dry_run|force)"/);
    }
    expect((await stage.read<DeliveryDetailView>(`/deliveries/${dead}`)).status).toBe('dead');
    expect((await stage.read<DestinationView>('/destinations/broken')).parked).not.toBeNull();
  });

  test.each<[string, object, RegExp]>([
    ['/deliveries/retry', {}, /^filter: is missing/],
    ['/deliveries/retry', { filter: { status: 'lost' } }, /^filter\.status: takes/],
    ['/deliveries/retry', { filter: { status: ['dead'] } }, /^filter\.status: must be text/],
    ['/deliveries/retry', { filter: { statuss: 'dead' } }, /unknown key "statuss" in filter \(did you mean "status"/],
    ['/deliveries/discard', { filter: { status: 'dead' }, before: 'nowhere' }, /^before: /],
    ['/deliveries/discard', { filter: { status: 'dead' }, dry_run: 'yes' }, /^dry_run: must be true or false/],
    ['/deliveries/discard', { filter: {} }, /status/],
    ['/explain', { event: [] }, /^event: must be a mapping/],
    ['/explain', {}, /^event: is missing/],
    ['/explain', { event: {}, subscription: '' }, /^subscription: is empty/],
    ['/explain', { event: { type: 'job.failed', data: {} }, subscription: 'nowhere' }, /^subscription: /],
  ])('of %s that says %j is refused', async (path, body, detail) => {
    expect(await detailOf(await stage.ask('POST', path, body), 400)).toMatch(detail);
  });

  test.each<[object, RegExp]>([
    [{ to: [] }, /^to: is empty/],
    [{ to: 'takes' }, /^to: must be a list/],
    [{ to: ['nowhere'] }, /^to: /],
    [{ again: 1 }, /^again: must be true or false/],
  ])('of a replay that says %j is refused', async (body, detail) => {
    expect(await detailOf(await stage.ask('POST', `/events/${event}/replay`, body), 400)).toMatch(detail);
  });
});

test('an event that is explained keeps every digit', async () => {
  const body = `{"event":{"id":"e","type":"job.failed","created_at":"2026-03-02T09:12:00","data":{"job_id":"j","state":"failed",
    "type":"materialize-view","input":{"dataset_id":12345678901234567891},"updated_at":"2026-03-02T09:12:00"}}}`;
  const answer = await stage.ask('POST', '/explain', body);
  const explained = (await answer.json()) as ExplanationView;
  expect([answer.status, explained.subject]).toEqual([200, 'materialize-view/12345678901234567891']);
  expect(explained.rules).toMatchObject([
    { name: 'failures', verdict: 'matched' },
    { name: 'never', verdict: 'no-match' },
  ]);
});

test('pages lead on from one to the next, each event once', async () => {
  const sent: string[] = [event];
  for (let i = 0; i < 5; i++) sent.push(await stage.send({ id: `page-${i}`, jobId: `page-${i}`, state: 'running' }));
  const seen: string[] = [];
  for (let before = ''; ;) {
    const page = await stage.read<EventPageView>(`/events?limit=2${before}`);
    seen.push(...page.events.map(({ id }) => id));
    if (page.next === null) break;
    before = `&before=${page.next}`;
  }
  expect(seen).toEqual(sent.toReversed());
});

test('an event nested deeper than the stack goes is shown, its body whole', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const body = jobBody({ id: 'deep', jobId: 'deep' }).replace('"input":{', `"input":{"deep":${deep},`);
  const { event_id: id } = (await (await post(stage.relay, body)).json()) as { event_id: string };
  const answer = await stage.ask('GET', `/events/${id}`);
  const shown = (await answer.json()) as EventDetailView;
  expect([answer.status, shown.body === body]).toEqual([200, true]);
});
