/** Requests that are refused: what the sender is told, what the log and the metrics say, and that nothing is kept. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jobBody, post } from './narrative-event.ts';
import { detailOf } from './problem-of.ts';
import { headOf, sendRaw } from './raw-http.ts';
import { secret, signatureOf, startRelayUnderTest, type RelayUnderTest } from './relay-under-test.ts';

let relay: RelayUnderTest;

beforeEach(async () => {
  relay = await startRelayUnderTest();
});

async function stopHavingKeptNothing(): Promise<void> {
  expect(relay.events()).toEqual([]);
  await relay.stop();
}

afterEach(stopHavingKeptNothing);

const body = jobBody();
const valid = signatureOf(body);
const generic = 'The request carries no valid proof of the subscription secret.';

describe('a request without a valid proof', () => {
  const other = signatureOf(body, 'another-secret-not-real');
  test.each<[string, readonly (readonly [string, string])[], string]>([
    ['none', [], 'no-proof'],
    ['an empty signature', [['x-narrative-signature', '']], 'malformed-proof'],
    ['a signature that is no digest', [['x-narrative-signature', 'sha256=abc']], 'malformed-proof'],
    ['a signature of another algorithm', [['x-narrative-signature', `sha1=${'0'.repeat(40)}`]], 'malformed-proof'],
    ['a signature by another secret', [['x-narrative-signature', other]], 'wrong-proof'],
    [
      'a right signature with a second header',
      [
        ['x-narrative-signature', valid],
        ['X-Narrative-Signature', other],
      ],
      'malformed-proof',
    ],
    [
      'a right signature twice',
      [
        ['x-narrative-signature', valid],
        ['x-narrative-signature', valid],
      ],
      'malformed-proof',
    ],
    [
      'a wrong first header, though the next kind is right',
      [
        ['x-narrative-signature', other],
        ['x-signature', valid],
      ],
      'wrong-proof',
    ],
    ['a wrong bearer token', [['authorization', 'Bearer wrong']], 'wrong-proof'],
    ['an empty bearer token', [['authorization', 'Bearer ']], 'malformed-proof'],
    ['the secret under another scheme', [['authorization', `Basic ${secret}`]], 'malformed-proof'],
    [
      'two Authorization headers, one right',
      [
        ['authorization', `Bearer ${secret}`],
        ['Authorization', 'Bearer x'],
      ],
      'malformed-proof',
    ],
    [
      'two Authorization headers, both right',
      [
        ['authorization', `Bearer ${secret}`],
        ['authorization', `Bearer ${secret}`],
      ],
      'malformed-proof',
    ],
    [
      'a right signature and half a standard webhook',
      [
        ['x-narrative-signature', valid],
        ['webhook-signature', 'v1,x'],
      ],
      'no-proof',
    ],
  ])('(%s) is answered 401 with one generic text, while the log says why', async (_what, headers, why) => {
    const head = headOf('POST', '/webhooks/narrative', [...headers, ['content-length', String(body.length)]]);
    expect(await detailOf(await sendRaw(relay.port, head, body), 401)).toBe(generic);
    expect(relay.logLines().filter(({ outcome }) => outcome === 'unverified')).toMatchObject([{ level: 'warn', why }]);
    expect(relay.logText.join('')).not.toContain(secret);
    expect(await relay.metric('events_total{subscription="",outcome="unverified"}')).toBe(1);
  });

  test('is answered the same at a subscription’s own address, and counted under its name', async () => {
    const response = await post(relay, body, { path: '/webhooks/narrative/production', headers: {} });
    expect(await detailOf(response, 401)).toBe(generic);
    expect(await relay.metric('events_total{subscription="production",outcome="unverified"}')).toBe(1);
  });

  test('is told nothing about its body: not whether it is JSON', async () => {
    const response = await post(relay, '{', { headers: {} });
    expect(response.headers.get('www-authenticate')).toBe('Bearer'); // RFC 9110 §11.6.1
    expect(await detailOf(response, 401)).toBe(generic);
  });

  test('is refused when the body was changed on its way', async () => {
    const changed = body.replace('failed', 'fooled');
    expect(await detailOf(await post(relay, changed, { headers: { 'x-narrative-signature': valid } }), 401)).toBe(generic);
  });

  test('is refused with a token in the path where the subscription is not meant for one', async () => {
    const path = `/webhooks/narrative/production/${secret}`;
    expect(await detailOf(await post(relay, body, { path, headers: {} }), 401)).toBe(generic);
    expect(relay.logText.join('')).not.toContain(secret);
  });
});

test.each(['{', '', '[1,]', 'state=failed', '{"a":1}{"b":2}', '\u0000'])(
  'a verified body that is not JSON (%j) is answered 400',
  async (text) => {
    const detail = await detailOf(await post(relay, text), 400);
    expect(detail).toMatch(/^The body is not JSON: ./);
    expect(relay.logLines().filter(({ outcome }) => outcome === 'not-json')).toMatchObject([{ subscription: 'production' }]);
    expect(await relay.metric('events_total{subscription="production",outcome="not-json"}')).toBe(1);
  },
);

test.each(['staging', '__proto__', 'constructor', 'Production'])(
  'an unknown subscription (%s) is answered 404 with its name',
  async (name) => {
    const detail = await detailOf(await post(relay, body, { path: `/webhooks/narrative/${name}` }), 404);
    expect(detail).toBe(`There is no subscription named "${name}" in the rules.`);
    expect(await relay.metric('events_total{subscription="",outcome="unknown-subscription"}')).toBe(1);
  },
);

test.each(['a%2Fb', '%2e%2e', '%zz', '%', '%c3%28', '%00', 'production%2F', 'x'.repeat(2_000), 'staging/%zz'])(
  'a path that is hard to read (%s) is the sender’s fault, not the relay’s',
  async (path) => {
    const length = ['content-length', String(body.length)] as const;
    const head = headOf('POST', `/webhooks/narrative/${path}`, [['x-narrative-signature', valid], length]);
    expect(await detailOf(await sendRaw(relay.port, head, body), 404)).toMatch(/^There is (no subscription named|nothing here)/);
  },
);

describe.each(['/webhooks/narrative', '/webhooks/narrative/production', '/webhooks/narrative/production/token'])('%s', (path) => {
  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('refuses %s with 405 and says that it takes POST', async (method) => {
    const response = await fetch(relay.url + path, { method });
    expect(response.headers.get('allow')).toBe('POST');
    expect(await detailOf(response, 405)).toBe('Events are sent with POST.');
  });

  test('refuses HEAD with 405 and no body', async () => {
    const response = await fetch(relay.url + path, { method: 'HEAD' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await response.text()).toBe('');
  });
});

test.each(['/', '/webhooks', '/webhook/narrative', '/webhooks/narrative/production/token/more', '/api/v2/events'])(
  'a path that leads nowhere (%s) is answered 404 with the one that does',
  async (path) => {
    expect(await detailOf(await post(relay, body, { path }), 404)).toContain('POST /webhooks/narrative');
  },
);
