/**
 * Slack by a bot's token: one message for an incident, edited to what is so now, its history in the thread below. Each
 * request is an attempt's step of its own; repeated as a whole, an attempt edits once more, which changes nothing, and
 * looks for what it may have posted before.
 */
import type { JsonValue } from '../event/json.ts';
import type { Clock, Fetch } from '../ports.ts';
import type { Alert } from './alert.ts';
import type { AttemptOutcome, IncidentStatus, Outgoing, Part } from './destination.ts';
import type { RequestLimits } from './http-client.ts';
import { createSlackApi } from './slack-api.ts';
import { createSlackLookup, metadataType } from './slack-lookup.ts';
import { plainSlackMessage, slackMessage, slackReply, type SlackMessage } from './slack-message.ts';
import { apiResult, ownOutcome, repeatable, type CallResult } from './slack-outcome.ts';
import { asNewMessage, asReply, fullOrPlain, nothingSent, silent, type SlackTransport } from './slack-post.ts';
import { afterEdit, afterReply, remarked } from './slack-steps.ts';

/** `token`: `xoxb-…`, with the scope chat:write. `channel`: its id (`C0123ABCD`). */
export type SlackBot = { token: string; channel: string };

export interface BotPorts {
  fetch: Fetch;
  clock: Clock;
  /** Instead of `https://slack.com/api/` (the setting SLACK_API_URL). */
  apiUrl?: string;
}

/** The first message about an incident: what a receipt with `root` tells. */
interface Root {
  /** As Slack calls it: only posting takes a channel's name. */
  channel: string;
  ts: string;
}

