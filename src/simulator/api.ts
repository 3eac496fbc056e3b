/** Narrative's API as its documents describe it: `/webhooks` and `/jobs`. */
import { Hono } from 'hono';
import { z } from 'zod';
import { json, readJson, refusal } from './json.ts';
import type { JobsOnRecord } from './jobs.ts';
import { knownStates } from '../rules/facts.ts';
import { describeIssues, readSubscription, subscriptionAnswer, type Spelling } from './subscription-wire.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface NarrativeApiOptions {
  subscriptions: Subscriptions;
  jobs: JobsOnRecord;
  spelling: Spelling;
}

/** "It returns a maximum of 500 jobs at a time". Source: the OpenAPI file. */
const mostPerPage = 500;
const usualPerPage = 100;

const wholeNumber = z.string().regex(/^\d{1,15}$/, 'must be a whole number');
const jobsQuery = z.object({
  state: z.enum(knownStates).optional(),
  type: z.string().optional(),
  dataset_id: wholeNumber.optional(),
  data_plane_id: z.guid('must be a UUID').optional(),
  order_by: z.enum(['created_at_asc', 'created_at_desc']).default('created_at_desc'),
  per_page: wholeNumber.transform(Number).pipe(z.int().min(1)).optional(),
  offset: wholeNumber.transform(Number).optional(),
});

export function narrativeApi({ subscriptions, jobs, spelling }: NarrativeApiOptions): Hono {
  const api = new Hono();
  const fromOpenApi = spelling === 'camelCase';

  api.post('/webhooks', async (context) => {
    const body = await readJson(context);
    if (!body.ok) return refusal(400, body.message);
    const read = readSubscription(body.value);
    if (!read.ok) return refusal(400, read.message);
    return json(200, subscriptionAnswer(subscriptions.add(read.seed), spelling, 'created'));
  });

  api.get('/webhooks', () =>
    json(
      200,
      subscriptions.all().map((kept) => subscriptionAnswer(kept, spelling, 'listed')),
    ),
  );

  api.get('/webhooks/:id', ({ req }) => {
    const kept = subscriptions.find(req.param('id'));
    return kept ? json(200, subscriptionAnswer(kept, spelling, 'whole')) : noSubscription(req.param('id'));
  });

  api.delete('/webhooks/:id', ({ req }) => {
    if (!subscriptions.archive(req.param('id'))) return noSubscription(req.param('id'));
    return new Response(null, { status: fromOpenApi ? 200 : 204 });
  });

  api.get('/jobs', ({ req }) => {
    const read = jobsQuery.safeParse(req.query());
    if (!read.success) return refusal(400, describeIssues(read.error));
    const { state, type, dataset_id: datasetId, data_plane_id: dataPlaneId, order_by, offset = 0 } = read.data;
    const perPage = Math.min(read.data.per_page ?? usualPerPage, mostPerPage);
    const found = jobs.list({ state, type, datasetId, dataPlaneId }, order_by === 'created_at_asc');
    const records = found.slice(offset, offset + perPage);
    if (fromOpenApi) return json(200, { records });
    return json(200, {
      records,
      current_page: Math.floor(offset / perPage) + 1,
      total_pages: Math.ceil(found.length / perPage),
      total_records: found.length,
    });
  });

  api.get('/jobs/:id', ({ req }) => {
    const job = jobs.find(req.param('id'));
    return job ? json(200, job) : refusal(404, `There is no job ${req.param('id')}`);
  });

  return api;
}

const noSubscription = (id: string) => refusal(404, `There is no webhook subscription ${id}`);
