/** What `relay doctor` says of PagerDuty and of HTTP destinations: connections are made, and nothing is sent by them. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkHttp } from '../../src/cli/doctor/http.ts';
import { checkPagerDuty } from '../../src/cli/doctor/pagerduty.ts';
import { closedAddress, look } from './doctor-stage.ts';

const key = 'FAKE0ROUTING0KEY0FAKE0ROUTING0KE';
const pager = (name: string, env = 'FAKE_KEY', more = '') => `${name}: { type: pagerduty, routing_key: { env: ${env} }${more} }`;

let server: Server;
let url: string;
let connections: number;
/** All that anybody said to the server. */
let heard: string;
let answer: (socket: Socket) => void;

beforeEach(async () => {
  connections = 0;
  heard = '';
  answer = () => {};
  server = createServer((socket) => {
    connections++;
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      answer(socket);
    });
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  const closed = once(server, 'close');
  server.close();
  await closed;
});

const hostOf = (address: string) => new URL(address).host;

describe('PagerDuty', () => {
  const ask = async (destinations: string[], env: Record<string, string> = {}) => {
    const found = await look(checkPagerDuty, { destinations, env: { PAGERDUTY_EVENTS_URL: url, FAKE_KEY: key, ...env } });
    expect(JSON.stringify(found)).not.toContain(key);
    return found;
  };

  test('is looked at without an event, and what that leaves open is said', async () => {
    expect(await ask([pager('oncall')])).toEqual({
      lines: [
        '✓ oncall: routing key: has the form of one: 32 letters and digits; region us',
        '– oncall: valid: whether PagerDuty knows the key shows only with an event, so it was not looked at',
        `✓ oncall: connection: ${hostOf(url)} takes connections; nothing was sent`,
      ],
      todos: ['relay send-test oncall opens an incident of severity info'],
      reached: true,
    });
    expect({ connections, heard }).toEqual({ connections: 1, heard: '' });
  });

  test.each([
    ['fakeRestApiKey000000', 'has 20 characters instead of 32, as a key for the REST API has: PagerDuty takes no alert with it'],
    [`${key}0`, 'has 33 characters instead of 32: PagerDuty takes no alert with it'],
    [key.replace('0', '-'), 'has other signs than letters and digits: PagerDuty takes no alert with it'],
  ])('takes no key of the form of %s', async (wrong, why) => {
    const { lines } = await ask([pager('oncall')], { FAKE_KEY: wrong });
    expect(lines[0]).toBe(`✗ oncall: routing key: ${why}`);
    expect(lines.join()).not.toContain(wrong);
  });

  test('makes one incident of what is sent by the same key twice, which is a warning', async () => {
    const { lines } = await ask([pager('oncall'), pager('data'), pager('other', 'FAKE_OTHER')], {
      FAKE_OTHER: `${key.slice(1)}X`,
    });
    expect(lines.filter((line) => line.includes('one key'))).toEqual([
      expect.stringMatching(/^! one key: oncall and data have the same key, so what is sent to both is one incident/),
    ]);
    expect(connections).toBe(1);
  });

  test('knows a key in one region', async () => {
    const { lines } = await ask([pager('oncall'), pager('eu', 'FAKE_KEY', ', region: eu')]);
    expect(lines).toContainEqual(
      '! one key: oncall and eu have the same key and different regions: a key is known in one of them',
    );
  });

  test('that takes no connection was not reached', async () => {
    const nobody = await closedAddress();
    const { lines, reached } = await ask([pager('oncall')], { PAGERDUTY_EVENTS_URL: nobody });
    expect(lines.at(-1)).toMatch(/^✗ oncall: connection: cannot reach 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
    expect(reached).toBe(false);
  });
});

describe('an HTTP destination', () => {
  const ask = (destinations: string[], env: Record<string, string> = {}) =>
    look(checkHttp, { destinations, env: { FAKE_HOOK: `${url}/fake-secret-path`, FAKE_SIGNING: 'fake-signing-secret', ...env } });
  const hook = (name: string, secret = ', secret: { env: FAKE_SIGNING }') =>
    `${name}: { type: http, url: { env: FAKE_HOOK }${secret} }`;

  test('that takes connections and can know who sends is in order, and its path is not shown', async () => {
    const found = await ask([hook('airflow')]);
    expect(found).toEqual({
      lines: [
        `✓ airflow: connection: ${hostOf(url)} takes connections; nothing was sent`,
        '✓ airflow: signature: what is sent is signed',
      ],
      todos: [],
      reached: true,
    });
    expect(heard).toBe('');
  });

  test('without a secret is a warning', async () => {
    const { lines } = await ask([hook('airflow', '')]);
    expect(lines.at(-1)).toMatch(/^! airflow: signature: it has no secret, .* cannot tell it from a forgery$/);
  });

  test('at the same host as another is connected to once', async () => {
    const { lines } = await ask([hook('one'), hook('two')]);
    expect(lines[0]).toMatch(/^✓ one, two: connection: /);
    expect(connections).toBe(1);
  });

  test('that is not there was not reached', async () => {
    const { lines, reached } = await ask([hook('airflow')], { FAKE_HOOK: `${await closedAddress()}/x` });
    expect(lines[0]).toMatch(/^✗ airflow: connection: cannot reach .*ECONNREFUSED/);
    expect(reached).toBe(false);
  });

  test('with a name that nobody has, by plain http, is told of both', async () => {
    const { lines, reached } = await ask([hook('airflow')], { FAKE_HOOK: 'http://no-such-host.invalid/hook' });
    expect(lines).toEqual([
      expect.stringMatching(/^✗ airflow: connection: cannot reach no-such-host\.invalid \((ENOTFOUND|EAI_AGAIN)\)/),
      '✓ airflow: signature: what is sent is signed',
      expect.stringMatching(/^! airflow: https: the URL is plain http/),
    ]);
    expect(reached).toBe(false);
  });

  test('that speaks no TLS where https is asked for was not reached', async () => {
    answer = (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    const { lines } = await ask([hook('airflow')], { FAKE_HOOK: url.replace('http:', 'https:') });
    expect(lines[0]).toMatch(/^✗ airflow: connection: .*127\.0\.0\.1:\d+/);
  });
});
