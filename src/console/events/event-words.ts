/** What events are called. */
import type { EventSummaryView } from '../../operate/shapes/views.ts';
import { signs, stateTone } from '../../operate/tones.ts';

/** `failed datasets_deliver_data`, `failed facebook.audience.delivery`, `quarantined event`. */
export function eventName({ kind, state, job_type: jobType, type }: EventSummaryView): string {
  if (kind === null) return 'quarantined event';
  return `${state ?? ''} ${jobType ?? withoutState(type ?? 'event', state)}`.trim();
}

/** For tabs: `✗ failed datasets_deliver_data · evt_…`. */
export function eventTitle(event: EventSummaryView): string {
  const sign = event.state === null ? '' : `${signs[stateTone(event.state)]} `;
  return `${sign}${eventName(event)} · ${event.id}`;
}

/** How it came, and what proved that it was Narrative's. */
export function howItCame({ scheme, subscription }: EventSummaryView): string {
  switch (scheme) {
    case 'relay':
      return 'said by the relay of itself';
    case 'replay':
      return `a replay, of ${subscription}`;
    case 'reconcile':
      return `found in Narrative’s job list, for ${subscription}: its webhook never came`;
    default:
      return `by ${subscription}, verified: ${scheme}`;
  }
}

function withoutState(type: string, state: string | null): string {
  return state !== null && type.endsWith(`.${state}`) ? type.slice(0, -state.length - 1) : type;
}
