/** What asks for attention and what does not, in the console and on a terminal alike; and the sign that says it without a colour. */
import type { DeliverySummaryView, EventSummaryView } from './shapes/views.ts';

export type Tone = 'bad' | 'good' | 'warn' | 'quiet';

export const signs: Readonly<Record<Tone, string>> = { bad: '✗', good: '✓', warn: '!', quiet: '·' };

/** Of a job, or the status of an app. */
export function stateTone(state: string): Tone {
  if (/fail|error/i.test(state)) return 'bad';
  if (/^complet|success/i.test(state)) return 'good';
  return /cancel/i.test(state) ? 'warn' : 'quiet';
}

export function outcomeTone(outcome: EventSummaryView['outcome']): Tone {
  switch (outcome) {
    case 'routed':
      return 'good';
    case 'quarantined':
      return 'warn';
    case 'unrouted':
    case 'repeated':
    case 'suppressed':
      return 'quiet';
  }
}

export function statusTone(status: DeliverySummaryView['status']): Tone {
  switch (status) {
    case 'delivered':
      return 'good';
    case 'dead':
      return 'bad';
    case 'waiting':
      return 'warn';
    case 'queued':
    case 'scheduled':
    case 'sending':
    case 'suppressed':
      return 'quiet';
  }
}
