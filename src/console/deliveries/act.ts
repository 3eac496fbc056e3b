/** One delivery, sent again or ended. */
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { deliveryId, deliveryKeyOf, eventId } from '../../event/id.ts';
import type { Operations } from '../../operate/operations.ts';
import { deliveryFilterOf } from '../../operate/shapes/query.ts';
import type { BulkAnswerView, DeliveryDetailView, DeliverySummaryView } from '../../operate/shapes/views.ts';
import { refusalPage, shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { csrfField } from '../form.ts';
import { redirectWith } from '../notice.ts';
import { page } from '../page.ts';
import { statusBadge } from '../parts/badge.ts';
import { deliveryLink, deliveryPath } from '../parts/link.ts';
import { sessionOf } from '../session.ts';
import { deliveryContent, deliveryTitle } from './delivery-page.ts';
import { aboutOf } from './delivery-rows.ts';

export function addActs(app: Hono, { operations, clock }: PageDeps): void {
  const { deliveries, destinations } = operations;

  app.get('/deliveries/:id', (context) => {
    const answered = deliveries.show(context.req.param('id'));
    if (answered.kind === 'refused') return refusalPage(context, 'deliveries', answered);
    const delivery = answered.value;
    const found = destinations.show(delivery.destination);
    const refused = { retry: whyNot(deliveries, 'retry', delivery), discard: whyNot(deliveries, 'discard', delivery) };
    const session = sessionOf(context);
    const destination = found.kind === 'ok' ? found.value : null;
    const content = deliveryContent({ delivery, destination, refused }, session, clock.now());
    return shown(context, page({ title: deliveryTitle(delivery), section: 'deliveries', session, content }));
  });

  app.post('/deliveries/:id/retry', (context) => {
    const answered = deliveries.retry(context.req.param('id'));
    if (answered.kind === 'refused') return refusalPage(context, 'deliveries', answered, 'It can not be sent again');
    return redirectWith(context, deliveryPath(answered.value.id), { tone: 'good', text: retriedWords(answered.value) });
  });

  app.get('/deliveries/:id/discard', (context) => confirmation(context, context.req.param('id')));

  app.post('/deliveries/:id/discard', (context) => {
    const answered = deliveries.discard(context.req.param('id'));
    if (answered.kind === 'refused') return refusalPage(context, 'deliveries', answered, 'It can not be discarded');
    return redirectWith(context, deliveryPath(answered.value.id), { tone: 'good', text: 'Discarded: it is not sent.' });
  });

  /** What comes of a retry, as it stands behind it. */
  function retriedWords({ status, destination }: DeliverySummaryView): string {
    const found = destinations.show(destination);
    if (found.kind === 'ok' && found.value.parked !== null && status !== 'sending') return `It waits: ${destination} is parked.`;
    switch (status) {
      case 'sending':
        return 'It is being sent.';
      case 'waiting':
        return 'It is sent again after those before it.';
      case 'queued':
      case 'scheduled':
      case 'delivered':
      case 'dead':
      case 'suppressed':
        return 'It is sent again now.';
    }
  }

  function confirmation(context: Context, asked: string): Response {
    const answered = deliveries.show(asked);
    if (answered.kind === 'refused') return refusalPage(context, 'deliveries', answered);
    const { id, destination, status } = answered.value;
    const session = sessionOf(context);
    const content = html`<h1>Discard ${deliveryLink(id)}?</h1>
      <p class="lead">${destination} is not told of ${aboutOf(answered.value)}, and nobody can send this one again.</p>
      <p>${statusBadge(status)} ${answered.value.detail ?? ''}</p>
      <form method="post" action="${deliveryPath(id)}/discard">
        ${csrfField(session)}
        <p class="actions"><button class="danger">Discard</button> <a href="${deliveryPath(id)}">Leave it</a></p>
      </form>`;
    return shown(context, page({ title: `Discard ${id}?`, section: 'deliveries', session, content }));
  }
}

/** Why this can not be done to a delivery; null: it can. Nothing is done. */
function whyNot(
  deliveries: Operations['deliveries'],
  action: BulkAnswerView['action'],
  { id, status, destination }: DeliveryDetailView,
): string | null {
  const key = deliveryKeyOf(id);
  if (key === null) return null;
  const { eventSeq, n } = key;
  const filter = deliveryFilterOf({ event: eventId(eventSeq), status: [status], destination: [destination] }, 0);
  // A dry run begins with this one, and the first that is skipped for a reason is its example.
  const before = deliveryId(action === 'retry' ? justBelow(key) : { eventSeq, n: n + 1 });
  const answered = deliveries.bulk(action, filter, { dryRun: true, before });
  if (answered.kind === 'refused') return null;
  return answered.value.skipped.find(({ example }) => example === id)?.reason ?? null;
}

/** Retries go from the oldest on, all else from the newest. */
function justBelow({ eventSeq, n }: { eventSeq: number; n: number }): { eventSeq: number; n: number } {
  return n > 1 ? { eventSeq, n: n - 1 } : { eventSeq: eventSeq - 1, n: mostOfOneEvent };
}

/** More than the rules can ask for; the largest that an id can have. */
const mostOfOneEvent = 999_999_999;
