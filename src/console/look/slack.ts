/** A Slack message as it looked in the channel. */
import { html } from 'hono/html';
import { z } from 'zod';
import type { Html } from '../page.ts';
import { jsonFold } from './json.ts';
import { mrkdwn } from './mrkdwn.ts';
import { prose, slackBlock } from './slack-blocks.ts';

/** As much of a request as can be seen (`src/destination/slack-bot.ts`, `slack-webhook.ts`). */
const request = z.object({
  text: z.string(),
  blocks: z.array(z.unknown()).exactOptional(),
  /** Of a bot; a webhook leads to one channel. */
  channel: z.string().exactOptional(),
  /** The message that is edited. */
  ts: z.string().exactOptional(),
  thread_ts: z.string().exactOptional(),
  reply_broadcast: z.boolean().exactOptional(),
});

type Request = z.infer<typeof request>;

export function slackLook(body: unknown): Html {
  const parsed = request.safeParse(body);
  if (!parsed.success) return jsonFold('a request to Slack, in a form this page does not know', body);
  const { text, blocks = [] } = parsed.data;
  return html`<div class="look look-slack look-${toneOf(text)}">
    <p class="look-head"><strong>Narrative Relay</strong> <span class="quiet">${where(parsed.data)}</span></p>
    ${blocks.length === 0 ? prose(mrkdwn(text)) : blocks.map(slackBlock)}
    ${
      blocks.length === 0
        ? ''
        : html`<details class="look-fold">
            <summary>in notifications</summary>
            ${prose(mrkdwn(text))}
          </details>`
    }
  </div>`;
}

function where({ channel, ts, thread_ts: thread, reply_broadcast: broadcast }: Request): string {
  const place = broadcast === true ? 'in the thread, and in the channel too' : 'in the thread';
  return [
    channel === undefined ? 'Slack, by a webhook' : `Slack · ${channelName(channel)}`,
    ...(ts === undefined ? [] : ['the message of the incident, edited']),
    ...(thread === undefined ? [] : [place]),
  ].join(' · ');
}

/** An id is shown as it is. */
function channelName(channel: string): string {
  return /^[#CGD]/.test(channel) ? channel : `#${channel}`;
}

/** Of the bar beside it, which only repeats what the message begins with. */
function toneOf(text: string): 'bad' | 'good' | 'plain' {
  if (text.startsWith('🔴')) return 'bad';
  return text.startsWith('✅') ? 'good' : 'plain';
}
