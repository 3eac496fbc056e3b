/**
 * Standard Webhooks signatures, for what the relay sends and for what it verifies.
 * Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, "Signature scheme".
 */
import type { Hash } from '../ports.ts';

const encoder = new TextEncoder();

/**
 * The key of a secret: `whsec_` and base64 means those bytes. Anything else is its own UTF-8 bytes, which is how senders
 * whose secrets have another form (a UUID) use them. Never throws.
 */
export function standardWebhooksKey(secret: string): Uint8Array {
  const base64 = /^whsec_([A-Za-z0-9+/]+)={0,2}$/.exec(secret)?.[1];
  if (base64 === undefined || base64.length % 4 === 1) return encoder.encode(secret);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** One entry of a `webhook-signature` header, `v1,<base64 of the HMAC-SHA256>`, over id, Unix seconds and raw body. */
export function signStandardWebhook(hash: Hash, key: Uint8Array, id: string, timestampS: number, body: Uint8Array): string {
  const head = encoder.encode(`${id}.${timestampS}.`);
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return `v1,${encodeBase64(hash.hmacSha256(key, message))}`;
}

/** For short inputs, such as digests. */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
