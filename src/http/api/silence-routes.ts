/** `/api/v1/silences`. Times are ISO 8601. */
import { z } from 'zod';
import type { Silence, SilencesInForce } from '../../incident/silences.ts';
import type { Answered } from '../../operate/operations.ts';
import { iso, ok, refused } from '../../operate/text.ts';
import type { Clock, Log } from '../../ports.ts';
import { route, type Route } from './route.ts';
import { newSilenceOf, silenceBody } from './silence-request.ts';

export interface SilenceRoutesOptions {
  silences: SilencesInForce;
  clock: Clock;
  log: Log;
}

const silenceView = z
  .strictObject({
    id: z.string().meta({ examples: ['sil_1M7ZPRB9M00'] }),
    state: z.enum(['pending', 'active', 'expired']),
    match: z.record(z.string(), z.unknown()),
    from: z.string(),
    until: z.string(),
    reason: z.string(),
    author: z.string(),
    created_at: z.string(),
  })
  .meta({ id: 'Silence' });

const silenceList = z.strictObject({ silences: z.array(silenceView) }).meta({ id: 'SilenceList' });

const listQuery = z.strictObject({ all: z.enum(['true', 'false']).exactOptional().describe('true: those that are over, too') });

const notFound = 'No such silence, or it is forgotten';

export function silenceRoutes({ silences, clock, log }: SilenceRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/silences',
      tag: 'silences',
      summary: 'List silences, the latest first',
      description: 'Those in force or about to be. Mutes of the rules files are with the rules.',
      query: listQuery,
      answer: { status: 200, description: 'All of them', schema: silenceList },
      handle: ({ query }) => ok({ silences: silences.list({ all: query.all === 'true' }, clock.now()).map(viewOf) }),
    }),
    route({
      method: 'POST',
      path: '/silences',
      tag: 'silences',
      summary: 'Silence matching events for a time',
      description: '`match` is as in a rule. `{}` is everything but what the relay says of itself.',
      body: { schema: silenceBody },
      answer: { status: 201, description: 'The silence; its address is in `Location`', schema: silenceView },
      handle({ body }) {
        const now = clock.now();
        const wanted = newSilenceOf(body, now);
        if (wanted.kind !== 'ok') return wanted;
        const made = viewOf(silences.add(wanted.value, now));
        log.info({ silence: made }, 'silence made');
        return { kind: 'ok', value: made, location: `/api/v1/silences/${made.id}` };
      },
    }),
    route({
      method: 'GET',
      path: '/silences/:id',
      tag: 'silences',
      summary: 'Show a silence',
      answer: { status: 200, description: 'The silence, in whatever state', schema: silenceView },
      refusals: { 404: notFound },
      handle: ({ id }) => found(silences.find(id, clock.now())),
    }),
    route({
      method: 'DELETE',
      path: '/silences/:id',
      tag: 'silences',
      summary: 'End a silence now',
      description: 'What it kept back and still fails is told. To change one, end it and make another.',
      answer: { status: 200, description: 'The silence; one that was over is as it was', schema: silenceView },
      refusals: { 404: notFound },
      handle({ id }) {
        const expired = silences.expire(id, clock.now());
        if (expired !== null) log.info({ silence: viewOf(expired) }, 'silence expired by an operator');
        return found(expired);
      },
    }),
  ];
}

function found(silence: Silence | null): Answered<z.input<typeof silenceView>> {
  return silence === null
    ? refused('not-found', 'There is no silence of this id. GET /api/v1/silences?all=true lists them.')
    : ok(viewOf(silence));
}

function viewOf({ id, state, match, fromMs, untilMs, reason, author, createdMs }: Silence): z.input<typeof silenceView> {
  return {
    id,
    state,
    match: match as Record<string, unknown>,
    from: iso(fromMs),
    until: iso(untilMs),
    reason,
    author,
    created_at: iso(createdMs),
  };
}
