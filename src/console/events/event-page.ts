/** One event: what happened, what was done, why not more, how things stand, and the payload. */
import { html } from 'hono/html';
import { parseJson } from '../../event/json.ts';
import { truncate } from '../../destination/text.ts';
import type { EventDetailView } from '../../operate/shapes/views.ts';
import { signs, stateTone } from '../../operate/tones.ts';
import { code, prettyJson } from '../look/json.ts';
import type { Html } from '../page.ts';
import { fold, section } from '../parts/layout.ts';
import { eventPath } from '../parts/link.ts';
import type { Parked } from '../parts/parked.ts';
import { done } from './done.ts';
import { eventName } from './event-words.ts';
import { happened } from './happened.ts';
import { standsNow, why } from './why.ts';

/** Characters of a payload that a page shows; the raw link has all of it. */
const maxShown = 100_000;
/** Lines that stand open. */
const maxOpenLines = 30;

/** `parked`: destinations for which things wait. */
export function eventContent(event: EventDetailView, parked: Parked, now: number): Html {
  const stands = event.explanation && standsNow(event.explanation, now);
  return html`<h1>
      ${event.state === null ? '' : html`<span aria-hidden="true">${signs[stateTone(event.state)]}</span> `}${eventName(event)}
    </h1>
    <p class="quiet"><span class="id">${event.id}</span></p>
    ${actions(event)} ${section('What happened', happened(event, now), { id: 'happened' })}
    ${section('What was done', done(event, parked, now), { id: 'done' })} ${section('Rule by rule', why(event), { id: 'why' })}
    ${stands ? section('How it stands now', stands, { id: 'stands' }) : ''}
    ${section('Payload', payload(event), { id: 'payload-heading' })}`;
}

function actions({ id, kind, match }: EventDetailView): Html {
  return html`<p class="actions">
    ${kind === 'relay' ? '' : html`<a class="button" href="${eventPath(id)}/replay">Replay…</a>`}
    ${match === null ? '' : html`<a class="button" href="/console/silences?event=${id}&for=2h">Silence ${likeOf(match)}…</a>`}
  </p>`;
}

/** What the silence would be of. */
function likeOf(match: NonNullable<EventDetailView['match']>): string {
  return 'dataset_ids' in match ? 'this dataset' : 'this job type';
}

function payload({ id, body, bytes, content_type: type, idempotency_key: key }: EventDetailView): Html {
  const pretty = prettyBody(body);
  const shown = truncate(pretty, maxShown);
  const lines = shown.split('\n').length;
  return html`<p class="quiet">${bytes} bytes, ${type || 'of no named type'}, key <code>${key}</code></p>
    ${fold(lines === 1 ? '1 line' : `${lines} lines`, html`<div id="payload">${code(shown)}</div>`, { open: lines <= maxOpenLines })}
    <p class="actions">
      <button type="button" data-copy="payload">Copy</button>
      <a href="${eventPath(id)}/body" download>As it came</a>
      ${shown === pretty ? '' : html`<span class="quiet">Only its first ${maxShown} characters are shown.</span>`}
    </p>`;
}

export function prettyBody(body: string): string {
  try {
    return prettyJson(parseJson(body));
  } catch {
    return body;
  }
}
