/** Destinations, as operators see them, and letting a parked one try again. */
import type { Destination } from '../destination/destination.ts';
import type { Log, Sql } from '../ports.ts';
import { createBacklog } from '../store/backlog.ts';
import { createDeadLetters } from '../store/dead-letters.ts';
import { createParkedStore, type Parked } from '../store/parked.ts';
import type { Operations } from './operations.ts';
import type { DestinationView } from './shapes/views.ts';
import { iso, isoOrNull, notFound, ok, refused } from './text.ts';

export interface DestinationOptions {
  sql: Sql;
  log: Log;
  /** Those in force. */
  destinations: () => ReadonlyMap<string, Pick<Destination, 'type' | 'fallback'>>;
  /** One is not parked any more: has the watch look at once, and then wakes the outbox. */
  unparked: (destination: string) => void;
}

export function createDestinationOperations({
  sql,
  log,
  destinations,
  unparked,
}: DestinationOptions): Operations['destinations'] {
  const { backlog } = createBacklog(sql);
  const deadLetters = createDeadLetters(sql);
  const parked = createParkedStore(sql);

  /** Those of the rules in their order, then those that are gone and have something left. */
  function list(): DestinationView[] {
    const open = new Map(backlog().map((each) => [each.destination, each]));
    const dead = new Map(deadLetters().map(({ destination, count }) => [destination, count]));
    const broken = new Map(parked.all().map((each) => [each.destination, each]));
    const known = destinations();
    const names = new Set([...known.keys(), ...[...open.keys(), ...dead.keys(), ...broken.keys()].toSorted()]);
    return [...names].map((name) => {
      const destination = known.get(name);
      return {
        name,
        type: destination?.type ?? null,
        in_rules: destination !== undefined,
        fallback: destination?.fallback ?? null,
        pending: open.get(name)?.pending ?? 0,
        oldest_due_at: isoOrNull(open.get(name)?.oldestDueAt ?? null),
        dead: dead.get(name) ?? 0,
        parked: parkedView(broken.get(name)),
      };
    });
  }

  const find = (name: string): DestinationView | null => list().find((each) => each.name === name) ?? null;

  return {
    list,
    show(name) {
      const found = find(name);
      return found ? ok(found) : notFound('destination', name);
    },
    unpark(name) {
      const found = find(name);
      if (found === null) return notFound('destination', name);
      const broken = parked.find(name);
      if (broken === null) {
        return refused(
          'conflict',
          `Destination ${name} is not parked: what is for it is sent as it comes. Nothing is to be done.`,
        );
      }
      sql.transaction(() => parked.remove(name));
      const { reason, detail } = broken;
      log.info(
        { destination: name, reason, detail, pending: found.pending },
        'destination was unparked by an operator: it is tried again',
      );
      unparked(name);
      return ok({ ...found, parked: null });
    },
  };
}

function parkedView(parked: Parked | undefined): DestinationView['parked'] {
  if (!parked) return null;
  const { since, reason, detail, probes, probeAt } = parked;
  return { since: iso(since), reason, detail, probes, next_probe_at: iso(probeAt) };
}
