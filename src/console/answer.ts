/** Pages that say why there is nothing else to see. */
import type { Context } from 'hono';
import { html } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Refusal } from '../operate/operations.ts';
import { document, page, type Html, type Section } from './page.ts';
import type { Frame, Session } from './session.ts';

/**
 * `heading`: what was wrong. `detail`: more of it, and what to do. `section`: where the navigation stands. Within a session's frame
 * when there is one.
 */
export function answerWith(
  context: Context,
  status: ContentfulStatusCode,
  heading: string,
  detail: string,
  section: Section | null = null,
): Response {
  const content = html`<h1>${heading}</h1>
    <p class="lead">${detail}</p>`;
  const session = context.get('session') as Session | undefined;
  if (session) return shown(context, page({ title: heading, section, session, content, notice: null }), status);
  return shown(context, lonePage(context.get('frame') as Frame, heading, content), status);
}

/** The page for what an operation refused. `what`: that which was wanted, as a heading: `Retry refused`. */
export function refusalPage(context: Context, section: Section, { status, detail }: Refusal, what?: string): Response {
  return answerWith(context, statuses[status], what ?? headings[status], detail, section);
}

/** A page that stands alone, without navigation. */
export function lonePage(frame: Frame, title: string, content: Html): Html {
  const body = html`<main id="main" class="alone">
    <p class="brand">Narrative Relay</p>
    ${content}
  </main>`;
  return document({ title, frame, body });
}

/** `content` as the answer. All of ours is made of values that are there, so none is a promise. */
export function shown(context: Context, content: Html, status: ContentfulStatusCode = 200): Response {
  if (content instanceof Promise) throw new TypeError('a part of the page is a promise: wait for its value first');
  return context.html(content, status) as Response;
}

const statuses = { 'not-found': 404, conflict: 409, invalid: 400, busy: 429 } as const;
const headings = {
  'not-found': 'Not found',
  conflict: 'That can not be done now',
  invalid: 'That can not be read',
  busy: 'The relay is busy',
} as const;
