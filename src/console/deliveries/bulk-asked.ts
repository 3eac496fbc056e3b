/** Which deliveries something is to be done to, as the address of the page or its form says it. */
import { deliveryFilterOf, deliveryFilterQuery, type DeliveryFilter } from '../../operate/shapes/query.ts';
import { iso } from '../../operate/text.ts';
import { readAsked, type Given } from '../events/asked.ts';

export type AskedMany =
  | {
      ok: true;
      filter: DeliveryFilter;
      /** The same as text, to be asked again: what counted from now on counts from a moment. */
      given: Given;
    }
  | { ok: false; why: string };

/** Names that are the form's own. */
const own = ['csrf', 'before', 'so_far', 'expected', 'limit'];

/** `now`: epoch ms. */
export function askedMany(values: URLSearchParams, now: number): AskedMany {
  const asked = readAsked(deliveryFilterQuery, values, own);
  if (!asked.ok) return { ok: false, why: [...asked.problems].map(([name, text]) => `${name}: ${text}`).join('; ') };
  const filter = deliveryFilterOf(asked.query, now);
  const { since, ...rest } = Object.fromEntries(Object.entries(asked.given).filter(([name]) => !own.includes(name)));
  // The steps shall look for the same, however long they take.
  const given = since === undefined || filter.fromMs === null ? rest : { ...rest, from: iso(filter.fromMs) };
  return { ok: true, filter, given };
}
