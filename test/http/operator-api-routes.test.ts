/** Walks every route of the operator API: who is let in, which methods there are, and that each answer is what it is said to be. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../../src/http/api/route.ts';
import type { DeliveryPageView, EventDetailView, IncidentPageView } from '../../src/operate/shapes/views.ts';
import { describedRoutes, startOperatorStage, token, type OperatorStage } from './operator-api-stage.ts';
import { detailOf } from './problem-of.ts';
import { headOf, openRaw } from './raw-http.ts';

const routes = describedRoutes();
const named = routes.map((route) => [`${route.method} ${route.path}`, route] as const);

let stage: OperatorStage;
/** For the parameter of a path, by what the path begins with. */
let ids: Record<string, string>;

beforeAll(async () => {
  stage = await startOperatorStage();
  const event = await stage.fail();
  const incident = (await stage.read<IncidentPageView>('/incidents')).incidents[0]!.id;
  const dead = (await stage.read<DeliveryPageView>('/deliveries?status=dead')).deliveries[0]!.id;
  const made = await stage.ask('POST', '/silences', { match: { states: ['nowhere'] }, for: '1h', reason: 'r', author: 'a' });
  ids = {
    events: event,
    incidents: incident,
    deliveries: dead,
    destinations: 'broken',
    silences: ((await made.json()) as { id: string }).id,
    reconciliations: 'rec_00000000000',
  };
});
afterAll(() => stage.stop());

const pathOf = ({ path }: Route) => path.replace(/:\w+/, () => ids[path.split('/')[1]!]!);

describe.each(named)('%s', (_name, route) => {
  test.each<[string, Record<string, string>, string]>([
    ['no token', {}, 'Bearer realm="operator-api"'],
    ['a wrong token', { authorization: 'Bearer wrong' }, 'Bearer realm="operator-api", error="invalid_token"'],
    [
      'the token in other letters',
      { authorization: `Bearer ${token.toUpperCase()}` },
      'Bearer realm="operator-api", error="invalid_token"',
    ],
    [
      'the token as a password',
      { authorization: `Basic ${btoa(`:${token}`)}` },
      'Bearer realm="operator-api", error="invalid_token"',
    ],
  ])('is refused to %s', async (_what, headers, challenge) => {
    const answer = await fetch(`${stage.relay.url}/api/v1${pathOf(route)}`, { method: route.method, headers });
    expect(answer.headers.get('www-authenticate')).toBe(challenge);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    await detailOf(answer, 401);
  });

  test('takes no parameter that it does not know', async () => {
    const answer = await stage.ask(route.method, `${pathOf(route)}?nosuch=1`, route.method === 'POST' ? {} : undefined);
    expect(await detailOf(answer, 400)).toContain('unknown key "nosuch"');
  });

  test('takes no parameter twice', async () => {
    const answer = await stage.ask(route.method, `${pathOf(route)}?limit=1&limit=1`, route.method === 'POST' ? {} : undefined);
    expect(await detailOf(answer, 400)).toBe('limit: is given more than once; several values are separated by commas');
  });

  test('has the methods it says, and no others', async () => {
    const methods = routes.filter(({ path }) => path === route.path).map(({ method }) => method);
    const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (allow.includes(method)) continue;
      const answer = await stage.ask(method, pathOf(route));
      expect([method, answer.headers.get('allow')]).toEqual([method, allow.join(', ')]);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      await detailOf(answer, 405);
    }
  });
});

