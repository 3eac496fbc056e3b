/** Nobody gets past here without a session, and nothing is changed but from a page of that session. */
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { RequestReader } from '../http/read-request.ts';
import { constantTimeEqual } from '../intake/constant-time.ts';
import type { Log } from '../ports.ts';
import { answerWith } from './answer.ts';
import { readForm } from './form.ts';
import { forgetNotice, noticeOf } from './notice.ts';
import { isFragment } from './page.ts';
import { comesFromElsewhere } from './same-origin.ts';
import type { Frame, Session, Sessions } from './session.ts';
import { safeNext } from './sign-in/next.ts';
import { sessionCookie } from './sign-in/pages.ts';

export interface GuardOptions {
  sessions: Sessions;
  frame: Frame;
  reader: RequestReader;
  log: Log;
}

export function guard({ sessions, frame, reader, log }: GuardOptions): MiddlewareHandler {
  return async (context, next) => {
    const proven = sessions.read(getCookie(context, sessionCookie) ?? '');
    if (proven === null) return toSignIn(context);
    const notice = noticeOf(context);
    const session: Session = { ...proven, notice, frame };
    context.set('session', session);
    const changes = !['GET', 'HEAD'].includes(context.req.method);
    if (changes) {
      const refusal = await refusalOf(context, session);
      if (refusal) return refusal;
    }
    await next();
    // What is fetched into a page that stands does not show it.
    if (notice !== null && !changes && !isFragment(context)) forgetNotice(context);
    return undefined;
  };

  async function refusalOf(context: Context, { csrf }: Session): Promise<Response | null> {
    if (!comesFromElsewhere(context)) {
      const header = context.req.header('x-csrf-token');
      if (header !== undefined && isProof(header, csrf)) return null;
      const form = await readForm(reader, context);
      if (!form.ok) return form.refusal;
      if (isProof(form.value.get('csrf') ?? '', csrf)) return null;
    }
    log.warn(
      { method: context.req.method, path: context.req.path },
      'console: a form that came from no page of its session was refused',
    );
    return answerWith(
      context,
      403,
      'This form is out of date',
      'It was not sent from a page of this session, so nothing was done. Go back, load the page anew and send it again. Behind a proxy: it has to pass on the Host header as the browser sent it.',
    );
  }
}

function isProof(given: string, csrf: string): boolean {
  const encoder = new TextEncoder();
  return constantTimeEqual(encoder.encode(given), encoder.encode(csrf));
}

function toSignIn(context: Context): Response {
  const { pathname, search } = new URL(context.req.url);
  const reads = ['GET', 'HEAD'].includes(context.req.method);
  const current = isFragment(context) ? (URL.parse(context.req.header('hx-current-url') ?? '') ?? null) : null;
  const back = current ? current.pathname + current.search : pathname + search;
  const next = safeNext(reads || current ? back : null);
  const to = `/console/sign-in${next === '/console' ? '' : `?next=${encodeURIComponent(next)}`}`;
  // htmx would put the sign-in into the page where the answer belongs.
  if (isFragment(context)) return context.body(null, 401, { 'hx-redirect': to });
  if (reads) return context.redirect(to, 303);
  return answerWith(context, 401, 'You are signed out', 'Nothing was done. Open /console/sign-in, sign in, then do it again.');
}
