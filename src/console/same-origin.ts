/**
 * Whether a request that changes something may come from a page of ours, by what the browser says of its own accord. A first line
 * of defence against forged requests (OWASP: Cross-Site Request Forgery Prevention), before the token in the form.
 */
import type { Context } from 'hono';

export function comesFromElsewhere(context: Context): boolean {
  const site = context.req.header('sec-fetch-site');
  // No page can set it. `none`: typed, or from a bookmark, which no page can bring about either.
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = context.req.header('origin');
  // Our pages send no referrer, wherefore some browsers give null as the origin of their forms (Fetch §3.2.5).
  if (origin === undefined || origin === 'null') return false;
  const host = URL.parse(origin)?.host;
  // A page elsewhere can't set X-Forwarded-Host: a request with it would first have to be allowed by us (CORS).
  const ours = [context.req.header('host'), context.req.header('x-forwarded-host')?.split(',')[0]?.trim()];
  return host === undefined || !ours.includes(host);
}

/** Whether the browser reached us, or the proxy in front of us, by https. */
export function isHttps(context: Context): boolean {
  const forwarded = context.req.header('x-forwarded-proto')?.split(',')[0]?.trim();
  return (forwarded ?? new URL(context.req.url).protocol.replace(':', '')) === 'https';
}
