/** `/console/silences`: what is kept quiet, and why; made and ended here. */
import type { Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import type { Silence } from '../../incident/silences.ts';
import { clockText } from '../../incident/words.ts';
import { refused } from '../../operate/text.ts';
import { refusalPage, shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { readForm } from '../form.ts';
import { redirectWith } from '../notice.ts';
import { page, type Html } from '../page.ts';
import { emptyState, fold, section } from '../parts/layout.ts';
import { isHttps } from '../same-origin.ts';
import { sessionOf } from '../session.ts';
import { silenceOf, typedOf, type Field, type Typed } from './asked.ts';
import { silenceForm } from './form.ts';
import { matchText, muteCards, silenceCards } from './list.ts';
import { blank, prefilled } from './prefilled.ts';

const path = '/console/silences';
/** Who made the last silence in this browser: nobody types their name at night. */
const authorCookie = 'relay_author';
const yearS = 365 * 86_400;
/** Those that are over, the latest first. */
const maxOver = 50;

export function addSilencePages(app: Hono, deps: PageDeps): void {
  const { operations, silences, clock, reader, log } = deps;

  app.get('/silences', (context) => {
    const query = new URL(context.req.url).searchParams;
    const { typed, trouble } = prefilled(query, operations, getCookie(context, authorCookie));
    const wrong = new Map<Field, string>(trouble === null ? [] : [['dataset', trouble]]);
    return shown(context, drawn(context, typed, wrong, query.size > 0));
  });

  app.post('/silences', async (context) => {
    const form = await readForm(reader, context);
    if (!form.ok) return form.refusal;
    const typed = typedOf(form.value, blank);
    const now = clock.now();
    const asked = silenceOf(typed, now);
    if (!asked.ok) return shown(context, drawn(context, typed, asked.wrong, true), 400);
    const silence = silences.add(asked.silence, now);
    log.info({ silence }, 'silence made');
    remember(context, silence.author);
    return redirectWith(context, path, {
      tone: 'good',
      text: `Silent until ${clockText(silence.untilMs)}: ${matchText(silence.match)}.`,
    });
  });

  app.post('/silences/:id/expire', (context) => {
    const silence = silences.expire(context.req.param('id'), clock.now());
    if (silence === null) return refusalPage(context, 'silences', refused('not-found', 'There is no silence of this id.'));
    log.info({ silence }, 'silence expired by an operator');
    return redirectWith(context, path, {
      tone: 'good',
      text: `Ended: ${matchText(silence.match)}. What it kept back and still fails is told now.`,
    });
  });

  /** `asked`: the form is what the reader came for, so it stands first. */
  function drawn(context: Context, typed: Typed, wrong: ReadonlyMap<Field, string>, asked: boolean): Html {
    const session = sessionOf(context);
    const now = clock.now();
    const all = silences.list({ all: true }, now);
    const [active, pending, over] = (['active', 'pending', 'expired'] as const).map((state) =>
      all.filter((each) => each.state === state),
    ) as [Silence[], Silence[], Silence[]];
    const { mutes } = operations.rules();
    const cards = (some: readonly Silence[]) => silenceCards(some, session, now);
    const form = silenceForm(session, typed, wrong);
    const standing = html`${section(
      'In force',
      active.length > 0 ? cards(active) : emptyState('Nothing is silenced.', 'Every alert that the rules want is sent.'),
      { id: 'in-force' },
    )}
    ${pending.length === 0 ? '' : section('To come', cards(pending), { id: 'to-come' })}`;
    const rest = html`${mutes.length === 0 ? '' : section('Mutes of the rules files', muteCards(mutes, now), { id: 'mutes' })}
    ${over.length === 0 ? '' : fold(`Over (${over.length > maxOver ? `the latest ${maxOver}` : over.length})`, cards(over.slice(0, maxOver)))}`;
    const content = html`<h1>Silences</h1>
      ${asked ? html`${form} ${standing}` : html`${standing} ${form}`} ${rest}`;
    const title = wrong.size > 0 ? 'Silence: something is wrong' : `Silences (${active.length} in force)`;
    return page({ title, section: 'silences', session, content });
  }
}

function remember(context: Context, author: string): void {
  setCookie(context, authorCookie, author, { path, httpOnly: true, sameSite: 'Lax', secure: isHttps(context), maxAge: yearS });
}
