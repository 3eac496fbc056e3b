/** Every scheme, with the right proof and with each way of not having it. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { constantTimeEqual } from '../../src/intake/constant-time.ts';
import { createVerifier, type Claim } from '../../src/intake/verify.ts';
import { nodeHash } from '../../src/node/ports.ts';
import type { VerifyConfig } from '../../src/rules/rule-set.ts';

const verifier = createVerifier(nodeHash);
const body = Buffer.from('{"id":"event-1","data":{}}');
const secret = 'obviously-fake-secret';
const nowMs = Date.UTC(2026, 2, 2);
const nowS = nowMs / 1000;

const hmac = (encoding: 'hex' | 'base64' | 'base64url', key = secret, over: Uint8Array = body) =>
  createHmac('sha256', key).update(over).digest(encoding);

function claim(headers: Record<string, string> = {}, over: Partial<Claim> = {}): Claim {
  return { header: (name) => headers[name] ?? null, urlToken: null, body, nowMs, ...over };
}

function verify(config: VerifyConfig, given: Claim, secrets: readonly string[] = [secret]) {
  const result = verifier.verify(given, { id: null, name: 'production', verify: config, secrets });
  return result.ok ? `${result.request.scheme} by ${result.request.header}` : result.why;
}

const auto: VerifyConfig = { scheme: 'auto' };

describe('hmac-sha256', () => {
  const config: VerifyConfig = { scheme: 'hmac-sha256', header: 'x-my-signature', encoding: null };
  const signed = (value: string) => verify(config, claim({ 'x-my-signature': value }));

  test.each([
    ['hex', hmac('hex')],
    ['hex in capitals', hmac('hex').toUpperCase()],
    ['hex behind sha256=', `sha256=${hmac('hex')}`],
    ['base64', hmac('base64')],
    ['base64url without padding', hmac('base64url')],
    ['base64 behind sha256=', `SHA256=${hmac('base64')}`],
    ['hex with spaces around it', ` ${hmac('hex')} `],
  ])('takes %s', (_what, value) => expect(signed(value)).toBe('hmac-sha256 by x-my-signature'));

  test.each([
    ['another secret', hmac('hex', 'another-fake-secret'), 'wrong-proof'],
    ['another body', hmac('hex', secret, Buffer.from('{}')), 'wrong-proof'],
    ['an empty value', '', 'malformed-proof'],
    ['half of it', hmac('hex').slice(0, 32), 'malformed-proof'],
    ['it twice', `${hmac('hex')}, ${hmac('hex')}`, 'malformed-proof'],
    ['no hexadecimal digits', 'z'.repeat(64), 'malformed-proof'],
    ['the secret itself', secret, 'malformed-proof'],
    ['another algorithm', `sha1=${hmac('hex')}`, 'malformed-proof'],
  ])('refuses %s', (_what, value, why) => expect(signed(value)).toBe(why));

  test('refuses a request without the header, whatever else it has', () => {
    expect(verify(config, claim({ 'x-signature': hmac('hex'), authorization: `Bearer ${secret}` }))).toBe('no-proof');
  });

  test('with an encoding given, refuses the other one', () => {
    const inHex = claim({ 'x-my-signature': hmac('hex') });
    const inBase64 = claim({ 'x-my-signature': hmac('base64') });
    expect(verify({ ...config, encoding: 'base64' }, inHex)).toBe('malformed-proof');
    expect(verify({ ...config, encoding: 'hex' }, inBase64)).toBe('malformed-proof');
    expect(verify({ ...config, encoding: 'base64' }, inBase64)).toBe('hmac-sha256 by x-my-signature');
  });

  test('without a header given, looks in the usual ones', () => {
    const found = verify({ ...config, header: null }, claim({ 'x-hub-signature-256': `sha256=${hmac('hex')}` }));
    expect(found).toBe('hmac-sha256 by x-hub-signature-256');
  });

  test('takes any of the secrets while they are rotated, and no third one', () => {
    const secrets = ['old-fake-secret', 'new-fake-secret'];
    const by = (key: string) => verify(config, claim({ 'x-my-signature': hmac('hex', key) }), secrets);
    expect(by('old-fake-secret')).toBe('hmac-sha256 by x-my-signature');
    expect(by('new-fake-secret')).toBe('hmac-sha256 by x-my-signature');
    expect(by('third-fake-secret')).toBe('wrong-proof');
  });
});

describe('shared-secret', () => {
  const config: VerifyConfig = { scheme: 'shared-secret', header: 'x-token' };

  test.each([secret, `Bearer ${secret}`, `bearer  ${secret} `, ` ${secret}`])('takes %j', (value) => {
    expect(verify(config, claim({ 'x-token': value }))).toBe('shared-secret by x-token');
  });

  test.each(['', 'Bearer', 'Bearer ', secret.slice(1), `${secret}x`, secret.toUpperCase(), `${secret}, ${secret}`, hmac('hex')])(
    'refuses %j',
    (value) => expect(verify(config, claim({ 'x-token': value }))).toBe('wrong-proof'),
  );

  test('in Authorization, only behind Bearer', () => {
    const inAuthorization: VerifyConfig = { scheme: 'shared-secret', header: 'authorization' };
    expect(verify(inAuthorization, claim({ authorization: `Bearer ${secret}` }))).toBe('shared-secret by authorization');
    expect(verify(inAuthorization, claim({ authorization: secret }))).toBe('malformed-proof');
    expect(verify(inAuthorization, claim({ authorization: `Basic ${secret}` }))).toBe('malformed-proof');
    expect(verify(inAuthorization, claim({ authorization: `Bearer ${secret}, Bearer ${secret}` }))).toBe('malformed-proof');
  });
});

describe('standard-webhooks', () => {
  const config: VerifyConfig = { scheme: 'standard-webhooks', toleranceMs: 3_600_000 };
  const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

  /** As the specification says, with node:crypto. */
  function sign(id: string, timestamp: number | string, over: Uint8Array = body, using = key): string {
    const bytes = using.startsWith('whsec_') ? Buffer.from(using.slice(6), 'base64') : Buffer.from(using);
    return `v1,${createHmac('sha256', bytes).update(`${id}.${timestamp}.`).update(over).digest('base64')}`;
  }
  const headers = (over: Record<string, string> = {}) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(nowS),
    'webhook-signature': sign('msg_1', nowS),
    ...over,
  });
  const check = (given: Record<string, string>, using = key, over: Partial<Claim> = {}) =>
    verify(config, claim(given, over), [using]);

  test("takes the specification's own example", () => {
    const payload = Buffer.from('{"test": 2432232314}');
    const example = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    expect(check(example, key, { body: payload, nowMs: 1614265330_000 })).toBe('standard-webhooks by webhook-signature');
  });

  test('takes one good signature among several, and a secret that is plain text', () => {
    const several = `v1,${Buffer.alloc(32).toString('base64')} v1a,abc ${sign('msg_1', nowS)}`;
    expect(check(headers({ 'webhook-signature': several }))).toBe('standard-webhooks by webhook-signature');
    const uuid = '0b9d2a6c-7f4f-4a83-8d9d-1f5c3e7a2b44';
    expect(check(headers({ 'webhook-signature': sign('msg_1', nowS, body, uuid) }), uuid)).toBe(
      'standard-webhooks by webhook-signature',
    );
  });

  test('takes any of the secrets while they are rotated, of either form, and no third one', () => {
    const secrets = ['whsec_b2xkLWZha2Utc2VjcmV0', 'new-fake-secret'];
    const by = (using: string) =>
      verify(config, claim(headers({ 'webhook-signature': sign('msg_1', nowS, body, using) })), secrets);
    expect(secrets.map(by)).toEqual(secrets.map(() => 'standard-webhooks by webhook-signature'));
    expect(by(key)).toBe('wrong-proof');
  });

  test('refuses a good signature over another body', () => {
    expect(check(headers(), key, { body: Buffer.from('{}') })).toBe('wrong-proof');
  });

  test('takes a signature that is exactly as old as it may be', () => {
    expect(check(headers(), key, { nowMs: nowMs + 3_600_000 })).toBe('standard-webhooks by webhook-signature');
    expect(check(headers(), key, { nowMs: nowMs + 3_600_001 })).toBe('stale-timestamp');
  });

  test.each([
    ['another id', { 'webhook-id': 'msg_2' }, 'wrong-proof'],
    ['another time', { 'webhook-timestamp': String(nowS + 1) }, 'wrong-proof'],
    ['a time that is none', { 'webhook-timestamp': 'now' }, 'malformed-proof'],
    ['a time in another notation', { 'webhook-timestamp': '1.7e9' }, 'malformed-proof'],
    ['an empty signature', { 'webhook-signature': '' }, 'malformed-proof'],
    ['a signature without its version', { 'webhook-signature': sign('msg_1', nowS).slice(3) }, 'malformed-proof'],
    [
      'a signature header that came twice, both right',
      { 'webhook-signature': `${sign('msg_1', nowS)}, ${sign('msg_1', nowS)}` },
      'malformed-proof',
    ],
    [
      'a signature header that came twice, the second right',
      { 'webhook-signature': `v1,AAAA, ${sign('msg_1', nowS)}` },
      'malformed-proof',
    ],
    ['an id that came twice', { 'webhook-id': 'msg_1, msg_1' }, 'wrong-proof'],
    ['a time that came twice', { 'webhook-timestamp': `${nowS}, ${nowS}` }, 'malformed-proof'],
    ['a signature of another version', { 'webhook-signature': sign('msg_1', nowS).replace('v1,', 'v2,') }, 'wrong-proof'],
    [
      'a time that is too old',
      { 'webhook-timestamp': String(nowS - 3601), 'webhook-signature': sign('msg_1', nowS - 3601) },
      'stale-timestamp',
    ],
    [
      'a time that is too far ahead',
      { 'webhook-timestamp': String(nowS + 3601), 'webhook-signature': sign('msg_1', nowS + 3601) },
      'stale-timestamp',
    ],
  ])('refuses %s', (_what, over, why) => expect(check(headers(over))).toBe(why));

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('refuses a request without %s', (name) => {
    const { [name]: _left, ...rest } = headers() as Record<string, string>;
    expect(check(rest)).toBe('no-proof');
  });

  test('trap 6: by default a redelivery a week later is still fresh', () => {
    expect(verify(auto, claim(headers(), { nowMs: nowMs + 6.9 * 24 * 3_600_000 }), [key])).toBe(
      'standard-webhooks by webhook-signature',
    );
  });
});

