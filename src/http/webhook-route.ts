/** `POST /webhooks/narrative…`: reads a bounded body, hands it to intake, and says what came of it. */
import type { Context } from 'hono';
import type { Intake, IntakeOutcome } from '../intake/intake.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock, Log } from '../ports.ts';
import type { Acceptance } from '../store/arrival.ts';
import { problem } from './problem.ts';
import type { RequestReader } from './read-request.ts';

/** What a sender should wait after a 503, seconds. */
const retryAfterS = 10;

/** One text for every refusal: which part was wrong is in the log, not for whoever is guessing. */
const unverified = 'The request carries no valid proof of the subscription secret.';

export interface WebhookRouteOptions {
  intake: Intake;
  reader: RequestReader;
  maxBodyBytes: number;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** A request was refused for want of a proof. `subscription`: the one it named; empty at the common address. */
  onUnverified?: (subscription: string) => void;
}

export function createWebhookRoute({ intake, reader, maxBodyBytes, clock, log, metrics, onUnverified }: WebhookRouteOptions) {
  return async function webhookRoute(context: Context): Promise<Response> {
    const startedAt = clock.now();
    const subscription = context.req.param('subscription') ?? null;
    const read = await readBody(context);
    if (read instanceof Response) return read;
    const outcome = await intake({
      subscription,
      urlToken: context.req.param('token') ?? null,
      header: (name) => reader.header(context, name),
      body: read,
    });
    report(outcome, subscription, read.length, clock.now() - startedAt);
    return answer(outcome, subscription);
  };

  async function readBody(context: Context): Promise<Uint8Array | Response> {
    if (Number(reader.header(context, 'content-length')) > maxBodyBytes) return tooLarge();
    const read = await reader.body(context, maxBodyBytes);
    switch (read.kind) {
      case 'read':
        return read.body;
      case 'too-large':
        return tooLarge();
      case 'broken-off':
        metrics.count('events_total', { subscription: '', outcome: 'broken-off' });
        return problem(400, 'The request ended before its body was complete. Send it again.');
    }
  }

  function tooLarge(): Response {
    metrics.count('events_total', { subscription: '', outcome: 'too-large' });
    log.warn({ max_body_bytes: maxBodyBytes }, 'body over the limit refused: raise RELAY_MAX_BODY_BYTES if it was an event');
    // The rest of the body is not read, so the connection can't be used again.
    return problem(413, `The body is larger than ${maxBodyBytes} bytes.`, { connection: 'close' });
  }

  /** The one wide line per request, and its metrics. */
  function report(outcome: IntakeOutcome, named: string | null, bytes: number, ackMs: number): void {
    switch (outcome.kind) {
      case 'unknown-subscription':
        metrics.count('events_total', { subscription: '', outcome: 'unknown-subscription' });
        return log.warn({ outcome: outcome.kind, bytes }, 'event refused: no such subscription');
      case 'unverified':
        metrics.count('events_total', { subscription: named ?? '', outcome: 'unverified' });
        onUnverified?.(named ?? '');
        return log.warn({ outcome: outcome.kind, why: outcome.why, subscription: named, bytes }, 'event refused: not verified');
      case 'not-json':
        metrics.count('events_total', { subscription: outcome.request.subscription, outcome: 'not-json' });
        return log.warn(
          {
            outcome: outcome.kind,
            why: outcome.why,
            subscription: outcome.request.subscription,
            scheme: outcome.request.scheme,
            bytes,
          },
          'event refused: verified, but not JSON',
        );
      case 'taken':
        return reportTaken(outcome, bytes, ackMs);
    }
  }

  function reportTaken(outcome: IntakeOutcome & { kind: 'taken' }, bytes: number, ackMs: number): void {
    const { acceptance, idempotencyKey, request, seen } = outcome;
    const { subscription, scheme, header } = request;
    metrics.count('events_total', { subscription, outcome: acceptance.kind });
    if (acceptance.kind !== 'unavailable') metrics.observe('event_ack_seconds', {}, ackMs / 1000);
    const line = { subscription, scheme, header, idempotency_key: idempotencyKey, ...seen, bytes, ack_ms: ackMs };
    switch (acceptance.kind) {
      case 'accepted':
        for (const { kind } of acceptance.decisions) metrics.count('deliveries_held_back_total', { decision: kind });
        return log.info(
          {
            outcome: acceptance.outcome,
            event_id: acceptance.eventId,
            ...line,
            rules: acceptance.rules,
            deliveries: acceptance.deliveries,
            ...(acceptance.decisions.length > 0
              ? { not_sent: acceptance.decisions.map(({ rule, detail }) => `${rule}: ${detail}`) }
              : {}),
          },
          'event accepted',
        );
      case 'duplicate':
        if (acceptance.conflict) metrics.count('event_conflicts_total', { subscription });
        return log[acceptance.conflict ? 'warn' : 'info'](
          { outcome: 'duplicate', of: acceptance.of, conflict: acceptance.conflict, event_id: acceptance.eventId, ...line },
          acceptance.conflict ? 'duplicate with another body: the first one counts' : 'duplicate',
        );
      case 'quarantined':
        return log.warn(
          { outcome: 'quarantined', event_id: acceptance.eventId, ...line },
          'verified, but no event we know: kept whole',
        );
      case 'unavailable':
        return log.error(
          { outcome: 'unavailable', detail: acceptance.detail, ...line },
          'event not taken: the sender should retry',
        );
    }
  }
}

function answer(outcome: IntakeOutcome, named: string | null): Response {
  switch (outcome.kind) {
    case 'unknown-subscription':
      return problem(404, `There is no subscription named ${JSON.stringify(named)} in the rules.`);
    case 'unverified':
      return problem(401, unverified, { 'www-authenticate': 'Bearer' });
    case 'not-json':
      return problem(400, `The body is not JSON: ${outcome.why}`);
    case 'taken':
      return answerTaken(outcome.acceptance, outcome.idempotencyKey);
  }
}

function answerTaken(acceptance: Acceptance, idempotency_key: string): Response {
  switch (acceptance.kind) {
    case 'accepted':
      return json(202, { status: 'accepted', event_id: acceptance.eventId, idempotency_key, deliveries: acceptance.deliveries });
    case 'duplicate':
      return json(200, { status: 'duplicate', event_id: acceptance.eventId, idempotency_key });
    case 'quarantined':
      return json(202, { status: 'quarantined', event_id: acceptance.eventId, idempotency_key });
    case 'unavailable':
      return problem(503, 'The event could not be stored; nothing was kept. Send it again.', {
        'retry-after': String(retryAfterS),
      });
  }
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}
