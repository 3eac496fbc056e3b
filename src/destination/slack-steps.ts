/**
 * How the news of an incident goes on when its message could, or could not, be edited, and when its thread took, or did not
 * take, the reply. The news comes first: an edit that fails is no reason to lose it, or to let it wait for long. Pure.
 */
import type { AttemptOutcome, IncidentStatus } from './destination.ts';
import type { CallResult } from './slack-outcome.ts';
import { nothingSent } from './slack-post.ts';

export type Step =
  | { kind: 'end'; outcome: AttemptOutcome }
  /** Told in the thread. `remark`: what went otherwise than it should, to be said with the outcome; '' for nothing. */
  | { kind: 'reply'; remark: string }
  /** Told in a fresh message in the channel, which takes the old one's place. */
  | { kind: 'anew'; remark: string };

/** From this attempt on the news goes out though the edit before it fails for now: some seconds later, by the outbox's backoff. */
const newsGoesOnAt = 4;
/**
 * From this attempt on an edit is given up that only says that the incident is over: after up to half an hour. It is all
 * there is to tell, so it outlasts a short outage of Slack's; but the subject's next failure waits behind it.
 */
const endGivenUpAt = 12;

/** What nobody needs to notice (`count`) begins a fresh message only where there is none any more, and at the end not even then. */
export function afterEdit(result: CallResult, { act, endedMs }: IncidentStatus, attempt: number): Step {
  const quiet = act === 'count';
  const edited = closedByChannel(result);
  if (quiet && endedMs !== null) return { kind: 'end', outcome: lastEdit(edited, why(result), attempt) };
  const remark = `; the message of the incident was not edited: ${why(result)}`;
  switch (edited.kind) {
    case 'deleted':
      return { kind: 'anew', remark };
    case 'closed':
      return { kind: quiet ? 'reply' : 'anew', remark };
    case 'outcome':
      if (edited.outcome.kind === 'delivered') return { kind: 'reply', remark: '' };
      if (isRefusal(edited.outcome)) return { kind: 'reply', remark };
      // A token that is refused here is refused everywhere.
      if (edited.outcome.kind === 'destination-broken' || attempt < newsGoesOnAt) return { kind: 'end', outcome: edited.outcome };
      return { kind: 'reply', remark };
  }
}

/** `remark`: what was to be said before. */
export function afterReply(replied: CallResult, { act }: IncidentStatus, remark: string): Step {
  const quiet = act === 'count';
  if (replied.kind === 'outcome' && (quiet || !isRefusal(replied.outcome))) {
    return { kind: 'end', outcome: remarked(replied.outcome, remark) };
  }
  if (quiet) return { kind: 'end', outcome: nothingSent(`no reply in the thread: ${why(replied)}`) };
  return { kind: 'anew', remark: `${remark}; its thread took no reply: ${why(replied)}` };
}

export function remarked(outcome: AttemptOutcome, remark: string): AttemptOutcome {
  return outcome.kind === 'delivered' ? { ...outcome, detail: outcome.detail + remark } : outcome;
}

function lastEdit(edited: CallResult, said: string, attempt: number): AttemptOutcome {
  if (edited.kind !== 'outcome') return nothingSent(`nothing to edit: ${said}`);
  if (edited.outcome.kind !== 'retry' || attempt < endGivenUpAt) return edited.outcome;
  return nothingSent(`not edited in ${attempt} attempts: ${said}`);
}

/** A channel that refuses an edit may take a post, and only a refused post tells that it is broken. */
function closedByChannel(edited: CallResult): CallResult {
  if (edited.kind !== 'outcome' || edited.outcome.kind !== 'destination-broken' || edited.outcome.reason !== 'channel')
    return edited;
  return { kind: 'closed', detail: edited.outcome.detail };
}

/** Slack took nothing, and for what nothing but another request can change. */
function isRefusal(outcome: AttemptOutcome): boolean {
  return outcome.kind === 'rejected' || (outcome.kind === 'retry' && outcome.reason === 'unknown-answer');
}

function why(result: CallResult): string {
  return result.kind === 'outcome' ? result.outcome.detail : `Slack said ${result.detail}`;
}
