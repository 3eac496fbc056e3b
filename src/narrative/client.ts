/** Narrative's API over HTTP. Its failures are values; a call is made again only where that can do no harm. */
import { requestOnce } from '../destination/http-client.ts';
import { parseJson, stringifyJson, type JsonObject, type JsonValue } from '../event/json.ts';
import type { Clock, Fetch, Random } from '../ports.ts';
import type { Answer, NarrativeApi } from './api.ts';
import { judge, unknownId, unreadable, type Call } from './failure.ts';
import {
  readCreated,
  readJob,
  readJobsPage,
  readSubscriptionDetail,
  readSubscriptions,
  writeJobsQuery,
  writeSubscription,
  type Read,
} from './read-wire.ts';

export interface NarrativeApiOptions {
  fetch: Fetch;
  clock: Clock;
  random: Pick<Random, 'fraction'>;
  /** A secret; not empty. */
  token: string;
  /** Such as `https://api.narrative.io`; a slash at its end changes nothing. */
  url: string;
  /** The relay's, for `user-agent`. */
  version: string;
  wait(ms: number): Promise<void>;
  /** Ends what is under way, and any wait. Default: never. */
  signal?: AbortSignal;
  /** At least 1, which means no second try. Default 4. */
  maxAttempts?: number;
  /** For one request and its answer, ms. Default 30,000: a page of 500 jobs takes its time. */
  timeoutMs?: number;
  /** Default 32 MiB. What is longer is `too-large`. */
  maxAnswerBytes?: number;
}

/** First step of the backoff, which doubles, and the longest. ms. */
const firstStepMs = 500;
const longestStepMs = 30_000;
/** Whoever is asked to wait for longer should decide about it: that is returned, not slept through. ms. */
const longestWaitMs = 60_000;

export function createNarrativeApi(options: NarrativeApiOptions): NarrativeApi {
  const { fetch, clock, random, token, version, wait } = options;
  const { signal = new AbortController().signal, maxAttempts = 4, timeoutMs = 30_000 } = options;
  const { maxAnswerBytes = 32 * 1024 * 1024 } = options;
  const base = options.url.replace(/\/+$/, '');
  let aheadMs: number | null = null;
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': `narrative-relay/${version}` };

  async function attempt(call: Call) {
    const init: RequestInit = call.body
      ? { method: call.method, headers: { ...headers, 'content-type': 'application/json' }, body: stringifyJson(call.body) }
      : { method: call.method, headers };
    const result = await requestOnce(fetch, base + call.path, init, { timeoutMs, signal, maxAnswerBytes });
    const nowMs = clock.now();
    if (result.kind === 'answer') aheadMs = clockAhead(result.headers, nowMs);
    return judge(result, call, { url: base, token, maxAnswerBytes, nowMs });
  }

  /** The text of an answer of 2xx. */
  async function request(call: Call): Promise<Answer<string>> {
    let mayHaveHappened = false;
    for (let attempts = 1; ; attempts += 1) {
      const judged = await attempt(call);
      if (judged.kind === 'ok') return { ok: true, value: judged.text };
      const { failure, again } = judged;
      if (call.method === 'DELETE' && failure.kind === 'not-found' && mayHaveHappened) return { ok: true, value: '' };
      const pauseMs = Math.max(backoffMs(attempts, random), failure.afterMs ?? 0);
      const repeatable = again === 'any-call' || (again === 'safe-call' && call.method !== 'POST');
      if (!repeatable || attempts >= maxAttempts || pauseMs > longestWaitMs || signal.aborted) {
        const detail = attempts === 1 ? failure.detail : `${failure.detail} (tried ${attempts} times)`;
        return { ok: false, failure: { ...failure, detail } };
      }
      mayHaveHappened ||= again === 'safe-call' && failure.kind !== 'rate-limited';
      await untilAborted(wait(pauseMs), signal);
    }
  }

  async function ask<T>(call: Call, read: (json: JsonValue) => Read<T>): Promise<Answer<T>> {
    const answer = await request(call);
    if (!answer.ok) return answer;
    let json: JsonValue;
    try {
      json = parseJson(answer.value);
    } catch {
      return { ok: false, failure: unreadable('not-json', call, 'it is no JSON, as if NARRATIVE_API_URL led elsewhere') };
    }
    const found = read(json);
    return found.ok ? found : { ok: false, failure: unreadable('unexpected', call, found.why) };
  }

  return {
    listSubscriptions: () => ask({ method: 'GET', path: '/webhooks', about: 'subscriptions', id: null }, readSubscriptions),

    async showSubscription(id) {
      return (
        refuseId('subscriptions', id) ??
        ask({ method: 'GET', path: `/webhooks/${segment(id)}`, about: 'subscriptions', id }, readSubscriptionDetail)
      );
    },

    createSubscription: (wanted) =>
      ask({ method: 'POST', path: '/webhooks', about: 'subscriptions', id: null, body: writeSubscription(wanted) }, readCreated),

    async archiveSubscription(id) {
      const refused = refuseId('subscriptions', id);
      if (refused) return refused;
      const answer = await request({ method: 'DELETE', path: `/webhooks/${segment(id)}`, about: 'subscriptions', id });
      return answer.ok ? { ok: true, value: null } : answer;
    },

    listJobs: (query) => ask({ method: 'GET', path: `/jobs?${writeJobsQuery(query)}`, about: 'jobs', id: null }, readJobsPage),

    async getJob(id): Promise<Answer<JsonObject>> {
      return refuseId('jobs', id) ?? ask({ method: 'GET', path: `/jobs/${segment(id)}`, about: 'jobs', id }, readJob);
    },

    clockAheadMs: () => aheadMs,
  };
}

/**
 * How far the other side's clock is ahead of ours, ms: by the time at which it made its answer, which it says in whole seconds. Null
 * where a cache kept the answer, as that time is long past. Source: RFC 9110 §6.6.1; RFC 9111 §5.1.
 */
export function clockAhead(headers: Headers, nowMs: number): number | null {
  if (Number(headers.get('age')) > 0) return null;
  const saidMs = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(saidMs) ? null : saidMs - Math.floor(nowMs / 1000) * 1000;
}

/** Full jitter over a doubling step, ms. `attempt` is the one that failed, from 1. */
function backoffMs(attempt: number, random: Pick<Random, 'fraction'>): number {
  return Math.round(random.fraction() * Math.min(longestStepMs, firstStepMs * 2 ** (attempt - 1)));
}

/** These would name another place than one below the list: `DELETE /webhooks/..` is no matter of one subscription. */
function refuseId(about: Call['about'], id: string): { ok: false; failure: { kind: 'not-found'; detail: string } } | null {
  return ['', '.', '..'].includes(id) ? { ok: false, failure: { kind: 'not-found', detail: unknownId({ about, id }) } } : null;
}

/** Well-formed, as `encodeURIComponent` throws on half a surrogate pair. */
const segment = (id: string) => encodeURIComponent(id.toWellFormed());

/** Resolves with `wait`, or when the signal ends it. */
async function untilAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([wait, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
