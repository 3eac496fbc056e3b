/** Replaying an event: asked for, shown as what it would do, then done. */
import type { Context, Hono } from 'hono';
import type { ReplayRequest } from '../../operate/operations.ts';
import { refusalPage, shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { readForm } from '../form.ts';
import { redirectWith } from '../notice.ts';
import { page } from '../page.ts';
import { eventPath } from '../parts/link.ts';
import { sessionOf } from '../session.ts';
import { replayContent } from './replay-page.ts';

const heading = 'This event can not be replayed';

export function addReplay(app: Hono, { operations, clock, reader }: PageDeps): void {
  app.get('/events/:id/replay', (context) => confirmation(context, context.req.param('id'), null));

  app.post('/events/:id/replay', async (context) => {
    const id = context.req.param('id');
    const form = await readForm(reader, context);
    if (!form.ok) return form.refusal;
    const request = requestIn(form.value);
    if (request === null) return confirmation(context, id, 'Choose at least one destination.');
    const answered = operations.events.replay(id, request);
    if (answered.kind === 'refused') return refusalPage(context, 'events', answered, heading);
    const { status, event_id: replay, deliveries } = answered.value;
    if (status !== 'replayed' || replay === null) {
      return confirmation(context, id, 'Somebody has replayed it in the meantime. Nothing was done.');
    }
    const text = `Replayed as ${replay}: ${deliveries === 1 ? '1 delivery' : `${deliveries} deliveries`}.`;
    return redirectWith(context, eventPath(replay), { tone: 'good', text });
  });

  function confirmation(context: Context, id: string, problem: string | null): Response {
    const dryRun = (again: boolean) => operations.events.replay(id, { to: null, again, dryRun: true });
    const first = dryRun(false);
    if (first.kind === 'refused') return refusalPage(context, 'events', first, heading);
    const before = first.value.status === 'duplicate' ? first.value.event_id : null;
    const asked = before === null ? first : dryRun(true);
    if (asked.kind === 'refused') return refusalPage(context, 'events', asked, heading);
    const session = sessionOf(context);
    const content = replayContent({ id, before, dryRun: asked.value, problem }, session, clock.now());
    return shown(context, page({ title: `Replay ${id}?`, section: 'events', session, content }), problem === null ? 200 : 409);
  }
}

/** Null: destinations were offered, and none was chosen. */
function requestIn(form: URLSearchParams): ReplayRequest | null {
  const to = form.getAll('to');
  const offered = Number(form.get('offered') ?? 0);
  if (offered > 0 && to.length === 0) return null;
  return { to: to.length === offered ? null : to, again: form.get('again') === '1', dryRun: false };
}
