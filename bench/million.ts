/** A store with a long history, made through the ledger itself, and what it does to the ingest rate. */
import { createDesk } from '../src/incident/desk.ts';
import { createDeliveryStore } from '../src/store/deliveries.ts';
import { idempotencyKey } from '../src/event/idempotency.ts';
import { createSequence } from '../src/event/id.ts';
import { parseBody } from '../src/event/parse.ts';
import { nodeClock, nodeHash } from '../src/node/ports.ts';
import { openSqlite } from '../src/node/sqlite.ts';
import type { Log, Sql } from '../src/ports.ts';
import type { RuleSet } from '../src/rules/rule-set.ts';
import type { Arrival } from '../src/store/arrival.ts';
import { createLedger } from '../src/store/ledger.ts';
import { migrate } from '../src/store/migrations.ts';
import { failedJob } from './event.ts';

/** Events per transaction while filling. */
const batch = 5_000;

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The n-th event of a stream that begins at `startMs`. */
export type EventAt = (startMs: number, n: number) => unknown;

/** Adds `count` events of the past, by default failures, each sent where `rules` say and delivered at the first attempt. */
export async function fillStore(
  path: string,
  count: number,
  rules: RuleSet,
  progress: (text: string) => void,
  eventAt: EventAt = failedJob,
): Promise<void> {
  const { sql, close } = openSqlite(path);
  migrate(sql);
  let commit = () => {};
  const nextSeq = createSequence(nodeClock, 0);
  const desk = createDesk({
    sql,
    clock: nodeClock,
    alarm: { arm() {}, disarm() {} },
    afterTurn: () => {},
    log: silent,
    nextSeq,
    deliveries: createDeliveryStore(sql),
    rules: () => rules,
    deliveryLifetimeMs: 24 * 3_600_000,
    wakeOutbox: () => {},
    duties: [],
  });
  const ledger = createLedger({
    sql,
    hash: nodeHash,
    clock: nodeClock,
    afterTurn: (work) => (commit = work),
    log: silent,
    nextSeq,
    router: () => ({ version: rules.version, plan: rules.plan }),
    admit: desk.admit,
    onPlanned: () => {},
    onTimed: () => {},
  });
  const startMs = Date.now() - 24 * 3_600_000;
  for (let done = 0; done < count; done += batch) {
    progress(`filling the store: ${done.toLocaleString('en-US')} of ${count.toLocaleString('en-US')}`);
    const accepted = Array.from({ length: Math.min(batch, count - done) }, (_, i) =>
      ledger.accept(arrivalOf(eventAt(startMs, done + i))),
    );
    commit();
    for (const acceptance of await Promise.all(accepted)) {
      if (acceptance.kind !== 'accepted')
        throw new Error(`an event was not accepted while filling: ${JSON.stringify(acceptance)}`);
    }
    deliverAll(sql);
  }
  close();
}

function arrivalOf(sent: unknown): Arrival {
  const body = new TextEncoder().encode(JSON.stringify(sent));
  const parsed = parseBody(body);
  if (parsed.kind !== 'event') throw new Error(`the bench's own event is none: ${parsed.why}`);
  const { event, deliveryKeys } = parsed;
  const key = idempotencyKey(nodeHash, { deliveryKeys, header: null, subscription: 'production', event, body });
  return {
    subscription: 'production',
    scheme: 'hmac-sha256',
    idempotencyKey: key,
    event,
    why: null,
    contentType: 'application/json',
    body,
  };
}

/** Leaves the traces of a delivery without making it. */
function deliverAll(sql: Sql): void {
  sql.transaction(() => {
    sql.query(`INSERT INTO attempts (event_seq, n, attempt, started_at, ended_at, outcome, reason, detail)
      SELECT event_seq, n, 1, created_at, created_at, 'delivered', NULL, 'posted' FROM deliveries WHERE status = 'queued'`);
    sql.query(`UPDATE deliveries SET status = 'delivered', attempts = 1, finished_at = created_at, detail = 'posted'
      WHERE status = 'queued'`);
  });
}
