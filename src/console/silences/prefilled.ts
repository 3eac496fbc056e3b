/** The form as a link elsewhere in the console fills it in, so that two clicks are enough. */
import type { Operations } from '../../operate/operations.ts';
import { typedOf, type Typed } from './asked.ts';

export const blank: Typed = { dataset: '', type: '', state: '', match: '', for: '2h', until: '', reason: '', author: 'on call' };

/** `trouble`: why what the link named could not be looked up. */
export interface Prefilled {
  typed: Typed;
  trouble: string | null;
}

/**
 * `?dataset=…&type=…&state=…&match=…&for=2h&until=…&reason=…` as they are; `?incident=inc_…` or `?event=evt_…`: the like of it.
 * `author`: who made the last one in this browser.
 */
export function prefilled(query: URLSearchParams, operations: Operations, author: string | undefined): Prefilled {
  const typed = typedOf(query, { ...blank, author: author ?? blank.author });
  const incident = query.get('incident');
  if (incident !== null) {
    const found = operations.incidents.show(incident);
    if (found.kind === 'refused') return { typed, trouble: found.detail };
    return likeOf(typed, found.value.match, `${found.value.subject} is known (${found.value.id})`);
  }
  const event = query.get('event');
  if (event !== null) {
    const found = operations.events.show(event);
    if (found.kind === 'refused') return { typed, trouble: found.detail };
    return likeOf(typed, found.value.match, `${found.value.subject ?? found.value.id} is known (${found.value.id})`);
  }
  // A link that says what to silence and not why shall need no typing at night.
  return { typed: query.size === 0 ? typed : { ...typed, reason: typed.reason || 'known, being worked on' }, trouble: null };
}

const listed = { dataset_ids: 'dataset', job_types: 'type', states: 'state' } as const;

function likeOf(typed: Typed, match: Record<string, unknown> | null, reason: string): Prefilled {
  if (match === null) return { typed, trouble: 'It names neither a dataset nor a job type: say what to keep quiet.' };
  const fields = { ...typed, reason: typed.reason || reason };
  const entries = Object.entries(match);
  const plain = entries.every(([key, values]) => key in listed && Array.isArray(values) && values.every(isWord));
  if (!plain) return { typed: { ...fields, match: JSON.stringify(match, null, 2) }, trouble: null };
  for (const [key, values] of entries) fields[listed[key as keyof typeof listed]] = (values as unknown[]).join(', ');
  return { typed: fields, trouble: null };
}

/** That can stand in a list of the form as it is. */
function isWord(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^[^\s,]+$/.test(value));
}
