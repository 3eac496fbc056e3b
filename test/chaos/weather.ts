/** What the other sides do to the relay: nothing, a little of everything, or one thing a lot. */
import type { Dice } from '../../src/simulator/dice.ts';
import type { Fault } from '../../src/demo/faults.ts';
import type { DestinationName, Weather } from '../runtime/witness.ts';

export const climates = ['calm', 'mixed', 'rate-limited', 'overloaded', 'breaking', 'hanging'] as const;
export type Climate = (typeof climates)[number];

/** Requests with a fault, of 100. Few enough that hardly a delivery fails six times, after which its backoff outlasts the run. */
const faultsPer100 = 8;
/** Each hanging request holds one of a destination's few slots for 10 s. */
const hangsPer100 = 1;

export function createWeather(climate: Climate, dice: Dice): Weather {
  return (destination) => {
    const roll = dice.between(1, 100);
    return roll > (climate === 'hanging' ? hangsPer100 : faultsPer100) ? null : faultIn(climate, destination, dice);
  };
}

function faultIn(climate: Climate, destination: DestinationName, dice: Dice): Fault | null {
  switch (climate) {
    case 'calm':
      return null;
    case 'mixed': {
      const others = ['rate-limited', 'overloaded', 'breaking'] as const;
      return faultIn(others[dice.between(0, others.length - 1)]!, destination, dice);
    }
    case 'rate-limited':
      // PagerDuty's makes the relay wait for half a minute; it is for its own act.
      return destination === 'oncall' ? null : tooMany;
    case 'overloaded':
      return overloaded[dice.between(0, overloaded.length - 1)]!;
    case 'breaking':
      return { kind: 'reset', after: dice.between(0, 1) === 1 };
    case 'hanging':
      return { kind: 'hang', after: dice.between(0, 1) === 1 };
  }
}

export const tooMany: Fault = { kind: 'status', status: 429, headers: { 'retry-after': '1' } };

const overloaded: readonly Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503, headers: { 'retry-after': '1' } },
  { kind: 'status', status: 503 },
  { kind: 'html', status: 502 },
];

/** Slack knows the token no more; everything else is fine. */
export const brokenCredential: Weather = (destination) =>
  destination === 'data-eng' ? { kind: 'error', code: 'invalid_auth' } : null;

/** A proxy shows its own page at 200 in Slack's place. */
export const pageInBetween: Weather = (destination) =>
  destination === 'data-eng' || destination === 'triage' ? { kind: 'html' } : null;

export function pagerDutyRateLimit(): Weather {
  let given = false;
  return (destination) => {
    if (given || destination !== 'oncall') return null;
    given = true;
    return tooMany;
  };
}
