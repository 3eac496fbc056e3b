/** The routes. Every answer that is not a success is a problem document. */
import { Hono, type Context } from 'hono';
import type { Log } from '../ports.ts';
import type { ApiEnv } from './api/mount.ts';
import { problem } from './problem.ts';

export interface Readiness {
  ready: boolean;
  /** Why not, in words; and what else an operator should know. */
  details: Record<string, unknown>;
}

export interface AppOptions {
  webhook: (context: Context) => Promise<Response>;
  /** At `/api/v1`. */
  api: Hono<ApiEnv>;
  /** At `/console`. */
  console: Hono;
  readiness: () => Readiness;
  /** The text and its content type. */
  metrics: () => Promise<{ text: string; contentType: string }>;
  log: Log;
}

const webhookPaths = ['/webhooks/narrative', '/webhooks/narrative/:subscription', '/webhooks/narrative/:subscription/:token'];

export function createApp({ webhook, api, console, readiness, metrics, log }: AppOptions): Hono {
  // A slash too many at the end of the subscription's URL is no reason to lose events.
  const app = new Hono({ strict: false });
  for (const path of webhookPaths) {
    app.post(path, webhook);
    app.all(path, () => problem(405, 'Events are sent with POST.', { allow: 'POST' }));
  }
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    app.on(['POST', 'PUT', 'PATCH', 'DELETE'], path, () => problem(405, 'This is only to be read.', { allow: 'GET, HEAD' }));
  }
  app.get('/healthz', (context) => context.json({ status: 'alive' }));
  app.get('/readyz', (context) => {
    const { ready, details } = readiness();
    return context.json({ status: ready ? 'ready' : 'not ready', ...details }, ready ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    const { text, contentType } = await metrics();
    return context.body(text, 200, { 'content-type': contentType });
  });
  app.route('/api/v1', api);
  app.route('/console', console);
  app.notFound(() => problem(404, 'There is nothing here. Events go to POST /webhooks/narrative.'));
  app.onError((error) => {
    log.error({ err: error }, 'request failed inside the relay');
    return problem(500, 'The relay failed on this request. Nothing was acknowledged; send it again.');
  });
  return app;
}