describe('url-token', () => {
  const config: VerifyConfig = { scheme: 'url-token' };

  test('takes the secret from the path, and from nowhere else', () => {
    expect(verify(config, claim({}, { urlToken: secret }))).toBe('url-token by null');
    expect(verify(config, claim({}, { urlToken: 'wrong' }))).toBe('wrong-proof');
    expect(verify(config, claim({}, { urlToken: '' }))).toBe('wrong-proof');
    expect(verify(config, claim({ authorization: `Bearer ${secret}` }))).toBe('no-proof');
  });

  test('a token in the path proves nothing under another scheme', () => {
    expect(verify(auto, claim({}, { urlToken: secret }))).toBe('no-proof');
  });
});

describe('auto', () => {
  test.each([
    ['x-narrative-signature', hmac('hex'), 'hmac-sha256'],
    ['x-webhook-signature', hmac('base64'), 'hmac-sha256'],
    ['x-signature', hmac('hex'), 'hmac-sha256'],
    ['x-hub-signature-256', `sha256=${hmac('hex')}`, 'hmac-sha256'],
    ['authorization', `Bearer ${secret}`, 'shared-secret'],
    ['x-narrative-secret', secret, 'shared-secret'],
    ['x-webhook-secret', secret, 'shared-secret'],
  ])('finds a proof in %s and says which it was', (name, value, scheme) => {
    expect(verify(auto, claim({ [name]: value }))).toBe(`${scheme} by ${name}`);
  });

  test('the strongest proof that is offered decides: a wrong signature is not made good by a secret beside it', () => {
    expect(verify(auto, claim({ 'x-signature': hmac('hex', 'wrong'), authorization: `Bearer ${secret}` }))).toBe('wrong-proof');
    const standard = { 'webhook-id': 'm', 'webhook-timestamp': String(nowS), 'webhook-signature': 'v1,AAAA' };
    expect(verify(auto, claim({ ...standard, 'x-signature': hmac('hex') }))).toBe('wrong-proof');
  });

  test('a secret that starts with whsec_ is bytes for standard webhooks, and plain text for an HMAC or as itself', () => {
    const whsec = 'whsec_b2J2aW91c2x5LWZha2U=';
    const mac = createHmac('sha256', 'obviously-fake').update(`m.${nowS}.`).update(body).digest('base64');
    const standard = { 'webhook-id': 'm', 'webhook-timestamp': String(nowS), 'webhook-signature': `v1,${mac}` };
    expect(verify(auto, claim(standard), [whsec])).toBe('standard-webhooks by webhook-signature');
    expect(verify(auto, claim({ 'x-signature': hmac('hex', whsec) }), [whsec])).toBe('hmac-sha256 by x-signature');
    expect(verify(auto, claim({ 'x-webhook-secret': whsec }), [whsec])).toBe('shared-secret by x-webhook-secret');
  });

  test.each(['x-narrative-signature', 'x-signature', 'authorization', 'x-narrative-secret', 'webhook-signature'])(
    'an empty %s refuses the request, although a good proof follows it',
    (name) => {
      const other = name === 'authorization' || name === 'x-narrative-secret' ? 'x-webhook-secret' : 'authorization';
      const good = other === 'authorization' ? `Bearer ${secret}` : secret;
      expect(verify(auto, claim({ [other]: good }))).toMatch(/^shared-secret/);
      expect(verify(auto, claim({ [name]: '', [other]: good }))).not.toMatch(/ by /);
    },
  );

  test.each(['\u0000', 'sch\u00fcssel', '\ud800', 'x'.repeat(100_000), 'Bearer \u00ff\u00fe'])(
    'no header value makes it throw (%#)',
    (value) => {
      for (const name of ['webhook-signature', 'x-signature', 'authorization', 'x-narrative-secret']) {
        const given = claim({ 'webhook-id': value, 'webhook-timestamp': String(nowS), [name]: value });
        expect(verify(auto, given)).toMatch(/^(malformed|wrong)-proof$/);
      }
    },
  );

  test('nothing offered is no proof', () => expect(verify(auto, claim())).toBe('no-proof'));
});

