/**
 * PagerDuty. Its events API takes events and answers nothing else: whoever asks it whether a key is valid has woken somebody. So only
 * the form of a key is looked at, and whether there is something to connect to.
 */
import { pagerDutyBases } from '../../destination/pagerduty.ts';
import { ok, problem, skipped, warning, type Told } from '../../narrative/check-told.ts';
import type { PagerDutyConfig } from '../../rules/rule-set.ts';
import { checkConnection } from './connect.ts';
import { findingsOf, withoutSettings } from './findings.ts';
import type { CheckArea } from './surroundings.ts';

const area = 'PagerDuty';

export const checkPagerDuty: CheckArea = async ({ destinations, valid }) => {
  const pagers = destinations.filter((each) => each.type === 'pagerduty');
  if (pagers.length === 0) return { findings: [], reached: true };
  if (valid === null) return { findings: findingsOf(area, [['routing key', withoutSettings]]), reached: true };
  const told: [string, Told][] = pagers.flatMap((pager) => [
    [`${pager.name}: routing key`, form(pager)],
    [`${pager.name}: valid`, validity(pager)],
  ]);
  for (const sharing of Map.groupBy(pagers, ({ routingKey }) => routingKey).values()) {
    if (sharing.length > 1) told.push(['one key', oneKey(sharing)]);
  }
  let reached = true;
  for (const [url, sharing] of Map.groupBy(pagers, ({ region }) => valid.pagerDutyEventsUrl ?? pagerDutyBases[region])) {
    const checked = await checkConnection(url);
    told.push([`${sharing.map(({ name }) => name).join(', ')}: connection`, checked.told]);
    reached &&= checked.reached;
  }
  return { findings: findingsOf(area, told), reached };
};

/** Source: developer.pagerduty.com/docs/events-api-v2: `routing_key`, 32 characters. */
const keyLength = 32;
/** Of a key for PagerDuty's other API, which is often taken for one of these. */
const restKeyLength = 20;

function form({ routingKey, region }: PagerDutyConfig): Told {
  const { length } = routingKey;
  if (length === keyLength && /^[A-Za-z0-9]+$/.test(routingKey)) {
    return ok(`has the form of one: ${keyLength} letters and digits; region ${region}`);
  }
  const fault =
    length === keyLength
      ? 'has other signs than letters and digits'
      : `has ${length} ${length === 1 ? 'character' : 'characters'} instead of ${keyLength}${length === restKeyLength ? ', as a key for the REST API has' : ''}`;
  return problem(
    `${fault}: PagerDuty takes no alert with it`,
    'copy the Integration Key of an integration of type "Events API v2" (Service → Integrations)',
  );
}

function validity({ name }: PagerDutyConfig): Told {
  return skipped(
    'whether PagerDuty knows the key shows only with an event, so it was not looked at',
    `relay send-test ${name} opens an incident of severity info`,
  );
}

function oneKey(sharing: readonly PagerDutyConfig[]): Told {
  const names = sharing.map(({ name }) => name).join(' and ');
  const regions = new Set(sharing.map(({ region }) => region));
  if (regions.size > 1) {
    return warning(`${names} have the same key and different regions: a key is known in one of them`, 'give each its own key');
  }
  return warning(
    `${names} have the same key, so what is sent to both is one incident, and the first end of it resolves it for both`,
    'give each its own key, or name one of them in the rules',
  );
}
