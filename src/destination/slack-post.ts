/** What both of Slack's ways in have in common: a message goes out in full, or else plain. */
import type { JsonValue } from '../event/json.ts';
import type { Alert } from './alert.ts';
import type { AttemptOutcome, Outgoing } from './destination.ts';
import type { RequestLimits } from './http-client.ts';
import type { SlackMessage } from './slack-message.ts';
import type { CallResult, PostResult } from './slack-outcome.ts';

/** One way into Slack. */
export interface SlackTransport {
  paceKey: string;
  /** The requests that are made if all goes well, without secrets. */
  preview(outgoing: Outgoing, alert: Alert): SlackRequests;
  send(outgoing: Outgoing, alert: Alert, limits: RequestLimits): Promise<AttemptOutcome>;
}

export interface SlackRequests {
  /** A post, or the edit of one. */
  body: Record<string, JsonValue>;
  /** Below the message that is edited. */
  reply?: Record<string, JsonValue>;
}

/** Never shows what a link leads to: that would be longer than the message. */
export const silent = { unfurl_links: false, unfurl_media: false };

/** What is said instead of sending, where nothing is to be sent. */
export function nothingSent(detail: string): AttemptOutcome {
  return { kind: 'delivered', detail, parts: [] };
}

/** A new message, in the channel or a thread, calls its owners, unless there is nothing left to be done about it. */
export function asNewMessage(alert: Alert, outgoing: Outgoing): Alert {
  return isToNotice(outgoing) ? alert : { ...alert, mentions: [] };
}

/** A rule's own text can call people too, and the message above the thread has it. */
export function asReply(alert: Alert, outgoing: Outgoing): Alert {
  return isToNotice(outgoing) ? alert : { ...alert, mentions: [], text: null };
}

function isToNotice({ incident }: Outgoing): boolean {
  return incident === null || ((incident.act === 'open' || incident.act === 'remind') && incident.endedMs === null);
}

/** A message that Slack refuses as such goes out once more, plain, in the same attempt, and is rejected when that fails too. */
export async function fullOrPlain(
  full: SlackMessage,
  plain: SlackMessage,
  post: (message: SlackMessage, withMetadata: boolean) => Promise<PostResult>,
): Promise<CallResult> {
  const first = await post(full, true);
  if (first.kind !== 'payload') return first;
  const second = await post(plain, !first.code.includes('metadata'));
  switch (second.kind) {
    case 'outcome':
      return { kind: 'outcome', outcome: saidPlainly(second.outcome, first.detail) };
    case 'payload': {
      const detail = `Slack refused the message (${first.detail}) and the same as plain text (${second.detail})`;
      return { kind: 'outcome', outcome: { kind: 'rejected', reason: 'payload', detail } };
    }
    case 'deleted':
    case 'closed':
      return second;
  }
}

function saidPlainly(outcome: AttemptOutcome, refusal: string): AttemptOutcome {
  if (outcome.kind !== 'delivered') return outcome;
  return { ...outcome, detail: `${outcome.detail} as plain text, because Slack refused the blocks (${refusal})` };
}