export function botTransport({ token, channel }: SlackBot, { fetch, clock, apiUrl }: BotPorts): SlackTransport {
  const call = createSlackApi(token, fetch, apiUrl);
  const lookup = createSlackLookup(call, clock);

  /** Slack has no idempotency key; the metadata is how a message can be found again after an ambiguous failure. */
  function postFields(message: SlackMessage, deliveryId: string, withMetadata = true): Record<string, JsonValue> {
    const metadata = { event_type: metadataType, event_payload: { delivery_id: deliveryId } };
    return { channel, ...message, ...silent, ...(withMetadata && { metadata }) };
  }

  /** `blocks`: without the field, those that stand might stay. */
  function editFields(message: SlackMessage, root: Root): Record<string, JsonValue> {
    return { channel: root.channel, ts: root.ts, text: message.text, blocks: message.blocks ?? [] };
  }

  /** Where a receipt may come from before the channel was changed in the rules, there is nothing of this channel to edit. */
  function rootOf({ incident, root }: Outgoing): Root | null {
    if (incident === null || root === null || root.configured !== channel) return null;
    return root.channel && root.ts ? { channel: root.channel, ts: root.ts } : null;
  }

  /** Posts, unless an earlier attempt has. `thread`: the message to reply to; null for one in the channel. */
  async function post(
    outgoing: Outgoing,
    thread: Root | null,
    [full, plain]: [SlackMessage, SlackMessage],
    limits: RequestLimits,
  ): Promise<CallResult> {
    const { deliveryId, unsureSinceMs } = outgoing;
    const place = thread === null ? { channel, thread: null } : { channel: thread.channel, thread: thread.ts };
    let doubt = '';
    if (unsureSinceMs !== null) {
      const known = await lookup.find({ ...place, deliveryId, sinceMs: unsureSinceMs }, limits);
      switch (known.kind) {
        case 'found':
          return found(place.channel, known.ts);
        case 'failed':
          return { kind: 'outcome', outcome: known.outcome };
        case 'unreadable':
          doubt = `; it may be there twice: ${known.detail}`;
          break;
        case 'missing':
          break;
      }
    }
    const posted = await fullOrPlain(full, plain, async (message, withMetadata) => {
      const fields = { ...postFields(message, deliveryId, withMetadata), ...(thread && threadFields(outgoing, thread)) };
      return apiResult(await call('chat.postMessage', fields, limits), clock.now());
    });
    return doubted(posted, doubt);
  }

  async function postRoot(outgoing: Outgoing, whole: Alert, limits: RequestLimits): Promise<AttemptOutcome> {
    const alert = asNewMessage(whole, outgoing);
    const outcome = ownOutcome(await post(outgoing, null, [slackMessage(alert), plainSlackMessage(alert)], limits));
    return outgoing.incident === null ? outcome : withRoot(outcome, channel);
  }

  async function edit(root: Root, alert: Alert, limits: RequestLimits): Promise<CallResult> {
    return fullOrPlain(slackMessage(alert), plainSlackMessage(alert), async (message) =>
      repeatable(apiResult(await call('chat.update', editFields(message, root), limits), clock.now(), 'edited in Slack')),
    );
  }

  function reply(outgoing: Outgoing, root: Root, whole: Alert, limits: RequestLimits): Promise<CallResult> {
    const alert = asReply(whole, outgoing);
    return post(outgoing, root, [slackReply(alert), plainSlackMessage(alert)], limits);
  }

  /**
   * Brings the incident's message up to date and tells the news below it. Where Slack doesn't let it, the news begins a
   * message of its own.
   */
  async function follow(outgoing: Outgoing, incident: IncidentStatus, root: Root, alert: Alert, limits: RequestLimits) {
    const edited = await edit(root, alert, limits);
    const parts: Part[] = gotThrough(edited) ? ['edit'] : [];
    let step = afterEdit(edited, incident, outgoing.attempt);
    if (step.kind === 'reply') {
      const replied = await reply(outgoing, root, alert, limits);
      if (gotThrough(replied)) parts.push('reply');
      step = afterReply(replied, incident, step.remark);
    }
    if (step.kind === 'end') return withParts(step.outcome, parts);
    return withParts(remarked(await postRoot(outgoing, alert, limits), step.remark), [...parts, 'post']);
  }

  return {
    paceKey: `slack:${channel}`,

    preview(outgoing, alert) {
      const { deliveryId, incident } = outgoing;
      const root = rootOf(outgoing);
      if (root === null) return { body: postFields(slackMessage(asNewMessage(alert, outgoing)), deliveryId) };
      const body = editFields(slackMessage(alert), root);
      if (incident?.act === 'count' && incident.endedMs !== null) return { body };
      const reply = postFields(slackReply(asReply(alert, outgoing)), deliveryId);
      return { body, reply: { ...reply, ...threadFields(outgoing, root) } };
    },

    async send(outgoing, alert, limits) {
      const { incident } = outgoing;
      const root = rootOf(outgoing);
      if (incident !== null && root !== null) return follow(outgoing, incident, root, alert, limits);
      return incident?.act === 'count' ? nothingSent('nothing to edit') : postRoot(outgoing, alert, limits);
    },
  };
}

function threadFields({ broadcast, incident }: Outgoing, { channel, ts }: Root): Record<string, JsonValue> {
  return { channel, thread_ts: ts, ...(broadcast && incident?.act === 'recover' && { reply_broadcast: true }) };
}

function found(channel: string, ts: string): CallResult {
  const detail = 'found in Slack: an earlier attempt had posted it';
  return { kind: 'outcome', outcome: { kind: 'delivered', detail, receipt: { channel, ts } } };
}

function doubted(result: CallResult, doubt: string): CallResult {
  if (result.kind !== 'outcome' || result.outcome.kind !== 'delivered') return result;
  return { kind: 'outcome', outcome: { ...result.outcome, detail: result.outcome.detail + doubt } };
}

function gotThrough(result: CallResult): boolean {
  return result.kind === 'outcome' && result.outcome.kind === 'delivered';
}

function withParts(outcome: AttemptOutcome, parts: readonly Part[]): AttemptOutcome {
  return outcome.kind === 'delivered' ? { ...outcome, parts } : outcome;
}

/** Marks the receipt as that of a message to edit. `configured`: the channel as the rules name it. */
function withRoot(outcome: AttemptOutcome, configured: string): AttemptOutcome {
  if (outcome.kind !== 'delivered' || !outcome.receipt?.ts) return outcome;
  return { ...outcome, receipt: { root: outcome.receipt.ts, configured, ...outcome.receipt } };
}
