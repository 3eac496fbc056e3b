/** How a webhook proves where it comes from. Shares no code with the relay's verification, so that the two check each other. */
import { createHmac } from 'node:crypto';

export type Signing =
  /** The HMAC of the raw body. Default: hex in `X-Narrative-Signature`. */
  | { scheme: 'hmac-sha256'; header?: string; encoding?: 'hex' | 'base64' }
  /** The secret itself. Default, and with the header `Authorization`: as a bearer token. */
  | { scheme: 'shared-secret'; header?: string }
  | { scheme: 'standard-webhooks' }
  /** The secret is put behind the URL. */
  | { scheme: 'url-token' };

export const signingSchemes = ['hmac-sha256', 'shared-secret', 'standard-webhooks', 'url-token'] as const;

export interface Signable {
  /** The webhook event's id. */
  id: string;
  body: Uint8Array;
}

/** The headers that prove who sends; none where the URL does. */
export function proofOf(signing: Signing, secret: string, { id, body }: Signable, timestampS: number): Record<string, string> {
  switch (signing.scheme) {
    case 'hmac-sha256': {
      const { header = 'x-narrative-signature', encoding = 'hex' } = signing;
      return { [header]: createHmac('sha256', secret).update(body).digest(encoding) };
    }
    case 'shared-secret': {
      const { header = 'authorization' } = signing;
      return { [header]: header.toLowerCase() === 'authorization' ? `Bearer ${secret}` : secret };
    }
    case 'standard-webhooks': {
      const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
      const signature = createHmac('sha256', key).update(`${id}.${timestampS}.`).update(body).digest('base64');
      return { 'webhook-id': id, 'webhook-timestamp': String(timestampS), 'webhook-signature': `v1,${signature}` };
    }
    case 'url-token':
      return {};
  }
}

/** Where a webhook goes. */
export function targetOf({ scheme }: Signing, url: string, secret: string): string {
  if (scheme !== 'url-token') return url;
  const target = new URL(url);
  target.pathname = `${target.pathname.replace(/\/+$/, '')}/${encodeURIComponent(secret)}`;
  return target.href;
}