describe('the common address', () => {
  const subscriptions = ['a', 'b', 'c'].map((name) => ({ id: null, name, verify: auto, secrets: [`fake-secret-of-${name}`] }));

  test('finds the subscription by its secret', () => {
    const result = verifier.verifyAny(claim({ 'x-signature': hmac('hex', 'fake-secret-of-b') }), subscriptions);
    expect(result.ok && result.request.subscription).toBe('b');
  });

  test('takes none of them by a token in the path: that names no subscription here', () => {
    const byToken = [{ id: null, name: 'a', verify: { scheme: 'url-token' } as const, secrets: [secret] }];
    expect(verifier.verifyAny(claim({ authorization: `Bearer ${secret}` }), byToken)).toEqual({ ok: false, why: 'no-proof' });
  });

  test('tells the closest miss, whichever subscription is looked at last', () => {
    const pinned = {
      id: null,
      name: 'pinned',
      verify: { scheme: 'hmac-sha256', header: 'x-own', encoding: null } as const,
      secrets: [secret],
    };
    const missed = claim({ 'x-signature': hmac('hex') });
    for (const order of [
      [...subscriptions, pinned],
      [pinned, ...subscriptions],
    ]) {
      expect(verifier.verifyAny(missed, order)).toEqual({ ok: false, why: 'wrong-proof' });
    }
  });

  test('refuses the secret of none of them', () => {
    expect(verifier.verifyAny(claim({ 'x-signature': hmac('hex') }), subscriptions)).toEqual({ ok: false, why: 'wrong-proof' });
    expect(verifier.verifyAny(claim(), subscriptions)).toEqual({ ok: false, why: 'no-proof' });
  });
});

test('equality holds for equal bytes only', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(constantTimeEqual(bytes, Uint8Array.of(1, 2, 3))).toBe(true);
  for (const other of [[1, 2, 4], [0, 2, 3], [1, 2], [1, 2, 3, 0], []])
    expect(constantTimeEqual(bytes, Uint8Array.from(other))).toBe(false);
});
