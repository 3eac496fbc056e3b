/** Slack: by a bot token and channel, or by an incoming webhook's URL. */
import { WebClient, type Logger, type LogLevel } from '@slack/web-api';
import type { JsonValue } from '../event/json.ts';
import type { Clock, Fetch } from '../ports.ts';
import type { RenderTemplate } from '../rules/template.ts';
import { composeAlert } from './alert.ts';
import type { AttemptOutcome, Destination, Outgoing, Pace } from './destination.ts';
import { defaultTimeoutMs, requestOnce, type RequestLimits, type RequestResult } from './http-client.ts';
import { plainSlackMessage, slackEscape, slackMessage, type SlackMessage } from './slack-message.ts';
import { apiResult, webhookResult, type PostResult } from './slack-outcome.ts';

export type SlackConfig = {
  name: string;
  fallback: string | null;
  /** Null: 1 a second, bursts of 5. Source: docs.slack.dev/apis/web-api/rate-limits. */
  pace: Pace | null;
  /** 10 s by default. */
  timeoutMs?: number;
} & (SlackBot | SlackWebhook);

/** `token`: `xoxb-…`, with the scope chat:write. `channel`: its id (`C0123ABCD`). */
export type SlackBot = { token: string; channel: string };
/** `webhookUrl`: `https://hooks.slack.com/services/…`; whoever has it can post, so it is a secret. */
export type SlackWebhook = { webhookUrl: string };

export interface SlackPorts {
  fetch: Fetch;
  clock: Clock;
  render: RenderTemplate;
  /** Instead of `https://slack.com/api/` (the setting SLACK_API_URL). */
  apiUrl?: string;
}

const defaultPace: Pace = { perSecond: 1, burst: 5 };
const silent = { unfurl_links: false, unfurl_media: false };

/** One way into Slack: what the request holds, and how one is made. */
interface Transport {
  paceKey: string;
  /** The request's fields, without secrets. */
  request(message: SlackMessage, deliveryId: string, withMetadata: boolean): Record<string, JsonValue>;
  post(request: Record<string, JsonValue>, limits: RequestLimits): Promise<PostResult>;
}

/**
 * Order within a subject is the outbox's business; between subjects a channel needs none, hence several requests at once.
 * A message that Slack refuses as such is posted once more, plain, in the same attempt, and rejected when that fails too.
 */
export function createSlackDestination(config: SlackConfig, ports: SlackPorts): Destination {
  const transport = 'token' in config ? apiTransport(config, ports) : webhookTransport(config, ports);
  const timeoutMs = config.timeoutMs ?? defaultTimeoutMs;
  const compose = (outgoing: Outgoing) => composeAlert(outgoing, slackEscape, ports.render);

  return {
    name: config.name,
    type: 'slack',
    paceKey: transport.paceKey,
    pace: config.pace ?? defaultPace,
    concurrency: 4,
    fallback: config.fallback,

    preview(outgoing) {
      const { alert, problems } = compose(outgoing);
      return { format: 'slack', body: transport.request(slackMessage(alert), outgoing.deliveryId, true), problems };
    },

    async send(outgoing, signal) {
      const { alert } = compose(outgoing);
      const limits = { timeoutMs, signal };
      const full = await transport.post(transport.request(slackMessage(alert), outgoing.deliveryId, true), limits);
      if (full.kind === 'outcome') return full.outcome;
      const withMetadata = !full.code.includes('metadata');
      const plain = await transport.post(transport.request(plainSlackMessage(alert), outgoing.deliveryId, withMetadata), limits);
      return plainOutcome(plain, full.detail);
    },
  };
}

function plainOutcome(plain: PostResult, refusal: string): AttemptOutcome {
  if (plain.kind === 'payload') {
    const detail = `Slack refused the message (${refusal}) and the same as plain text (${plain.detail})`;
    return { kind: 'rejected', reason: 'payload', detail };
  }
  const { outcome } = plain;
  if (outcome.kind !== 'delivered') return outcome;
  return { ...outcome, detail: `${outcome.detail} as plain text, because Slack refused the blocks (${refusal})` };
}

function apiTransport({ token, channel }: SlackBot, { fetch, clock, apiUrl }: SlackPorts): Transport {
  return {
    paceKey: `slack:${channel}`,
    request: (message, deliveryId, withMetadata) => ({
      channel,
      ...message,
      ...silent,
      // Slack has no idempotency key; this is how a message can be found again after an ambiguous failure.
      ...(withMetadata && { metadata: { event_type: 'narrative_relay_delivery', event_payload: { delivery_id: deliveryId } } }),
    }),
    async post(request, limits) {
      const exchange: { result: RequestResult | null } = { result: null };
      const watched: Fetch = async (url, init) => {
        const result = await requestOnce(fetch, String(url), init ?? {}, limits);
        exchange.result = result;
        if (result.kind !== 'answer') throw new TypeError(result.detail);
        return new Response(result.text, { status: result.status });
      };
      try {
        await createClient(token, watched, apiUrl).apiCall('chat.postMessage', request);
      } catch (error) {
        // The exchange itself says more than the client's errors, which drop Retry-After and what a connection died of.
        if (exchange.result === null) throw error;
      }
      if (exchange.result === null) throw new Error('the Slack client made no request');
      return apiResult(exchange.result, clock.now());
    },
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

function webhookTransport({ name, webhookUrl }: SlackWebhook & { name: string }, { fetch, clock }: SlackPorts): Transport {
  return {
    // By its name: the URL is a secret, and which channel it leads to can't be known.
    paceKey: `slack:webhook:${name}`,
    request: (message) => ({ ...message, ...silent }),
    async post(request, limits) {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) };
      return webhookResult(await requestOnce(fetch, webhookUrl, init, limits), clock.now());
    },
  };
}