describe.each(named.filter(([, { method, answer }]) => method === 'GET' && answer.schema !== null))('%s', (_name, route) => {
  test('answers what its schema says, and nothing more', async () => {
    const answer = await stage.ask('GET', pathOf(route));
    expect([answer.headers.get('cache-control'), answer.headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
    if (route.path.startsWith('/reconciliations/')) return void (await detailOf(answer, 404));
    expect(answer.headers.get('content-type')).toBe('application/json');
    const parsed = route.answer.schema!.safeParse(await answer.json());
    expect([answer.status, parsed.error?.issues ?? []]).toEqual([route.answer.status, []]);
  });

  test('answers HEAD with the same head', async () => {
    const [got, headed] = [await stage.ask('GET', pathOf(route)), await stage.ask('HEAD', pathOf(route))];
    expect([headed.status, headed.headers.get('content-type'), await headed.text()]).toEqual([
      got.status,
      got.headers.get('content-type'),
      '',
    ]);
  });
});

test('what operators do answers what its schema says, and is written into the log without bodies', async () => {
  const { ask, read } = stage;
  const parked = (await read<DeliveryPageView>('/deliveries?destination=broken')).deliveries[0]!.id;
  const requests: [string, string, object?][] = [
    ['/events/:id/replay', `/events/${ids.events}/replay`, { dry_run: true }],
    ['/deliveries/:id/retry', `/deliveries/${parked}/retry`],
    ['/deliveries/:id/discard', `/deliveries/${parked}/discard`],
    ['/deliveries/retry', '/deliveries/retry', { filter: { status: 'dead' }, dry_run: true }],
    ['/deliveries/discard', '/deliveries/discard', { filter: { status: 'dead', reason: 'payload' } }],
    ['/events/:id/replay', `/events/${ids.events}/replay`, { to: ['takes'] }],
    ['/destinations/:name/unpark', '/destinations/broken/unpark'],
    ['/explain', '/explain', { event: JSON.parse((await read<EventDetailView>(`/events/${ids.events}`)).body) as object }],
  ];
  for (const [path, url, body] of requests) {
    const answer = await ask('POST', url, body);
    const route = routes.find((each) => each.method === 'POST' && each.path === path)!;
    const said: unknown = await answer.json();
    expect([path, answer.status, said]).toEqual([path, 200, said]);
    expect([path, route.answer.schema!.safeParse(said).error?.issues ?? []]).toEqual([path, []]);
  }
  const lines = stage.relay.logLines().filter(({ msg }) => msg === 'an operator acted');
  expect(lines.map(({ action, id, outcome }) => [action, id, outcome])).toEqual([
    ['retry', parked, 'done'],
    ['discard', parked, 'done'],
    ['discard many', undefined, 'done'],
    ['replay', ids.events, 'done'],
    ['unpark', 'broken', 'done'],
  ]);
  expect(lines.map((line) => JSON.stringify(line)).join('')).not.toContain('job_id');
});

test('what is refused to an operator is written into the log, too', async () => {
  const answer = await stage.ask('POST', '/destinations/takes/unpark');
  await detailOf(answer, 409);
  expect(stage.relay.logLines().at(-1)).toMatchObject({ action: 'unpark', id: 'takes', outcome: 'conflict', level: 'info' });
});

test('whatever is written with percent signs in a path is looked for as it is, and not found', async () => {
  for (const path of [
    '/events/%00',
    '/events/%ff%fe',
    '/events/%E0%A4%A',
    '/events/..%2fsilences',
    '/destinations/%3Cscript%3E',
  ]) {
    const connection = openRaw(stage.relay.port);
    connection.write(headOf('GET', `/api/v1${path}`, [['authorization', `Bearer ${token}`]]));
    const answer = await connection.answer();
    connection.socket.destroy();
    expect(await detailOf(answer, 404)).not.toBe('');
  }
});

test('requests are counted by route, whatever is asked for with it, and by status', async () => {
  const counted = (route: string, status: number) =>
    stage.relay.metric(`operator_requests_total{route="${route}",status="${status}"}`);
  const before = [await counted('GET /events/:id', 404), await counted('', 401)];
  await stage.ask('GET', '/events/evt_00000000000');
  await stage.ask('HEAD', '/events/evt_00000000001');
  await stage.ask('GET', '/events', undefined, { authorization: 'Bearer wrong' });
  expect([await counted('GET /events/:id', 404), await counted('', 401)]).toEqual([before[0]! + 2, before[1]! + 1]);
});

describe('with no token configured', () => {
  test('every route is off, and says how to turn it on', async () => {
    const off = await startOperatorStage({ adminToken: null });
    for (const route of routes) {
      const answer = await off.ask(route.method, pathOf(route));
      expect(await detailOf(answer, 403)).toMatch(/set RELAY_ADMIN_TOKEN/);
    }
    await off.stop();
  });
});
