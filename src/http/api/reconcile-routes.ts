/** `/api/v1/reconciliations`: runs that look for events whose webhooks never came. */
import { z } from 'zod';
import type { Reconciler, Run } from '../../narrative/reconciliation.ts';
import type { Answered } from '../../operate/operations.ts';
import { wholeNumber } from '../../operate/shapes/query.ts';
import { ok, refused } from '../../operate/text.ts';
import type { Clock, Log } from '../../ports.ts';
import { reconcileBody, runRequestOf } from './reconcile-request.ts';
import { missedPage, missedViewOf, runList, runView, runViewOf } from './reconcile-view.ts';
import { route, type Answer, type Route } from './route.ts';

export interface ReconcileRoutesOptions {
  reconciler: Reconciler;
  clock: Clock;
  log: Log;
}

const path = '/reconciliations';
const tag = 'reconciliations';
const maxListed = 50;
const maxMissed = 500;

const missedQuery = z.strictObject({
  after: wholeNumber(0, 999_999_999).default(0).describe('Where the page before ended: its `next`'),
  limit: wholeNumber(1, maxMissed).default(maxMissed),
});

const notFound = 'No such reconciliation, or it is forgotten';

export function reconcileRoutes({ reconciler, clock, log }: ReconcileRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path,
      tag,
      summary: 'List reconciliations, the latest first',
      description: `The latest ${maxListed}, also those that the relay made by itself.`,
      answer: { status: 200, description: 'The runs', schema: runList },
      handle: () => ok({ reconciliations: reconciler.list(maxListed).map(runViewOf) }),
    }),
    route({
      method: 'POST',
      path,
      tag,
      summary: 'Look for events whose webhooks never came',
      description: "A run reads Narrative's job list. Runs are made one after the other.",
      body: { schema: reconcileBody },
      answer: { status: 202, description: 'The run; its address is in `Location`', schema: runView },
      refusals: { 409: 'There is no NARRATIVE_API_TOKEN', 429: 'Ten runs wait already' },
      handle({ body }): Answer {
        const { begins, ...request } = runRequestOf(body, clock.now());
        const asked = reconciler.request(request);
        switch (asked.kind) {
          case 'off':
            return refused('conflict', asked.detail);
          case 'busy':
            return refused('busy', asked.detail);
          case 'wrong':
            return refused('invalid', asked.detail, asked.field === 'from' ? begins : asked.field);
          case 'started':
            return { kind: 'ok', value: runViewOf(asked.run), location: `/api/v1${path}/${asked.run.id}` };
        }
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:id`,
      tag,
      summary: 'Show a reconciliation',
      answer: { status: 200, description: 'The run, as far as it has come', schema: runView },
      refusals: { 404: notFound },
      handle: ({ id }) => found(reconciler.find(id)),
    }),
    route({
      method: 'DELETE',
      path: `${path}/:id`,
      tag,
      summary: 'Cancel a reconciliation',
      description: 'What it took stays. One that is over is left as it is.',
      answer: { status: 200, description: 'The run', schema: runView },
      refusals: { 404: notFound },
      handle({ id }) {
        const wasRunning = reconciler.find(id)?.status === 'running';
        const run = reconciler.cancel(id);
        if (wasRunning) log.info({ run: id }, 'reconciliation cancelled by an operator');
        return found(run);
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:id/missed`,
      tag,
      summary: 'List what a reconciliation found',
      description: 'States that no webhook told of, in the order in which they were found.',
      query: missedQuery,
      answer: { status: 200, description: 'A page of them', schema: missedPage },
      refusals: { 404: notFound },
      handle({ id, query: { after, limit } }) {
        if (reconciler.find(id) === null) return found(null);
        // One more than is shown tells whether there is more.
        const missed = reconciler.missed(id, after, limit + 1);
        const shown = missed.slice(0, limit);
        return ok({ missed: shown.map(missedViewOf), next: missed.length > limit ? shown.at(-1)!.n : null });
      },
    }),
  ];
}

function found(run: Run | null): Answered<z.input<typeof runView>> {
  return run === null
    ? refused('not-found', 'There is no reconciliation of this id. GET /api/v1/reconciliations lists the latest.')
    : ok(runViewOf(run));
}
