/** What happens and what comes of it, in a few words for people, and as JSON for scripts. */
import type { JsonObject } from '../event/json.ts';
import { titleOf as titleOfJob } from './scenario-timeline.ts';
import type { Sent } from './sent.ts';
import type { SentWebhook } from './tell.ts';
import type { Happening } from './timeline.ts';

export function titleOf(happening: Happening): string {
  switch (happening.kind) {
    case 'job':
      return titleOfJob(happening.job);
    case 'app':
      return `${happening.eventType} · dataset ${happening.datasetId}`;
    case 'stranger':
      return happening.secret === null ? 'a body of no known form' : 'a body signed with a wrong secret';
  }
}

export function outcomeText(sent: Sent): string {
  const after = sent.attempts === 1 ? '' : ` at attempt ${sent.attempts}`;
  if (sent.kind === 'gave-up') {
    return `given up after ${sent.attempts === 1 ? '1 attempt' : `${sent.attempts} attempts`}: ${sent.last}`;
  }
  switch (sent.answer) {
    case 'accepted':
      return `accepted, ${sent.deliveries === 1 ? '1 delivery' : `${sent.deliveries} deliveries`}${after}`;
    case 'duplicate':
    case 'quarantined':
      return `${sent.answer}${after}`;
    case 'refused':
    case 'other':
      return `HTTP ${sent.status}${after}`;
  }
}

/** One webhook that has ended, as `GET /simulator/sent` and `relay simulate --json` tell of it. */
export function sentAnswer({ subscriptionId, eventId, happening, again, sentAtMs, outcome }: SentWebhook): JsonObject {
  const came: JsonObject =
    outcome.kind === 'answered'
      ? { outcome: 'answered', status: outcome.status, answer: outcome.answer, deliveries: outcome.deliveries }
      : { outcome: 'gave-up', last: outcome.last };
  return {
    sent_at: new Date(sentAtMs).toISOString(),
    subscription_id: subscriptionId,
    event_id: eventId,
    what: titleOf(happening),
    ...(happening.kind === 'job' && { job_id: happening.job.job_id }),
    again,
    ...came,
    attempts: outcome.attempts,
  };
}
