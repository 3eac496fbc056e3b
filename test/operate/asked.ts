/** What operators ask for, as it comes out of a query. */
import type { Answered, Refusal } from '../../src/operate/operations.ts';
import type { EventFilter, IncidentFilter } from '../../src/operate/shapes/query.ts';
import { noEventConditions } from '../../src/store/event-conditions.ts';

/** Every event. */
export const anyEvent: EventFilter = { ...noEventConditions, outcomes: [], kinds: [] };
export const openIncidents: IncidentFilter = { status: 'open', kinds: [], text: null };
export const firstPage = { limit: 50, before: null };

/** The value of an answer that is none of a refusal. */
export function valueOf<T>(answer: Answered<T>): T {
  if (answer.kind === 'refused') throw new Error(`refused: ${answer.detail}`);
  return answer.value;
}

export function refusalOf(answer: Answered<unknown>): Refusal {
  if (answer.kind !== 'refused') throw new Error('was not refused');
  return answer;
}
