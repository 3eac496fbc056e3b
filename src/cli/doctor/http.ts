/** Destinations of type http: is there something to send to, and can it know who sends? */
import { ok, warning, type Told } from '../../narrative/check-told.ts';
import { isLoopback } from '../../narrative/target.ts';
import type { HttpConfig } from '../../rules/rule-set.ts';
import { checkConnection } from './connect.ts';
import { findingsOf } from './findings.ts';
import type { CheckArea } from './surroundings.ts';

const area = 'HTTP destinations';

export const checkHttp: CheckArea = async ({ destinations }) => {
  const told: [string, Told][] = [];
  let reached = true;
  const all = destinations.filter((each) => each.type === 'http');
  for (const sharing of Map.groupBy(all, ({ url }) => new URL(url).origin).values()) {
    const checked = await checkConnection(sharing[0]!.url);
    told.push([`${sharing.map(({ name }) => name).join(', ')}: connection`, checked.told]);
    reached &&= checked.reached;
  }
  for (const each of all) told.push([`${each.name}: signature`, signature(each)], ...transport(each));
  return { findings: findingsOf(area, told), reached };
};

function signature({ secret }: HttpConfig): Told {
  if (secret !== null) return ok('what is sent is signed');
  return warning(
    'it has no secret, so nothing that is sent is signed: the receiver cannot tell it from a forgery',
    'set secret in the rules, and let the receiver verify it (Standard Webhooks)',
  );
}

function transport({ name, url }: HttpConfig): [string, Told][] {
  if (new URL(url).protocol === 'https:' || isLoopback(url)) return [];
  const detail = 'the URL is plain http: events, with whatever their jobs say, can be read and changed on the way';
  return [[`${name}: https`, warning(detail, 'use https')]];
}
