/** How things stand, in a sign and a word; times; counts. Signs and tones are those of the console. */
import { oneLine } from '../destination/text.ts';
import type { DeliverySummaryView, EventSummaryView } from '../operate/shapes/views.ts';
import { outcomeTone, signs, stateTone, statusTone, type Tone } from '../operate/tones.ts';
import type { Format } from './fitted-table.ts';

const formats: Record<Tone, Format> = { bad: 'red', good: 'green', warn: 'yellow', quiet: 'reset' };
/** Of events most are routed: what stands out is what was not. */
const outcomeFormats: Record<Tone, Format> = { bad: 'red', good: 'reset', warn: 'yellow', quiet: 'dim' };

export interface Standing {
  text: string;
  format: Format;
}

/** Of a job, or the status of an app; null: it has none. */
export function stateStanding(state: string | null): Standing {
  return state === null ? { text: '–', format: 'reset' } : standing(stateTone(state), state);
}

export function outcomeFormat(outcome: EventSummaryView['outcome']): Format {
  return outcomeFormats[outcomeTone(outcome)];
}

export function statusStanding(status: DeliverySummaryView['status']): Standing {
  return standing(statusTone(status), status);
}

export function standing(tone: Tone, word: string): Standing {
  return { text: `${signs[tone]} ${oneLine(word)}`, format: formats[tone] };
}

/** `2026-03-01 18:00`, UTC. */
export function minuteText(iso: string): string {
  return oneLine(iso).slice(0, 16).replace('T', ' ');
}

/** `2026-03-01 18:00:09`, UTC. */
export function secondText(iso: string): string {
  return oneLine(iso).slice(0, 19).replace('T', ' ');
}

/** `1 event`, `2 events`, `2 deliveries`. */
export function counted(count: number, one: string): string {
  if (count === 1) return `1 ${one}`;
  return `${count} ${one.endsWith('y') ? `${one.slice(0, -1)}ies` : `${one}s`}`;
}
