/** Signing in with the operator token, and out. */
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { constantTimeEqual } from '../../intake/constant-time.ts';
import type { Clock, Hash, Log, Random } from '../../ports.ts';
import { createFewWarnings } from '../../http/few-warnings.ts';
import type { RequestReader } from '../../http/read-request.ts';
import { answerWith, lonePage, shown } from '../answer.ts';
import { readForm } from '../form.ts';
import type { Html } from '../page.ts';
import { hex } from '../hex.ts';
import type { Frame, Sessions } from '../session.ts';
import { sessionMs, sessionOf } from '../session.ts';
import { comesFromElsewhere, isHttps } from '../same-origin.ts';
import { safeNext } from './next.ts';
import { createWrongTries } from './wrong-tries.ts';

export const sessionCookie = 'relay_session';
/** Ties the form to the browser that asked for it, before there is a session: else another page could sign it in. */
const formCookie = 'relay_sign_in';
const maxFormBytes = 8 * 1024;

export interface SignInOptions {
  token: string;
  sessions: Sessions;
  frame: Frame;
  reader: RequestReader;
  clock: Clock;
  random: Random;
  hash: Hash;
  log: Log;
}

/** To be added before the guard. */
export function addSignIn(app: Hono, { token, sessions, frame, reader, clock, random, hash, log }: SignInOptions): void {
  const wrongTries = createWrongTries(clock);
  const warn = createFewWarnings({ log, clock }, 'console: a sign-in with a wrong token was refused');
  const expected = hash.sha256(token);

  app.get('/sign-in', (context) => {
    const next = safeNext(context.req.query('next'));
    if (sessions.read(getCookie(context, sessionCookie) ?? '')) return context.redirect(next, 303);
    return form(context, next, null, 200, context.req.query('out') === '1' ? signedOut : '');
  });

  app.post('/sign-in', async (context) => {
    if (comesFromElsewhere(context)) return notFromHere(context);
    const read = await readForm(reader, context, maxFormBytes);
    if (!read.ok) return read.refusal;
    const cookie = getCookie(context, formCookie);
    if (cookie === undefined || read.value.get('form') !== cookie) return notFromHere(context);
    const next = safeNext(read.value.get('next'));
    // Compared as digests: they are of one length, so that not even that of the token shows.
    if (!constantTimeEqual(hash.sha256((read.value.get('token') ?? '').trim()), expected)) return wrongToken(context, next);
    log.info({}, 'console: an operator signed in');
    deleteCookie(context, formCookie, { path: '/console/sign-in' });
    setCookie(context, sessionCookie, sessions.open(), { ...cookieOptions(context, '/console'), maxAge: sessionMs / 1000 });
    return context.redirect(next, 303);
  });

  function wrongToken(context: Context, next: string): Response {
    const waitS = wrongTries.note();
    warn({});
    if (waitS === 0) return form(context, next, "This is not the relay's RELAY_ADMIN_TOKEN. Check it and try again.", 401);
    context.header('retry-after', String(waitS));
    return form(
      context,
      next,
      `Too many wrong tokens, and this is another. Look where it is kept, and try again in ${waitS} s.`,
      429,
    );
  }

  function form(context: Context, next: string, wrong: string | null, status: 200 | 401 | 429, note: Html | '' = ''): Response {
    const proof = getCookie(context, formCookie) ?? hex(random.bytes(16));
    setCookie(context, formCookie, proof, cookieOptions(context, '/console/sign-in'));
    const content = html`<h1>Sign in</h1>
      ${note}
      <form method="post" action="/console/sign-in" class="stack">
        <input type="hidden" name="form" value="${proof}" />
        <input type="hidden" name="next" value="${next}" />
        <input type="text" name="username" value="operator" autocomplete="username" hidden />
        <div class="field">
          <label for="token">Operator token</label>
          <input
            id="token"
            name="token"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            ${wrong === null ? html`aria-describedby="token-hint"` : html`aria-invalid="true" aria-describedby="token-wrong"`}
          />
          ${
            wrong === null
              ? html`<p class="hint" id="token-hint">RELAY_ADMIN_TOKEN, as the relay was started with.</p>`
              : html`<p class="wrong" id="token-wrong" role="alert">${wrong}</p>`
          }
        </div>
        <button class="primary">Sign in</button>
      </form>`;
    return shown(context, lonePage(frame, 'Sign in', content), status);
  }
}

/** What a restart forgets is said where somebody may rely on it. */
const signedOut = html`<p class="notice tone-good" role="status"><span aria-hidden="true">✓</span> You are signed out.</p>
  <p class="quiet">
    A restart of the relay forgets that, so a copy of this browser’s cookie would count again until its 12 hours are over. Another
    RELAY_ADMIN_TOKEN ends every session.
  </p>`;

/** To be added behind the guard. */
export function addSignOut(app: Hono, sessions: Sessions): void {
  app.post('/sign-out', (context) => {
    sessions.close(sessionOf(context));
    deleteCookie(context, sessionCookie, { path: '/console' });
    return context.redirect('/console/sign-in?out=1', 303);
  });
}

function notFromHere(context: Context): Response {
  return answerWith(
    context,
    403,
    'This form is out of date',
    'It was not sent from the page to sign in that this browser has open, or cookies are off. Open /console/sign-in and try again.',
  );
}

function cookieOptions(context: Context, path: string) {
  return { path, httpOnly: true, sameSite: 'Lax', secure: isHttps(context) } as const;
}
