/** Intake: verify → parse → accept. What HTTP answers is decided in `src/http`; here are only the outcomes. */
import { datasetOf, type NarrativeEvent } from '../event/event.ts';
import { idempotencyKey } from '../event/idempotency.ts';
import { parseBody } from '../event/parse.ts';
import type { Clock, Hash } from '../ports.ts';
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { Acceptance } from '../store/arrival.ts';
import type { Ledger } from '../store/ledger.ts';
import { createVerifier, type VerificationFailure, type VerifiedRequest } from './verify.ts';

export interface IntakeRequest {
  /** The subscription named in the path; null for the common address. */
  subscription: string | null;
  urlToken: string | null;
  header(name: string): string | null;
  body: Uint8Array;
}

/** What came of a request, with what the log wants to know about it. */
export type IntakeOutcome =
  | { kind: 'unknown-subscription' }
  | { kind: 'unverified'; why: VerificationFailure }
  | { kind: 'not-json'; why: string; request: VerifiedRequest }
  | { kind: 'taken'; acceptance: Acceptance; idempotencyKey: string; request: VerifiedRequest; seen: EventSummary | null };

/** The fields of an event for one log line. */
export interface EventSummary {
  type: string;
  job_id?: string;
  job_type?: string;
  state?: string;
  dataset_id?: string | null;
}

export interface IntakeOptions {
  hash: Hash;
  clock: Clock;
  ledger: Ledger;
  subscriptions: () => ReadonlyMap<string, SubscriptionConfig>;
}

export function createIntake({ hash, clock, ledger, subscriptions }: IntakeOptions) {
  const verifier = createVerifier(hash);

  return async function receive(request: IntakeRequest): Promise<IntakeOutcome> {
    const known = subscriptions();
    const named = request.subscription === null ? null : known.get(request.subscription);
    if (named === undefined) return { kind: 'unknown-subscription' };
    const claim = { header: request.header, urlToken: request.urlToken, body: request.body, nowMs: clock.now() };
    const verification = named === null ? verifier.verifyAny(claim, known.values()) : verifier.verify(claim, named);
    if (!verification.ok) return { kind: 'unverified', why: verification.why };
    return take(verification.request, request);
  };

  async function take(verified: VerifiedRequest, { header }: IntakeRequest): Promise<IntakeOutcome> {
    const { subscription, scheme, body } = verified;
    const parsed = parseBody(body);
    if (parsed.kind === 'not-json') return { kind: 'not-json', why: parsed.why, request: verified };
    const event = parsed.kind === 'event' ? parsed.event : null;
    const key = idempotencyKey(hash, {
      deliveryKeys: parsed.deliveryKeys,
      header: header('idempotency-key'),
      subscription,
      event,
      body,
    });
    const acceptance = await ledger.accept({
      subscription,
      scheme,
      idempotencyKey: key,
      event,
      why: parsed.kind === 'unknown' ? parsed.why : null,
      contentType: header('content-type') ?? 'application/json',
      body,
    });
    return { kind: 'taken', acceptance, idempotencyKey: key, request: verified, seen: event && summaryOf(event) };
  }
}

export type Intake = ReturnType<typeof createIntake>;

function summaryOf(event: NarrativeEvent): EventSummary {
  if (event.kind !== 'job') return { type: event.type, dataset_id: datasetOf(event) };
  const { id, type, state, dataset_id } = event.job;
  return { type: event.type, job_id: id, job_type: type, state, dataset_id };
}
