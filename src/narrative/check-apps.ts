/** Whether connectors' events come where rules match them: each app has a subscription of its own. */
import type { Demand } from '../rules/wanted.ts';
import { ok, shown, skipped, warning, type Told } from './check-told.ts';

/** An app of which an active subscription tells here. */
export interface ArrivingApp {
  id: string;
  /** The subscription of the rules by which it comes; null: that can't be told, so it may be any. */
  by: string | null;
}

/** Null: no rule matches events of connectors. */
export function appEvents(demands: readonly Demand[], arriving: readonly ArrivingApp[], names: number): Told | null {
  const wanting = demands.filter(({ by, wanted }) => by.length > 0 && wanted.apps !== null);
  if (wanting.length === 0) return null;
  const lacking = wanting.flatMap((demand) => {
    const { by, wanted } = demand;
    const there = comingBy(demand, arriving);
    const where = by.length === names ? 'here' : `to ${by.join(' or ')}`;
    if (wanted.appsAsked === 'all')
      return there.length > 0 ? [] : [`of connectors, and no subscription for an app delivers ${where}`];
    const missing = [...wanted.appsAsked].filter((id) => !there.includes(id));
    return missing.length === 0 ? [] : [`of app ${missing.map(shown).join(', ')}, and no subscription for it delivers ${where}`];
  });
  if (lacking.length > 0) {
    const todo = 'if you use such connectors: relay subscriptions create --app-id <id> for each';
    return warning(`rules match events ${lacking.join('; ')}`, todo);
  }
  const apps = [...new Set(wanting.flatMap((demand) => comingBy(demand, arriving)))];
  if (apps.length > 0) return ok(`of app ${apps.map(shown).join(', ')}`);
  return skipped("no rule asks for connectors' events alone or for an app, and no subscription for an app delivers here");
}

function comingBy({ by }: Demand, arriving: readonly ArrivingApp[]): string[] {
  return arriving.flatMap((app) => (app.by === null || by.includes(app.by) ? [app.id] : []));
}
