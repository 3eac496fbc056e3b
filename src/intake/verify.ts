/**
 * Who may speak: a request is believed only with a proof of one of its subscription's secrets. Fails closed: what is
 * missing, malformed, ambiguous or of another scheme is refused, and outside all refusals sound the same.
 */
import { standardWebhooksKey, signStandardWebhook } from '../destination/standard-webhooks.ts';
import type { Hash } from '../ports.ts';
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import { constantTimeEqual } from './constant-time.ts';

/** What a request offers as proof. */
export interface Claim {
  /** A header's value; several of one name are joined by a comma, as HTTP does. */
  header(name: string): string | null;
  /** From the path `…/:subscription/:token`. */
  urlToken: string | null;
  body: Uint8Array;
  nowMs: number;
}

export type Scheme = 'hmac-sha256' | 'shared-secret' | 'standard-webhooks' | 'url-token';

/** For the log and the metrics, never for the sender. */
export type VerificationFailure = 'no-proof' | 'malformed-proof' | 'wrong-proof' | 'stale-timestamp';

declare const verified: unique symbol;

/** Only `verify` makes one: holding it means that the body came from who knows the secret. */
export interface VerifiedRequest {
  readonly [verified]: true;
  readonly subscription: string;
  readonly scheme: Scheme;
  /** The header that held the proof, so that it can be pinned in the rules; null for a url-token. */
  readonly header: string | null;
  readonly body: Uint8Array;
}

export type Verification = { ok: true; request: VerifiedRequest } | { ok: false; why: VerificationFailure };

/** Where a proof is looked for when the rules name no header, in this order; the first that is there decides. */
const hmacHeaders = ['x-narrative-signature', 'x-webhook-signature', 'x-signature', 'x-hub-signature-256'];
const secretHeaders = ['authorization', 'x-narrative-secret', 'x-webhook-secret'];

/** Generous, since a sender's retries keep the first timestamp; the ledger's keys are what stops a replay. */
export const defaultToleranceMs = 7 * 24 * 3_600_000;

/** `v1,<signature>`, several apart by spaces. A header that came twice is joined by one comma too many, and so refused. */
const signatureList = /^[^\s,]+,[^\s,]+(?: +[^\s,]+,[^\s,]+)*$/;

type Check = { ok: true; scheme: Scheme; header: string | null } | { ok: false; why: VerificationFailure };

const refuse = (why: VerificationFailure): Check => ({ ok: false, why });
const utf8 = new TextEncoder();

