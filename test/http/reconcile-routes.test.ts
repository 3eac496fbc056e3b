/** The operator API's reconciliations over a real reconciler and store, where a store has come to what takes long to come to. */
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { mountRoutes, type ApiEnv } from '../../src/http/api/mount.ts';
import { reconcileRoutes } from '../../src/http/api/reconcile-routes.ts';
import { createResponder } from '../../src/http/api/respond.ts';
import { createReconcileWorld, hour } from '../narrative/reconcile-world.ts';

const unread = () => {
  throw new Error('a GET has no body');
};
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test('pages of what a run found lead on from one to the next, though the first of it is forgotten', async () => {
  const world = createReconcileWorld();
  world.narrative.jobs = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id, i) => ({ id, state: 'failed', updated: hour + i }));
  await world.start();
  const { id } = await world.run();
  world.sql.query('DELETE FROM missed WHERE n <= 2');
  const api = new Hono<ApiEnv>();
  const clock = { now: () => world.now };
  const { respond } = createResponder((text) => text);
  const reader = { header: unread, body: unread };
  mountRoutes(api, reconcileRoutes({ reconciler: world.reconciler, clock, log }), { reader, respond });

  const pages: unknown[] = [];
  for (let after: number | null = 0; after !== null;) {
    const response = await api.request(`/reconciliations/${id}/missed?limit=2&after=${after}`);
    const page = (await response.json()) as { missed: { job_id: string }[]; next: number | null };
    pages.push(page.missed.map(({ job_id }) => job_id));
    after = page.next;
  }
  expect(pages).toEqual([['c', 'd'], ['e', 'f'], ['g']]);
});
