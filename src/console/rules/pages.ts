/** `/console/rules`: what is in force, and what it makes of an event. */
import type { Context, Hono } from 'hono';
import { eventFilterOf } from '../../operate/shapes/query.ts';
import { shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { prettyBody } from '../events/event-page.ts';
import { largestFormBytes, readForm } from '../form.ts';
import { page } from '../page.ts';
import { sessionOf } from '../session.ts';
import { rulesContent, rulesTitle } from './rules-page.ts';
import { tryContent, tryTitle, type Tried, type TriedField, type TryShown } from './try-page.ts';

/** Laid out, what is longer (characters) would be more than the form takes. */
const maxPretty = 200_000;
/** Events that came, to begin with. */
const maxExamples = 8;

export function addRulePages(app: Hono, { operations, clock, reader }: PageDeps): void {
  app.get('/rules', (context) => {
    const view = operations.rules();
    const content = rulesContent(view, clock.now());
    return shown(context, page({ title: rulesTitle(view), section: 'rules', session: sessionOf(context), content }));
  });

  app.get('/rules/try', (context) => {
    const asked = context.req.query('event');
    const example = asked === undefined ? null : exampleOf(asked);
    if (typeof example === 'string') return drawn(context, blank, { wrong: new Map([['example', example]]) });
    return drawn(context, example ?? blank, {});
  });

  app.post('/rules/try', async (context) => {
    const form = await readForm(reader, context, largestFormBytes);
    if (!form.ok) return form.refusal;
    const tried: Tried = { event: form.value.get('event') ?? '', subscription: form.value.get('subscription') ?? '' };
    if (tried.event.trim() === '')
      return drawn(context, tried, { wrong: new Map([['event', 'is empty: paste an event, or begin with one that came']]) });
    const answered = operations.explain(new TextEncoder().encode(tried.event), tried.subscription || null);
    if (answered.kind === 'ok') return drawn(context, tried, { explanation: answered.value });
    const field = answered.field === 'subscription' ? 'subscription' : 'event';
    return drawn(context, tried, { wrong: new Map([[field, withoutName(answered.detail, field)]]) });
  });

  function drawn(context: Context, tried: Tried, { wrong = new Map(), explanation = null }: Partial<TryShown>): Response {
    const subscriptions = operations.rules().subscriptions.map(({ name }) => name);
    const parts: TryShown = { tried, subscriptions, examples: examples(), wrong, explanation };
    const session = sessionOf(context);
    const content = tryContent(parts, session, clock.now());
    return shown(context, page({ title: tryTitle(parts), section: 'rules', session, content }), wrong.size === 0 ? 200 : 400);
  }

  /** What the relay says of itself comes by no subscription. */
  function examples(): TryShown['examples'] {
    const filter = eventFilterOf({ kind: ['job', 'app'] }, clock.now());
    const answered = operations.events.list(filter, { limit: maxExamples, before: null });
    return answered.kind === 'ok' ? answered.value.events : [];
  }

  /** A text: why there is none. */
  function exampleOf(id: string): Tried | string {
    const answered = operations.events.body(id);
    if (answered.kind === 'refused') return answered.detail;
    const { body, subscription } = answered.value;
    return { event: body.length > maxPretty ? body : prettyBody(body), subscription };
  }
}

const blank: Tried = { event: '', subscription: '' };

function withoutName(detail: string, field: TriedField): string {
  return detail.startsWith(`${field}: `) ? detail.slice(field.length + 2) : detail;
}
