/** What the members of a group have in common, for the store and for people. */
import { eventId } from '../event/id.ts';
import { stringifyJson } from '../event/json.ts';
import { oneLine, truncate } from '../destination/text.ts';

/** UTF-16 units. A value may be as long as a body; the store, the logs and a title should not. */
const maxValue = 200;
const maxSubject = 500;
const maxShown = 60;

/** Fields whose values speak for themselves. */
const plainFields = new Set(['type', 'state', 'status', 'kind', 'connector', 'category', 'topic', 'executor']);

/** The value of a variable such as `job.input.dataset_id`; '' where the event has none. Bounded, and distinct values stay distinct. */
export function valueAt(view: object, variable: string): string {
  let value: unknown = view;
  for (const field of variable.split('.')) {
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, field)
        ? (value as Record<string, unknown>)[field]
        : undefined;
  }
  if (value === undefined || value === null) return '';
  return bounded(typeof value === 'object' ? stringifyJson(value) : String(value), maxValue);
}

/** `materialize-view · dataset 10744`; '' where the members have nothing but their rule in common. */
export function labelOf(by: readonly string[], key: string): string {
  const values = valuesIn(key);
  return by
    .map((variable, i) => ({ variable, value: truncate(oneLine(values[i] ?? ''), maxShown) }))
    .filter(({ value }) => value !== '')
    .map(({ variable, value }) => `${nameOf(variable)} ${value}`.trim())
    .join(' · ');
}

/** `dataset` for `job.input.dataset_id`, '' for what needs no name. */
function nameOf(variable: string): string {
  const [field = '', parent = ''] = variable.split('.').toReversed();
  if (plainFields.has(field)) return '';
  return (field === 'id' ? parent : field).replace(/_id$/, '').replaceAll('_', ' ');
}

/**
 * `group/failures/materialize-view`: at most 500 UTF-16 units, and distinct keys have distinct subjects. `apart`: the group's
 * number, where an earlier one with this key is not over yet: the end of one must not resolve the other in PagerDuty.
 */
export function groupSubject(rule: string, key: string, apart?: number): string {
  const suffix = apart === undefined ? '' : `/${eventId(apart)}`;
  return bounded(['group', rule, ...valuesIn(key)].map(segment).join('/'), maxSubject - suffix.length) + suffix;
}

function segment(text: string): string {
  return text.replace(/[%/\p{Cc}]/gu, encodeURIComponent);
}

function valuesIn(key: string): string[] {
  return key === '' ? [] : (JSON.parse(key) as string[]);
}

function bounded(text: string, max: number): string {
  return text.length <= max ? text : `${truncate(text, max - 15, '')}~${digest(text)}`;
}

/** At most 14 characters. Tells long texts apart; no protection against somebody who looks for two with equal digests. */
function digest(text: string): string {
  let [one, other] = [0x811c9dc5, 0x9e3779b9];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    one = Math.imul(one ^ unit, 0x01000193);
    other = Math.imul((other << 5) ^ (other >>> 27) ^ unit, 0x85ebca6b);
  }
  return (one >>> 0).toString(36) + (other >>> 0).toString(36);
}
