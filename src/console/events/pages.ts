/** `/console/events`: the list, one event, its body, its replay, and what comes in live. */
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { eventFilterOf, eventQuery, pagingOf } from '../../operate/shapes/query.ts';
import { refusalPage, shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { isFragment, page } from '../page.ts';
import { deliveryPath } from '../parts/link.ts';
import { parkedOf } from '../parts/parked.ts';
import { sessionOf } from '../session.ts';
import { readAsked, tidied } from './asked.ts';
import { eventContent } from './event-page.ts';
import { eventTitle } from './event-words.ts';
import { filterForm } from './filter-form.ts';
import { listContent, listPath, rowsWithMore, type EventList } from './list-page.ts';
import { addReplay } from './replay.ts';
import { followLive } from './tail.ts';

const title = 'Events';

export function addEventPages(app: Hono, deps: PageDeps): void {
  const { operations, clock } = deps;
  app.get('/events', list);
  app.get('/events/tail', (context) => followLive(context, deps));
  app.get('/events/:id', (context) => {
    const asked = context.req.param('id');
    const answered = operations.events.show(asked);
    if (answered.kind === 'refused') {
      const notice = noticeOf(asked);
      return notice === null ? refusalPage(context, 'events', answered) : context.redirect(deliveryPath(notice), 303);
    }
    const event = answered.value;
    const waits = event.deliveries.some(({ finished_at: finished }) => finished === null);
    const content = eventContent(event, waits ? parkedOf(operations.destinations.list()) : new Map(), clock.now());
    return shown(context, page({ title: eventTitle(event), section: 'events', session: sessionOf(context), content }));
  });
  app.get('/events/:id/body', (context) => {
    const answered = operations.events.body(context.req.param('id'));
    if (answered.kind === 'refused') return refusalPage(context, 'events', answered);
    const { id, body } = answered.value;
    // To be saved, not opened: whatever it holds, a browser runs none of it.
    return context.body(body, 200, {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename="${id}.json"`,
    });
  });
  addReplay(app, deps);

  function list(context: Context): Response {
    const query = new URL(context.req.url).searchParams;
    const tidy = tidied(listPath, query);
    if (tidy !== null) return context.redirect(tidy, 303);
    const now = clock.now();
    const asked = readAsked(eventQuery, query, ['live', 'searched']);
    if (!asked.ok) return wrong(context, filterForm(listPath, asked.given, asked.problems));
    const paging = pagingOf(asked.query);
    const answered = operations.events.list(eventFilterOf(asked.query, now), paging);
    if (answered.kind === 'refused') {
      const { field, detail } = answered;
      const text = field !== null && detail.startsWith(`${field}: `) ? detail.slice(field.length + 2) : detail;
      return wrong(context, filterForm(listPath, asked.given, new Map([[field ?? '', text]])));
    }
    const { given } = asked;
    const newest = given.live === undefined ? null : newestId();
    const searched = Number(given.searched ?? 0) || 0;
    const shownList: EventList = { given, events: answered.value, limit: paging.limit, searched, newest, now };
    if (isFragment(context)) return shown(context, rowsWithMore(shownList));
    const content = listContent(shownList);
    return shown(context, page({ title, section: 'events', session: sessionOf(context), content, wide: true }));
  }

  function wrong(context: Context, form: ReturnType<typeof filterForm>): Response {
    const content = html`<h1>Events</h1>
      ${form}`;
    return shown(context, page({ title, section: 'events', session: sessionOf(context), content, wide: true }), 400);
  }

  /** The relay's own words go by a number of the same kind, and have no event: the id of their first delivery; null where there is none. */
  function noticeOf(id: string): string | null {
    const found = operations.deliveries.show(`dlv_${id.slice('evt_'.length)}_1`);
    return found.kind === 'ok' && found.value.event_id === null ? found.value.id : null;
  }

  function newestId(): string | null {
    const answered = operations.events.list(eventFilterOf({}, 0), { limit: 1, before: null });
    return answered.kind === 'ok' ? (answered.value.events[0]?.id ?? null) : null;
  }
}
