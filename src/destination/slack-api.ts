/** One call of Slack's Web API, by its official client. */
import { WebClient, type Logger, type LogLevel } from '@slack/web-api';
import type { JsonValue } from '../event/json.ts';
import type { Fetch } from '../ports.ts';
import { requestOnce, type RequestLimits, type RequestResult } from './http-client.ts';

export type SlackMethod =
  | 'chat.postMessage'
  | 'chat.update'
  | 'conversations.history'
  | 'conversations.replies'
  /** These two are asked by `relay doctor` alone. */
  | 'auth.test'
  | 'conversations.info';

/** One request, whatever comes of it; never repeated here. */
export type CallSlack = (method: SlackMethod, fields: Record<string, JsonValue>, limits: RequestLimits) => Promise<RequestResult>;

/** `apiUrl`: instead of `https://slack.com/api/`. */
export function createSlackApi(token: string, fetch: Fetch, apiUrl: string | undefined): CallSlack {
  return async (method, fields, limits) => {
    const exchange: { result: RequestResult | null } = { result: null };
    const watched: Fetch = async (url, init) => {
      const result = await requestOnce(fetch, String(url), init ?? {}, limits);
      exchange.result = result;
      if (result.kind !== 'answer') throw new TypeError(result.detail);
      return new Response(result.text, { status: result.status });
    };
    try {
      await createClient(token, watched, apiUrl).apiCall(method, fields);
    } catch (error) {
      // The exchange itself says more than the client's errors, which drop Retry-After and what a connection died of.
      if (exchange.result === null) throw error;
    }
    if (exchange.result === null) throw new Error('the Slack client made no request');
    return exchange.result;
  };
}

/**
 * A client for one call (it costs some 30 µs), so that its `fetch` can serve this call's signal and no queue, pause or retry
 * is shared between deliveries: those are the outbox's. The time limit is in `requestOnce`.
 */
function createClient(token: string, fetch: Fetch, apiUrl: string | undefined): WebClient {
  return new WebClient(token, {
    ...(apiUrl !== undefined && { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    fetch: fetch as NonNullable<ConstructorParameters<typeof WebClient>[1]>['fetch'] & Fetch,
    logger: noLog,
  });
}

/** The client would write to the console, where the log is JSON; what it would say is in the outcome. */
const noLog: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => 'error' as LogLevel,
  setName() {},
};