export function createVerifier(hash: Hash) {
  function verify(claim: Claim, subscription: SubscriptionConfig): Verification {
    const check = checkScheme(claim, subscription);
    if (!check.ok) return check;
    const { scheme, header } = check;
    return { ok: true, request: { subscription: subscription.name, scheme, header, body: claim.body } as VerifiedRequest };
  }

  /** Finds the subscription whose secret proves the request. The failure told is that of the closest miss. */
  function verifyAny(claim: Claim, subscriptions: Iterable<SubscriptionConfig>): Verification {
    let closest: VerificationFailure = 'no-proof';
    for (const subscription of subscriptions) {
      const verification = verify(claim, subscription);
      if (verification.ok) return verification;
      if (verification.why !== 'no-proof') closest = verification.why;
    }
    return { ok: false, why: closest };
  }

  function checkScheme(claim: Claim, { verify: options, secrets }: SubscriptionConfig): Check {
    switch (options.scheme) {
      case 'auto':
        return auto(claim, secrets);
      case 'hmac-sha256':
        return hmac(claim, secrets, options.header ?? firstOf(claim, hmacHeaders), options.encoding);
      case 'shared-secret':
        return sharedSecret(claim, secrets, options.header ?? firstOf(claim, secretHeaders));
      case 'standard-webhooks':
        return standardWebhooks(claim, secrets, options.toleranceMs);
      case 'url-token':
        return claim.urlToken === null ? refuse('no-proof') : oneOf(claim.urlToken, secrets, 'url-token', null);
    }
  }

  function auto(claim: Claim, secrets: readonly string[]): Check {
    if (claim.header('webhook-signature') !== null) return standardWebhooks(claim, secrets, defaultToleranceMs);
    const signed = firstOf(claim, hmacHeaders);
    if (signed !== null) return hmac(claim, secrets, signed, null);
    return sharedSecret(claim, secrets, firstOf(claim, secretHeaders));
  }

  /** HMAC-SHA256 of the raw body (RFC 2104), in hex or base64, with or without a `sha256=` before it. */
  function hmac(claim: Claim, secrets: readonly string[], header: string | null, encoding: 'hex' | 'base64' | null): Check {
    const value = header === null ? null : claim.header(header);
    if (header === null || value === null) return refuse('no-proof');
    const mac = decodeMac(value.trim().replace(/^sha256=/i, ''), encoding);
    if (mac === null) return refuse('malformed-proof');
    const matches = secrets.filter((secret) => constantTimeEqual(hash.hmacSha256(utf8.encode(secret), claim.body), mac));
    return matches.length > 0 ? { ok: true, scheme: 'hmac-sha256', header } : refuse('wrong-proof');
  }

  /** The secret itself; in `Authorization` behind `Bearer` (RFC 6750). */
  function sharedSecret(claim: Claim, secrets: readonly string[], header: string | null): Check {
    const value = header === null ? null : claim.header(header);
    if (header === null || value === null) return refuse('no-proof');
    const bearer = /^bearer +(\S+) *$/i.exec(value);
    if (bearer === null && header.toLowerCase() === 'authorization') return refuse('malformed-proof');
    return oneOf(bearer?.[1] ?? value.trim(), secrets, 'shared-secret', header);
  }

  /** Digests are compared, so that not even a length shows. */
  function oneOf(given: string, secrets: readonly string[], scheme: Scheme, header: string | null): Check {
    const digest = hash.sha256(given);
    const matches = secrets.filter((secret) => constantTimeEqual(hash.sha256(secret), digest));
    return matches.length > 0 ? { ok: true, scheme, header } : refuse('wrong-proof');
  }

  /** Source: the Standard Webhooks specification, "Verifying signatures". */
  function standardWebhooks(claim: Claim, secrets: readonly string[], toleranceMs: number): Check {
    const id = claim.header('webhook-id');
    const timestamp = claim.header('webhook-timestamp');
    const signatures = claim.header('webhook-signature');
    if (id === null || timestamp === null || signatures === null) return refuse('no-proof');
    if (!/^\d{1,12}$/.test(timestamp) || !signatureList.test(signatures)) return refuse('malformed-proof');
    const offered = signatures.split(/ +/).map((signature) => utf8.encode(signature));
    const matches = secrets.some((secret) => {
      const expected = utf8.encode(signStandardWebhook(hash, standardWebhooksKey(secret), id, Number(timestamp), claim.body));
      return offered.some((signature) => constantTimeEqual(signature, expected));
    });
    if (!matches) return refuse('wrong-proof');
    const stale = Math.abs(claim.nowMs - Number(timestamp) * 1000) > toleranceMs;
    return stale ? refuse('stale-timestamp') : { ok: true, scheme: 'standard-webhooks', header: 'webhook-signature' };
  }

  return { verify, verifyAny };
}

function firstOf(claim: Claim, headers: readonly string[]): string | null {
  return headers.find((name) => claim.header(name) !== null) ?? null;
}

/** 32 bytes, or null for what is no encoding of them. */
function decodeMac(text: string, encoding: 'hex' | 'base64' | null): Uint8Array | null {
  if (encoding !== 'base64' && /^[0-9a-f]{64}$/i.test(text)) {
    const bytes = new Uint8Array(32);
    for (let i = 0; i < 32; i++) bytes[i] = (hexDigit(text, 2 * i) << 4) | hexDigit(text, 2 * i + 1);
    return bytes;
  }
  if (encoding !== 'hex' && /^[A-Za-z0-9+/_-]{43}=?$/.test(text)) {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/').replace(/=$/, '')), (char) => char.charCodeAt(0));
  }
  return null;
}

/** The value of a character that is known to be a hexadecimal digit. */
function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code <= 57 ? code - 48 : (code | 32) - 87;
}
