/** Gives up deliveries that waited too long, and those whose destination is gone from the rules. */
import type { Destination } from '../destination/destination.ts';
import type { DeliveryStore } from '../store/deliveries.ts';
import type { ParkedStore } from '../store/parked.ts';
import type { Recorder } from './record.ts';

/** How often deliveries are looked at for being of no more use, ms. */
const everyMs = 60_000;
/** Deliveries of one destination given up in one transaction, about. */
const batch = 200;

export interface GivingUpOptions {
  deliveries: DeliveryStore;
  parked: ParkedStore;
  bury: Recorder['bury'];
  destinations: () => ReadonlyMap<string, Destination>;
}

export function createGivingUp({ deliveries, parked, bury, destinations }: GivingUpOptions) {
  let last = -Infinity;

  /** Inside the outbox's transaction. */
  function run(now: number): void {
    if (now - last < everyMs && now >= last) return;
    last = now;
    const known = destinations();
    for (const name of known.keys()) {
      for (const delivery of deliveries.overdueOf(name, now, batch, parked.find(name) !== null)) {
        bury(delivery, 'expired', 'waited until it was of no more use', now);
        soon(); // The next of its lane may be as old.
      }
    }
    for (const row of parked.all()) if (!known.has(row.destination)) parked.remove(row.destination);
    for (const name of deliveries.destinationsWithOpen().filter((open) => !known.has(open))) {
      for (const delivery of deliveries.unsentOf(name, batch)) {
        bury(delivery, 'destination-removed', `destination ${name} is no longer in the rules`, now);
        soon(); // There may be more of them.
      }
    }
  }

  function soon(): void {
    last = -Infinity;
  }

  return {
    run,
    /** Looks again the next time it is run. */
    soon,
    /** When it looks again, epoch ms; the past: at the next cycle. */
    nextAt: () => last + everyMs,
  };
}
