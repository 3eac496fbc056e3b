/** `/console/incidents`: the list, and one incident. */
import type { Context, Hono } from 'hono';
import { incidentQuery, pagingOf } from '../../operate/shapes/query.ts';
import { refusalPage, shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { readAsked, tidied } from '../events/asked.ts';
import { isFragment, page, type Html } from '../page.ts';
import { sessionOf } from '../session.ts';
import { incidentContent, incidentTitle } from './incident-page.ts';
import { listContent, listPath, rowsWithMore, type IncidentList } from './list-page.ts';

export function addIncidentPages(app: Hono, { operations, clock }: PageDeps): void {
  app.get('/incidents', (context) => {
    const query = new URL(context.req.url).searchParams;
    const tidy = tidied(listPath, query);
    if (tidy !== null) return context.redirect(tidy, 303);
    const asked = readAsked(incidentQuery, query);
    if (!asked.ok) return listed(context, listContent(asked), 400);
    const { status, kind: kinds = [], text = null } = asked.query;
    const answered = operations.incidents.list({ status, kinds, text }, pagingOf(asked.query));
    if (answered.kind === 'refused') {
      const problems = new Map([[answered.field ?? '', answered.detail]]);
      return listed(context, listContent({ given: asked.given, problems }), 400);
    }
    const list: IncidentList = { given: asked.given, status, incidents: answered.value, now: clock.now() };
    return isFragment(context) ? shown(context, rowsWithMore(list)) : listed(context, listContent(list));
  });
  app.get('/incidents/:id', (context) => {
    const answered = operations.incidents.show(context.req.param('id'));
    if (answered.kind === 'refused') return refusalPage(context, 'now', answered);
    const content = incidentContent(answered.value, clock.now());
    return shown(context, page({ title: incidentTitle(answered.value), section: 'now', session: sessionOf(context), content }));
  });
}

function listed(context: Context, content: Html, status: 200 | 400 = 200): Response {
  return shown(context, page({ title: 'Incidents', section: 'now', session: sessionOf(context), content, wide: true }), status);
}
