/** Parts of the incident engine that a test is not about: no groups, no silences, destinations that neither edit nor forward. */
import type { Silences } from '../../src/incident/covering.ts';
import type { DestinationTraits } from '../../src/incident/telling.ts';
import { createDispatch } from '../../src/incident/dispatch.ts';
import { createIncidents } from '../../src/incident/incidents.ts';
import type { Groups } from '../../src/incident/groups.ts';
import type { Sql } from '../../src/ports.ts';
import { createDeliveryStore } from '../../src/store/deliveries.ts';
import { lifetimeMs } from '../outbox/examples.ts';

export const noGroups: Groups = {
  duty: { name: 'groups', run: () => {}, nextAt: () => null },
  add: () => {
    throw new Error('this test has no groups');
  },
  ended: () => ({ timed: false, toSend: false, sending: [] }),
  takeBack: () => ({ send: [], failures: 0, failedAgain: false }),
  forget: () => 0,
};
export const noSilences: Silences = { covering: () => null };
/** Rules and destinations that don't change. */
export const settled = { sendOf: () => null, isKnown: () => true };
export const plainTraits: DestinationTraits = { forwards: false, edits: false };

/** What the ledger needs, for tests that are about the ledger. The fallback of `chat` is `triage`. */
export function admitting(sql: Sql, nextSeq: () => number) {
  const fallbackOf = (name: string) => (name === 'chat' ? 'triage' : null);
  const dispatch = createDispatch({ deliveries: createDeliveryStore(sql), nextSeq, fallbackOf, deliveryLifetimeMs: lifetimeMs });
  return createIncidents({ sql, dispatch, groups: noGroups, silences: noSilences, traitsOf: () => plainTraits, ...settled })
    .admit;
}
