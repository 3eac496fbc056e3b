/** Slack by an incoming webhook. It answers no more than `ok`, so nothing can be edited and nothing has a thread. */
import type { Clock, Fetch } from '../ports.ts';
import { requestOnce } from './http-client.ts';
import { plainSlackMessage, slackMessage, type SlackMessage } from './slack-message.ts';
import { ownOutcome, webhookResult } from './slack-outcome.ts';
import { asNewMessage, fullOrPlain, nothingSent, silent, type SlackTransport } from './slack-post.ts';

/** `webhookUrl`: `https://hooks.slack.com/services/…`; whoever has it can post, so it is a secret. */
export type SlackWebhook = { webhookUrl: string };

export interface WebhookPorts {
  fetch: Fetch;
  clock: Clock;
}

export function webhookTransport(
  { name, webhookUrl }: SlackWebhook & { name: string },
  { fetch, clock }: WebhookPorts,
): SlackTransport {
  const request = (message: SlackMessage) => ({ ...message, ...silent });
  return {
    // By its name: the URL is a secret, and which channel it leads to can't be known.
    paceKey: `slack:webhook:${name}`,
    preview: (outgoing, alert) => ({ body: request(slackMessage(asNewMessage(alert, outgoing))) }),
    async send(outgoing, whole, limits) {
      if (outgoing.incident?.act === 'count') return nothingSent('not sent: an incoming webhook can edit nothing');
      const alert = asNewMessage(whole, outgoing);
      const sent = await fullOrPlain(slackMessage(alert), plainSlackMessage(alert), async (message) => {
        const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request(message)) };
        return webhookResult(await requestOnce(fetch, webhookUrl, init, limits), clock.now());
      });
      return ownOutcome(sent);
    },
  };
}
