/** A sentence about what was just done, carried over the redirect that follows a form, in a cookie that is read once. */
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { truncate } from '../destination/text.ts';
import { isHttps } from './same-origin.ts';

export interface Notice {
  tone: 'good' | 'bad';
  text: string;
}

const name = 'relay_notice';
/** Cookies hold 4 KiB, and percent-encoding may take nine bytes a character. */
const maxText = 300;

/** Sends the browser on (303) to a page of the console, which shows the notice. */
export function redirectWith(context: Context, path: string, { tone, text }: Notice): Response {
  setCookie(context, name, `${tone} ${truncate(text, maxText)}`, {
    path: '/console',
    httpOnly: true,
    sameSite: 'Lax',
    secure: isHttps(context),
    maxAge: 60,
  });
  return context.redirect(path, 303);
}

/** What the request carries; null for nothing. */
export function noticeOf(context: Context): Notice | null {
  const [, tone, text] = /^(good|bad) ([^]+)$/.exec(getCookie(context, name) ?? '') ?? [];
  return tone === undefined ? null : { tone: tone as Notice['tone'], text: text! };
}

export function forgetNotice(context: Context): void {
  deleteCookie(context, name, { path: '/console', secure: isHttps(context) });
}
