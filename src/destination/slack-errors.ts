/**
 * What Slack's error codes mean for a delivery. One closed table for the API's methods and for incoming webhooks, whose
 * codes don't clash. Source: docs.slack.dev/reference/methods/chat.postMessage#errors, the same of chat.update,
 * conversations.history and conversations.replies, and docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors.
 */
import type { RetryReason } from './destination.ts';

export type SlackFault =
  | {
      kind: 'retry';
      reason: RetryReason;
      /** Not before that: it takes a person, or a quota's next period, to end. */ afterMs?: number;
    }
  /** May have been posted all the same. */
  | { kind: 'ambiguous'; reason: RetryReason }
  | { kind: 'destination-broken'; reason: 'credential' | 'channel' }
  /** These blocks or this text; a plainer message can pass. */
  | { kind: 'payload' }
  /** `deleted`: the message to edit or to reply to is no more. `closed`: it stands, and takes no edit or no reply. */
  | { kind: 'deleted' }
  | { kind: 'closed' }
  | { kind: 'unknown' };

const slowlyMs = 5 * 60_000;

const codes = (...lines: string[]) => lines.flatMap((line) => line.split(' '));

const faults: [SlackFault, string[]][] = [
  [{ kind: 'retry', reason: 'rate-limited' }, codes('ratelimited rate_limited')],
  [{ kind: 'retry', reason: 'rate-limited', afterMs: slowlyMs }, codes('message_limit_exceeded')],
  [{ kind: 'retry', reason: 'service-unavailable' }, codes('service_unavailable')],
  [
    { kind: 'retry', reason: 'service-unavailable', afterMs: slowlyMs },
    codes('team_added_to_org org_login_required external_channel_migrating'),
  ],
  [{ kind: 'retry', reason: 'timeout' }, codes('request_timeout')],
  [{ kind: 'retry', reason: 'server-error' }, codes('update_failed rollup_error')],
  [{ kind: 'ambiguous', reason: 'server-error' }, codes('internal_error fatal_error')],
  [
    { kind: 'destination-broken', reason: 'credential' },
    codes(
      'not_authed invalid_auth account_inactive token_revoked token_expired missing_scope not_allowed_token_type',
      'team_access_not_granted access_denied no_permission ekm_access_denied enterprise_is_restricted',
      'two_factor_setup_required app_access_restricted',
      // Of incoming webhooks: the URL is the credential.
      'invalid_token no_service no_service_id no_active_hooks no_team team_disabled',
    ),
  ],
  [
    { kind: 'destination-broken', reason: 'channel' },
    codes(
      'channel_not_found not_in_channel is_archived is_inactive team_not_found',
      'channel_is_archived action_prohibited posting_to_general_channel_denied user_not_found',
    ),
  ],
  [
    { kind: 'payload' },
    codes(
      'invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text too_many_attachments',
      'invalid_metadata_format invalid_metadata_schema metadata_too_large invalid_arguments invalid_payload',
    ),
  ],
  [{ kind: 'deleted' }, codes('message_not_found thread_not_found')],
  [
    { kind: 'closed' },
    codes('cant_update_message edit_window_closed block_mismatch cannot_reply_to_message restricted_action_thread_locked'),
  ],
];

const faultByCode = new Map(faults.flatMap(([fault, names]) => names.map((code): [string, SlackFault] => [code, fault])));

export function slackFault(code: string): SlackFault {
  const known = faultByCode.get(code);
  if (known !== undefined) return known;
  // One for each way of restricting: restricted_action_read_only_channel, …_thread_only_channel and others.
  return code.startsWith('restricted_action') ? { kind: 'destination-broken', reason: 'channel' } : { kind: 'unknown' };
}

const remedies: Record<string, string> = {
  channel_not_found: 'check the channel id; a private channel needs the bot invited',
  not_in_channel: 'invite the bot to the channel, or give it chat:write.public',
  is_archived: 'unarchive the channel or name another',
  channel_is_archived: 'unarchive the channel or name another',
  action_prohibited: 'an admin of the workspace restricts posting there',
  no_service: 'the webhook was removed or disabled; make a new one',
  missing_scope: 'add the scope to the Slack app and reinstall it',
  team_not_found: 'check which workspace the token belongs to',
};

/** What a person should do about a destination that broke with this code. */
export function slackRemedy(code: string, reason: 'credential' | 'channel'): string {
  const general = reason === 'credential' ? 'check the token or webhook URL' : 'check the channel and its posting permissions';
  return remedies[code] ?? general;
}
