/** The outbox's world with an operator in it. */
import type { Answered } from '../../src/operate/operations.ts';
import { createDeliveryOperations } from '../../src/operate/deliveries.ts';
import type { DeliveryFilter } from '../../src/operate/shapes/query.ts';
import { deliveryId } from '../../src/event/id.ts';
import type { Log, Sql } from '../../src/ports.ts';
import { lifetimeMs } from '../outbox/examples.ts';
import { createWorld, type Script } from '../outbox/world.ts';

export const anything: DeliveryFilter = {
  fromMs: null,
  untilMs: null,
  statuses: [],
  destinations: [],
  rules: [],
  subject: null,
  event: null,
  reasons: [],
};

export const noLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** What was answered; throws with the refusal if there is one. */
export function given<T>(answer: Answered<T>): T {
  if (answer.kind === 'refused') throw new Error(`refused: ${answer.detail}`);
  return answer.value;
}

/** Why it was refused: `conflict: …`. */
export function refusal(answer: Answered<unknown>): string {
  if (answer.kind === 'ok') throw new Error(`this was to be refused: ${JSON.stringify(answer.value)}`);
  return `${answer.status}: ${answer.detail}`;
}

export function createOperatorWorld(scripts: Script[], options: { sql?: Sql; fraction?: () => number } = {}) {
  const world = createWorld(scripts, options);
  const operations = createDeliveryOperations({
    sql: world.store,
    clock: { now: () => world.now },
    log: noLog,
    destinations: world.destinations,
    links: () => ({}),
    deliveryLifetimeMs: lifetimeMs,
    wake: () => world.outbox.wake(),
  });
  return {
    world,
    operations,
    /** Ids, in the order in which they were made. */
    ids: (destination?: string) =>
      world
        .rows()
        .filter((row) => destination === undefined || row.destination === destination)
        .map(({ event_seq, n }) => deliveryId({ eventSeq: event_seq, n })),
    /** Deliveries counted as ended, by status. */
    counted: (): Record<string, number> =>
      Object.fromEntries(
        world.store
          .query<{ outcome: string; n: number }>(
            `SELECT outcome, sum(n) AS n FROM hourly WHERE what = 'delivery' GROUP BY outcome ORDER BY outcome`,
          )
          .map(({ outcome, n }) => [outcome, n]),
      ),
  };
}
