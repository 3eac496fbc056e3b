/** Two halves written apart: what the simulator signs, the relay's verifier takes. */
import { expect, test } from 'vitest';
import { createVerifier, type Claim } from '../../src/intake/verify.ts';
import { nodeHash } from '../../src/node/ports.ts';
import type { VerifyConfig } from '../../src/rules/rule-set.ts';
import type { Signing } from '../../src/simulator/signing.ts';
import { endpoint, jobHappens, seed, stage, type Taken } from './stage.ts';

const { verify } = createVerifier(nodeHash);
const auto: VerifyConfig = { scheme: 'auto' };

/** What a signed webhook is as it comes to the relay, whose route takes the last part of the path as a token. */
function claimOf({ headers, body, url }: Taken, nowMs: number): Claim {
  const given = (name: string) => (typeof headers[name] === 'string' ? headers[name] : null);
  const token = /^\/webhooks\/narrative\/([^/]+)$/.exec(url)?.[1];
  return { header: given, urlToken: token === undefined ? null : decodeURIComponent(token), body, nowMs };
}

async function verified(signing: Signing | undefined, verifyConfig: VerifyConfig, secret: string, knownSecret = secret) {
  const { simulator, time } = await stage(signing === undefined ? {} : { signing });
  const relay = await endpoint();
  simulator.subscribe(seed(relay.url, { secret }));
  await simulator.happen(jobHappens());
  const config = { id: null, name: 'production', verify: verifyConfig, secrets: [knownSecret] };
  const verification = verify(claimOf(relay.taken[0]!, time.now()), config);
  return verification.ok ? `${verification.request.scheme} by ${verification.request.header}` : verification.why;
}

const uuid = '8b6dba8c-9a8b-4a3a-8469-9dc7a33c3e17';
const whsec = `whsec_${btoa('not-a-real-secret-of-32-bytes!!!')}`;

const cases: [string, Signing | undefined, VerifyConfig, string][] = [
  ['by default', undefined, auto, 'hmac-sha256 by x-narrative-signature'],
  [
    'an HMAC in base64 in a header of its own',
    { scheme: 'hmac-sha256', header: 'X-My-Signature', encoding: 'base64' },
    { scheme: 'hmac-sha256', header: 'x-my-signature', encoding: 'base64' },
    'hmac-sha256 by x-my-signature',
  ],
  [
    'an HMAC in hex',
    { scheme: 'hmac-sha256', encoding: 'hex' },
    { scheme: 'hmac-sha256', header: null, encoding: 'hex' },
    'hmac-sha256 by x-narrative-signature',
  ],
  ['a bearer token', { scheme: 'shared-secret' }, auto, 'shared-secret by authorization'],
  ['the secret in a header', { scheme: 'shared-secret', header: 'X-Webhook-Secret' }, auto, 'shared-secret by x-webhook-secret'],
  [
    'the secret in a header of its own',
    { scheme: 'shared-secret', header: 'X-My-Secret' },
    { scheme: 'shared-secret', header: 'x-my-secret' },
    'shared-secret by x-my-secret',
  ],
  ['Standard Webhooks', { scheme: 'standard-webhooks' }, auto, 'standard-webhooks by webhook-signature'],
  ['a token behind the URL', { scheme: 'url-token' }, { scheme: 'url-token' }, 'url-token by null'],
];

test.each(cases)('%s is believed', async (_what, signing, config, by) => {
  expect(await verified(signing, config, uuid)).toBe(by);
});

test.each(cases)('%s is not believed with another secret', async (_what, signing, config) => {
  expect(await verified(signing, config, uuid, 'another-secret')).toBe('wrong-proof');
});

test('Standard Webhooks are signed with the bytes behind whsec_', async () => {
  expect(await verified({ scheme: 'standard-webhooks' }, auto, whsec)).toBe('standard-webhooks by webhook-signature');
});

test('a token with signs that have a meaning in URLs arrives as it was', async () => {
  expect(await verified({ scheme: 'url-token' }, { scheme: 'url-token' }, 'a/b?c#d e%')).toBe('url-token by null');
});
