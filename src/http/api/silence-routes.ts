/** `/api/v1/silences`. Times are ISO 8601. */
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Silence, SilencesInForce } from '../../incident/silences.ts';
import type { Clock, Log } from '../../ports.ts';
import { problem } from '../problem.ts';
import type { RequestReader } from '../read-request.ts';
import { json, parseStrictly, readJson } from './json.ts';
import { parseSilence } from './silence-request.ts';

export interface SilenceRoutesOptions {
  reader: RequestReader;
  silences: SilencesInForce;
  clock: Clock;
  log: Log;
}

const listQuery = z.strictObject({ all: z.enum(['true', 'false']).exactOptional() });

export function addSilenceRoutes(api: Hono, { reader, silences, clock, log }: SilenceRoutesOptions): void {
  api.get('/silences', (context) => {
    const query = parseStrictly(listQuery, context.req.query());
    if (!query.ok) return query.refusal;
    return json(200, { silences: silences.list({ all: query.value.all === 'true' }, clock.now()).map(answerOf) });
  });

  api.post('/silences', async (context) => {
    const body = await readJson(reader, context);
    if (!body.ok) return body.refusal;
    const now = clock.now();
    const parsed = parseSilence(body.value, now);
    if (!parsed.ok) return parsed.refusal;
    const answer = answerOf(silences.add(parsed.value, now));
    log.info({ silence: answer }, 'silence made');
    return json(201, answer, { location: `/api/v1/silences/${answer.id}` });
  });

  api.get('/silences/:id', (context) => found(silences.find(idOf(context), clock.now())));

  api.delete('/silences/:id', (context) => {
    const expired = silences.expire(idOf(context), clock.now());
    if (expired !== null) log.info({ silence: answerOf(expired) }, 'silence expired by an operator');
    return found(expired);
  });

  api.all('/silences', () => problem(405, 'Silences are listed with GET and made with POST.', { allow: 'GET, HEAD, POST' }));
  api.all('/silences/:id', () =>
    problem(405, 'A silence is shown with GET and ended with DELETE; to change it, make another.', {
      allow: 'GET, HEAD, DELETE',
    }),
  );
}

const idOf = (context: Context) => context.req.param('id') ?? '';

function found(silence: Silence | null): Response {
  return silence === null
    ? problem(404, 'There is no silence of this id. GET /api/v1/silences?all=true lists them.')
    : json(200, answerOf(silence));
}

function answerOf({ id, state, match, fromMs, untilMs, reason, author, createdMs }: Silence) {
  const iso = (ms: number) => new Date(ms).toISOString();
  return { id, state, match, from: iso(fromMs), until: iso(untilMs), reason, author, created_at: iso(createdMs) };
}
