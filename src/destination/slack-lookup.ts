/**
 * Whether a message of which nobody knows if it arrived is there. Slack has no idempotency key; but each of our messages
 * carries its delivery's id in its metadata, and a token that may read the channel's history finds it again.
 * Source: docs.slack.dev/reference/methods/conversations.history.
 */
import { isObject, type JsonObject } from '../event/json.ts';
import type { Clock } from '../ports.ts';
import type { AttemptOutcome } from './destination.ts';
import type { RequestLimits } from './http-client.ts';
import type { CallSlack } from './slack-api.ts';
import { apiResult, parseAnswer, repeatable, type PostResult } from './slack-outcome.ts';

export const metadataType = 'narrative_relay_delivery';

export type Lookup =
  | { kind: 'found'; ts: string }
  | { kind: 'missing' }
  /** It can't be known: sent again, it may be there twice. */
  | { kind: 'unreadable'; detail: string }
  /** Not now. */
  | { kind: 'failed'; outcome: AttemptOutcome };

export interface Wanted {
  /** Its id, `C0123ABCD`. */
  channel: string;
  /** The `ts` of the thread's first message; null: in the channel itself. */
  thread: string | null;
  deliveryId: string;
  /** Epoch ms: not sent before. */
  sinceMs: number;
}

export interface SlackLookup {
  find(wanted: Wanted, limits: RequestLimits): Promise<Lookup>;
}

/** Slack's clock and ours may differ by so much. */
const clockSkewMs = 5 * 60_000;
const pageSize = 100;
/** What a channel sees while an outbox waits to try again is far less; more would use up the token's rate. */
const maxPages = 4;
/** A message with all its blocks can have 20 KB. */
const maxAnswerBytes = 8 * 1024 * 1024;

export function createSlackLookup(call: CallSlack, clock: Clock): SlackLookup {
  /** What Slack said it takes; kept, since it takes a new installation of the app to change. */
  let missingScope: string | null = null;

  return {
    async find({ channel, thread, deliveryId, sinceMs }, limits) {
      if (missingScope !== null) return { kind: 'unreadable', detail: missingScope };
      const method = thread === null ? 'conversations.history' : 'conversations.replies';
      const fields = {
        channel,
        ...(thread !== null && { ts: thread }),
        oldest: ((sinceMs - clockSkewMs) / 1000).toFixed(6),
        include_all_metadata: true,
        limit: pageSize,
      };
      let cursor = '';
      for (let page = 1; page <= maxPages; page++) {
        const result = await call(method, { ...fields, ...(cursor !== '' && { cursor }) }, { ...limits, maxAnswerBytes });
        const answer = result.kind === 'answer' && result.status === 200 ? parseAnswer(result.text) : null;
        if (answer?.ok !== true) {
          const failure = failureOf(apiResult(result, clock.now()), answer);
          if (failure.kind === 'unreadable' && answer?.error === 'missing_scope') missingScope = failure.detail;
          return failure;
        }
        const ts = tsOf(answer, deliveryId);
        if (ts !== null) return { kind: 'found', ts };
        cursor = nextCursor(answer);
        if (cursor === '') return { kind: 'missing' };
      }
      return { kind: 'unreadable', detail: `not among the channel's last ${maxPages * pageSize} messages` };
    },
  };
}

function failureOf(read: PostResult, answer: JsonObject | null): Lookup {
  const result = repeatable(read);
  const outcome = result.kind === 'outcome' ? result.outcome : null;
  // What reads as success is one whose body broke off before the messages were told.
  if (outcome?.kind === 'delivered') return failed({ kind: 'retry', reason: 'network', detail: 'the answer broke off' });
  if (outcome?.kind === 'retry' && outcome.reason !== 'unknown-answer') return failed(outcome);
  return { kind: 'unreadable', detail: `the token can't read the channel's history (${String(answer?.error ?? 'no answer')})` };
}

function failed(outcome: AttemptOutcome): Lookup {
  return { kind: 'failed', outcome: { ...outcome, detail: `looking for the message: ${outcome.detail}` } };
}

function tsOf({ messages }: JsonObject, deliveryId: string): string | null {
  const found = (Array.isArray(messages) ? messages : []).find((message) => {
    if (!isObject(message) || !isObject(message.metadata)) return false;
    const { event_type, event_payload } = message.metadata;
    return event_type === metadataType && isObject(event_payload) && event_payload.delivery_id === deliveryId;
  });
  return isObject(found) && typeof found.ts === 'string' ? found.ts : null;
}

function nextCursor({ response_metadata }: JsonObject): string {
  const cursor = isObject(response_metadata) ? response_metadata.next_cursor : null;
  return typeof cursor === 'string' ? cursor : '';
}
