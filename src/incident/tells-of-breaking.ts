/** Who hears of a broken destination by a rule of their own. */
import { relayEvent } from '../event/relay-event.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Silences } from './covering.ts';

/** Whether a rule about the relay itself tells `to` of it, at once and each time: then that is told twice if the outbox does so, too. */
export function tellsOfBreaking({ plan }: RuleSet, silences: Silences, about: string, to: string, now: number): boolean {
  const narrative = relayEvent({ topic: 'destination-parked', state: 'failed', about, detail: '' }, null);
  const routable = { subscription: 'relay', narrative };
  const prompt = plan(routable).matched.filter(
    ({ incident }) => incident === null || (incident.holdMs === null && incident.repeatMs === null && incident.group === null),
  );
  return prompt.some(({ send }) => send.some((each) => each.to === to)) && silences.covering(routable, now) === null;
}
