/** Retrying or discarding many deliveries: asked for, shown as what it would do, then done step by step. */
import type { Context, Hono } from 'hono';
import type { DeliveryFilter } from '../../operate/shapes/query.ts';
import { refused } from '../../operate/text.ts';
import { refusalPage, shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { readForm } from '../form.ts';
import { page, type Html } from '../page.ts';
import { sessionOf } from '../session.ts';
import { askedMany } from './bulk-asked.ts';
import { countIn, nothingYet, withStep, type BulkCount } from './bulk-count.ts';
import { goingContent, goingTitle, overContent, overTitle, wantedContent, wantedTitle, type Act } from './bulk-page.ts';

/** Steps of a dry run within one request. What is beyond is said to be more. */
const maxDrySteps = 4;

export function addBulk(app: Hono, { operations, clock, reader }: PageDeps): void {
  for (const act of ['retry', 'discard'] as const) {
    app.get(`/deliveries/${act}`, (context) => confirmation(context, act));
    app.post(`/deliveries/${act}`, (context) => step(context, act));
  }

  function confirmation(context: Context, act: Act): Response {
    const asked = askedMany(new URL(context.req.url).searchParams, clock.now());
    if (!asked.ok) return refusalPage(context, 'deliveries', refused('invalid', asked.why));
    let count = nothingYet;
    let before: string | null = null;
    for (let steps = 0; steps < maxDrySteps; steps++) {
      const answered = operations.deliveries.bulk(act, asked.filter, { dryRun: true, before });
      if (answered.kind === 'refused') return refusalPage(context, 'deliveries', answered);
      count = withStep(count, answered.value);
      before = answered.value.next;
      if (before === null) break;
    }
    const wanted = { act, given: asked.given, count, more: before !== null, parked: parkedOf(asked.filter) };
    return drawn(context, wantedTitle(wanted), wantedContent(wanted, sessionOf(context)));
  }

  async function step(context: Context, act: Act): Promise<Response> {
    const form = await readForm(reader, context);
    if (!form.ok) return form.refusal;
    const { value: fields } = form;
    const asked = askedMany(fields, clock.now());
    const before = fields.get('before');
    const soFar = before === null ? nothingYet : countIn(fields.get('so_far') ?? '');
    if (!asked.ok || soFar === null) {
      const why = asked.ok ? 'so_far: this is not what the page before wrote; begin anew, what is done is done' : asked.why;
      return refusalPage(context, 'deliveries', refused('invalid', why));
    }
    const answered = operations.deliveries.bulk(act, asked.filter, { dryRun: false, before });
    if (answered.kind === 'refused') return refusalPage(context, 'deliveries', answered);
    const { next } = answered.value;
    const known = { act, given: asked.given, count: withStep(soFar, answered.value) };
    if (next === null) return drawn(context, overTitle(known), overContent(known));
    const going = { ...known, next, expected: expectedIn(fields, known.count) };
    return drawn(context, goingTitle(going), goingContent(going, sessionOf(context)));
  }

  function parkedOf({ destinations }: DeliveryFilter): string[] {
    return operations.destinations
      .list()
      .filter(({ name, parked }) => parked !== null && (destinations.length === 0 || destinations.includes(name)))
      .map(({ name }) => name);
  }
}

/** 0: not known, or wrong by now. */
function expectedIn(fields: URLSearchParams, { matched }: BulkCount): number {
  const expected = Number(fields.get('expected') ?? 0);
  return Number.isSafeInteger(expected) && expected > matched ? expected : 0;
}

function drawn(context: Context, title: string, content: Html): Response {
  return shown(context, page({ title, section: 'deliveries', session: sessionOf(context), content }));
}
