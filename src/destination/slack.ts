/** Slack: by a bot token and channel, or by an incoming webhook's URL. */
import type { Clock, Fetch } from '../ports.ts';
import type { RenderTemplate } from '../rules/template.ts';
import { composeAlert } from './alert.ts';
import type { Destination, Outgoing, Pace } from './destination.ts';
import { defaultTimeoutMs } from './http-client.ts';
import { botTransport, type SlackBot } from './slack-bot.ts';
import { slackEscape } from './slack-message.ts';
import { webhookTransport, type SlackWebhook } from './slack-webhook.ts';

export type SlackConfig = {
  name: string;
  fallback: string | null;
  /** Null: 1 a second, bursts of 5. Source: docs.slack.dev/apis/web-api/rate-limits. */
  pace: Pace | null;
  /** 10 s by default. */
  timeoutMs?: number;
} & (SlackBot | SlackWebhook);

export interface SlackPorts {
  fetch: Fetch;
  clock: Clock;
  render: RenderTemplate;
  /** Instead of `https://slack.com/api/` (the setting SLACK_API_URL). */
  apiUrl?: string;
}

const defaultPace: Pace = { perSecond: 1, burst: 5 };

/** Order within a subject is the outbox's business; between subjects a channel needs none, hence several requests at once. */
export function createSlackDestination(config: SlackConfig, ports: SlackPorts): Destination {
  const transport = 'token' in config ? botTransport(config, ports) : webhookTransport(config, ports);
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
      return { format: 'slack', ...transport.preview(outgoing, alert), problems };
    },

    send: (outgoing, signal) => transport.send(outgoing, compose(outgoing).alert, { timeoutMs, signal }),
  };
}
