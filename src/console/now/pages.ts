/** `/console`: what is wrong this minute, in the order in which somebody who was woken wants to know it. */
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import type { Readiness } from '../../http/app.ts';
import type { StatsView } from '../../operate/shapes/views.ts';
import { refusalPage, shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { readForm } from '../form.ts';
import { redirectWith } from '../notice.ts';
import { page, type Html } from '../page.ts';
import { section } from '../parts/layout.ts';
import { withQuery } from '../parts/link.ts';
import { sessionOf } from '../session.ts';
import { deliveryChart, eventChart } from './charts.ts';
import { incidentList } from './incidents.ts';
import { calmBar, problemList, problemsOf } from './problems.ts';
import { tiles } from './tiles.ts';

export interface NowDeps extends PageDeps {
  readiness: () => Readiness;
}

/** More are behind a link. */
const maxIncidents = 25;
/** How often the page draws itself anew, s. */
const refreshS = 15;

export function addNowPages(app: Hono, deps: NowDeps): void {
  const { operations, clock, reader, log } = deps;

  app.get('/', (context) => {
    const stats = operations.stats({ fromMs: null, untilMs: null });
    if (stats.kind === 'refused') return refusalPage(context, 'now', stats);
    const incidents = operations.incidents.list({ status: 'open', kinds: [], text: null }, { limit: maxIncidents, before: null });
    if (incidents.kind === 'refused') return refusalPage(context, 'now', incidents);
    const session = sessionOf(context);
    const now = clock.now();
    const problems = problemsOf({
      readiness: deps.readiness(),
      rules: operations.rules(),
      destinations: operations.destinations.list(),
    });
    const open = stats.value.now.incidents_open;
    const content = html`<div id="now" data-refresh ${isPaused(context) ? '' : refreshing(context)}>
      ${asOf(context, now)} ${problems.length === 0 ? '' : problemList(problems, session, now)}
      ${problems.length + open + stats.value.now.dead === 0 ? calmBar(stats.value, now) : ''}
      ${open === 0 ? '' : section(`Open incidents (${open})`, incidentList(incidents.value, now), { id: 'incidents', beside: endedLink })}
      ${tiles(stats.value, now)}
      <div class="charts">${eventChart(stats.value)} ${deliveryChart(stats.value)}</div>
    </div>`;
    return shown(context, page({ title: titleOf(stats.value, problems.length), section: 'now', session, content }));
  });

  app.post('/unpark', async (context) => {
    const form = await readForm(reader, context);
    if (!form.ok) return form.refusal;
    const name = form.value.get('destination') ?? '';
    const answer = operations.destinations.unpark(name);
    if (answer.kind === 'refused') return refusalPage(context, 'now', answer);
    log.info({ destination: name }, 'destination unparked by an operator');
    return redirectWith(context, '/console', {
      tone: 'good',
      text: `${name} is tried again now. If it is still broken, it is parked again.`,
    });
  });
}

const endedLink = html`<a href="/console/incidents?status=ended">Those that ended</a>`;

/** Whoever keeps the tab in the background reads it there. */
function titleOf({ now }: StatsView, problems: number): string {
  const parts = [
    problems === 0 ? '' : `${problems} ${problems === 1 ? 'problem' : 'problems'}`,
    now.incidents_open === 0 ? '' : `${now.incidents_open} open`,
    now.dead === 0 ? '' : `${now.dead} dead`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '✓ Now' : `✗ ${parts.join(', ')}`;
}

function asOf(context: Context, now: number): Html {
  const clock = new Date(now).toISOString().slice(11, 19);
  const [does, link, to] = isPaused(context)
    ? ['paused', 'Resume', withQuery(context, { refresh: null })]
    : [`every ${refreshS} s`, 'Pause', withQuery(context, { refresh: 'off' })];
  return html`<div class="as-of">
    <h1>Now</h1>
    <p class="quiet">
      As of <time datetime="${new Date(now).toISOString()}">${clock} UTC</time>, ${does}. <a href="${to}">${link}</a>
    </p>
  </div>`;
}

const isPaused = (context: Context) => context.req.query('refresh') === 'off';

function refreshing(context: Context): Html {
  const here = withQuery(context, {});
  return html`hx-get="${here}" hx-trigger="every ${refreshS}s" hx-select="#now" hx-swap="outerHTML"`;
}
