/** What happened, as the event says it, and how it came here. */
import { html } from 'hono/html';
import { isObject, parseJson } from '../../event/json.ts';
import { parseBody } from '../../event/parse.ts';
import { oneLine, truncate } from '../../destination/text.ts';
import type { EventDetailView } from '../../operate/shapes/views.ts';
import { code } from '../look/json.ts';
import type { Html } from '../page.ts';
import { outcomeBadge, stateBadge } from '../parts/badge.ts';
import { facts, fold } from '../parts/layout.ts';
import { eventLink } from '../parts/link.ts';
import { time } from '../parts/time.ts';
import { howItCame } from './event-words.ts';

/** Of a failure that is longer than this, in characters, the rest is folded. */
const maxSaid = 400;
const maxFailures = 5;

export function happened(event: EventDetailView, now: number): Html {
  const { outcome, reason, state, job_type: jobType, type, job_id: jobId, dataset_id: dataset, subject } = event;
  return html`${saidIn(event).map((message) => said(message, state === 'failed'))}
  ${facts([
    { label: 'State', value: state === null ? null : stateBadge(state) },
    { label: jobType === null ? 'Type' : 'Job type', value: jobType ?? type },
    { label: 'Dataset', value: dataset },
    { label: 'Subject', value: subject },
    { label: 'Job', value: jobId === null ? null : html`<code>${jobId}</code>` },
    { label: 'Changed', value: event.updated_at === null ? null : html`${time(event.updated_at, now)}, by Narrative’s clock` },
    { label: 'Received', value: html`${time(event.received_at, now)}, ${howItCame(event)}` },
    { label: 'Outcome', value: html`${outcomeBadge(outcome)} ${reason ?? ''}` },
    { label: 'The same as', value: linkOrNull(event.duplicate_of) },
    { label: 'Replay of', value: linkOrNull(event.replay_of) },
    {
      label: 'Replayed as',
      value: event.replays.length === 0 ? null : html`${event.replays.map((id) => html`${eventLink(id)} `)}`,
    },
  ])}`;
}

function linkOrNull(id: string | null): Html | null {
  return id === null ? null : eventLink(id);
}

function said(message: string, bad: boolean): Html {
  const line = oneLine(message);
  const short = html`<p class="said ${bad ? '' : 'plain'}">${truncate(line, maxSaid)}</p>`;
  return line.length <= maxSaid && !message.trim().includes('\n') ? short : html`${short} ${fold('All of it', code(message))}`;
}

/** What the job said of why it failed, or the relay of itself. */
function saidIn({ kind, body }: EventDetailView): string[] {
  if (kind === 'relay') return relayDetail(body);
  const parsed = parseBody(new TextEncoder().encode(body));
  if (parsed.kind !== 'event') return kind === null ? [`It is none of the events that the relay knows: ${parsed.why}.`] : [];
  if (parsed.event.kind !== 'job') return [];
  return parsed.event.job.failures.slice(0, maxFailures).map(({ message }) => message);
}

function relayDetail(body: string): string[] {
  try {
    const said = parseJson(body);
    return isObject(said) && typeof said.detail === 'string' ? [said.detail] : [];
  } catch {
    return [];
  }
}
