/** The frame that all pages stand in. */
import type { Context } from 'hono';
import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Notice } from './notice.ts';
import type { Frame, Session } from './session.ts';

/** Markup in which everything that is no markup has been escaped: only `hono/html` makes it. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export type Section = 'now' | 'events' | 'deliveries' | 'rules' | 'silences';

export interface PageParts {
  /** The essentials, for tabs and bookmarks. */
  title: string;
  /** Which link of the navigation is the current one; null: none. */
  section: Section | null;
  session: Session;
  /** Begins with the page's one `h1`. */
  content: Html;
  /** Default: what was left for this page by the form before. */
  notice?: Notice | null;
  /** As wide as the window: for tables of many columns. Default false. */
  wide?: boolean;
}

const sections: readonly { section: Section; label: string; path: string }[] = [
  { section: 'now', label: 'Now', path: '/console' },
  { section: 'events', label: 'Events', path: '/console/events' },
  { section: 'deliveries', label: 'Deliveries', path: '/console/deliveries' },
  { section: 'rules', label: 'Rules', path: '/console/rules' },
  { section: 'silences', label: 'Silences', path: '/console/silences' },
];

export function page({ title, section, session, content, notice = session.notice, wide = false }: PageParts): Html {
  const body = html`<a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <a class="brand" href="/console">Narrative Relay</a>
      <nav aria-label="Pages">
        <ul>
          ${sections.map(
            (each) =>
              html`<li>
                <a href="${each.path}" ${each.section === section ? html`aria-current="page"` : ''}>${each.label}</a>
              </li>`,
          )}
        </ul>
      </nav>
      <form method="post" action="/console/sign-out" class="sign-out">
        <input type="hidden" name="csrf" value="${session.csrf}" />
        <button class="plain">Sign out</button>
      </form>
    </header>
    <main id="main" tabindex="-1" class="${wide ? 'wide' : ''}">${notice === null ? '' : noticeBar(notice)} ${content}</main>
    <footer class="foot">narrative-relay ${session.frame.version} · all times UTC</footer>`;
  return document({ title, frame: session.frame, csrf: session.csrf, body });
}

/** The whole document, also of the pages without a session. `csrf`: sent along by htmx. */
export function document({
  title,
  frame,
  csrf = null,
  body,
}: {
  title: string;
  frame: Frame;
  csrf?: string | null;
  body: Html;
}): Html {
  const { assets } = frame;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title} · Narrative Relay</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <meta name="htmx-config" content="${htmxConfig}" />
        <link rel="icon" href="${icon}" />
        <link rel="stylesheet" href="${assets.style}" />
        <script src="${assets.htmx}" defer></script>
        <script src="${assets.script}" defer></script>
      </head>
      <body ${csrf === null ? '' : html`hx-headers="${JSON.stringify({ 'x-csrf-token': csrf })}"`}>
        ${body}
      </body>
    </html>`;
}

/**
 * Whether htmx asks in order to put a part of the answer into a page that stands: then the part alone will do. The whole page is
 * right, too, where `hx-select` takes the part out of it.
 */
export function isFragment(context: Context): boolean {
  const { req } = context;
  const has = (name: string) => req.header(name) === 'true';
  return has('hx-request') && !has('hx-boosted') && !has('hx-history-restore-request');
}

/** No code from attributes, no styles from scripts, no pages left in the browser's storage, nothing asked of other hosts. */
const htmxConfig = JSON.stringify({
  allowEval: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
});

const icon =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#3b5bdb"/><path d="M4 5h5a3 3 0 0 1 0 6H4m0 0 2-2m-2 2 2 2" fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/></svg>',
  );

function noticeBar({ tone, text }: Notice): Html {
  return html`<p class="notice tone-${tone}" role="${tone === 'bad' ? 'alert' : 'status'}">
    <span aria-hidden="true">${tone === 'bad' ? '✗' : '✓'}</span> ${text}
  </p>`;
}
