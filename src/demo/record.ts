/** What the relay itself says that it did: its SQLite file, read from outside, and its counters. */
import Database from 'better-sqlite3';
import { deliveryId } from '../event/id.ts';

export interface DestinationRecord {
  destination: string;
  /** Deliveries that rules asked for when the event came. */
  planned: number;
  /** Deliveries that came to be otherwise: told when their time came, the relay's own notices, the content of dead letters, what no webhook told of. */
  added: number;
  delivered: number;
  /** Of those delivered: the ones that said nothing new, since they only brought a message up to date. */
  wordless: number;
  /** Of those delivered: the ones that brought up to date what an earlier one said. */
  edits: number;
  suppressed: number;
  dead: number;
  /** Not at its end yet. */
  open: number;
  /** Attempts beyond the first of each delivery. */
  resent: number;
}

export interface IncidentRecord {
  kind: 'subject' | 'group' | 'late' | 'expect';
  subject: string;
  open: boolean;
}

export interface RelayRecord {
  /** Events that webhooks brought, by outcome; see `EventOutcome`. */
  events: ReadonlyMap<string, number>;
  /** What became of the accepted ones: each counts once, under the first of `fates` that is so. */
  fates: ReadonlyMap<Fate, number>;
  destinations: readonly DestinationRecord[];
  incidents: readonly IncidentRecord[];
  /** Which kind of incident each delivery is part of, by the delivery's id. */
  incidentOf: ReadonlyMap<string, { incident: number; kind: IncidentRecord['kind'] }>;
  /** Events that were told together with others. */
  grouped: number;
  /** Things that failed together with others, and that nobody was told of yet. */
  untold: number;
  /** Incidents that PagerDuty was told of, and those of them that are open. */
  paged: { all: number; open: number };
  /** Events that were collected for a digest, and those of them that none has told yet. */
  collected: { all: number; left: number };
  /** Events that reconciliation found, and its runs that have ended. */
  reconciled: { events: number; runs: number };
  /** What waits for its time, before the next digest after this one. */
  timers: number;
  /** Why deliveries died or wait for their destination to be mended, in the relay's words. */
  troubles: readonly string[];
}

export const fates = ['told', 'grouped', 'counted', 'collected', 'watched', 'late', 'unrouted', 'lost'] as const;
/** `lost`: the record doesn't say what became of it. */
export type Fate = (typeof fates)[number];

/** Reads the database while the relay writes it; each call opens and closes it. `nowMs`: the time by the relay's clock. */
export function readRecord(path: string, nowMs: number): RelayRecord {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  const pairs = <Key extends string>(statement: string) => new Map(database.prepare<[], [Key, number]>(statement).raw().all());
  const count = (statement: string, names: Record<string, number> = {}) =>
    database.prepare<[Record<string, number>], number>(statement).pluck().get(names) ?? 0;
  try {
    return database.transaction(() => ({
      events: pairs(`SELECT outcome, count(*) FROM events WHERE kind IS NOT 'relay' AND ${byWebhook} GROUP BY outcome`),
      fates: pairs<Fate>(byFate),
      destinations: database.prepare<[], DestinationRecord>(byDestination).all(),
      incidents: database
        .prepare<[], Omit<IncidentRecord, 'open'> & { open: number }>(incidents)
        .all()
        .map(({ kind, subject, open }) => ({ kind, subject, open: open === 1 })),
      incidentOf: incidentOf(database),
      grouped: count(`SELECT count(*) FROM decisions WHERE kind = 'grouped' AND detail LIKE '%told in dlv_%'`),
      untold: count('SELECT count(*) FROM group_members WHERE untold > 0'),
      paged: {
        all: count(`SELECT count(DISTINCT incident) ${paged}`),
        open: count(`SELECT count(DISTINCT incident) ${paged} AND ended_at IS NULL`),
      },
      collected: {
        all: count(`SELECT count(*) FROM decisions WHERE kind = 'collected'`),
        left: count('SELECT count(*) FROM collected'),
      },
      reconciled: {
        events: count(`SELECT count(*) FROM events WHERE scheme = 'reconcile'`),
        runs: count(`SELECT count(*) FROM reconciliations WHERE status <> 'running'`),
      },
      timers: count(timers, { soon: nowMs + soonMs }),
      troubles: database.prepare<[], string>(troubles).pluck().all(),
    }))();
  } finally {
    database.close();
  }
}

/** What reconciliation found, what an operator replayed and what the relay says of itself have their names where others have the scheme by which they were verified. */
const byWebhook = `scheme NOT IN ('reconcile', 'replay', 'relay')`;

/** What comes within this time, ms, is waited for. */
const soonMs = 3_600_000;

const byFate = `
  SELECT CASE
    WHEN EXISTS (SELECT 1 FROM deliveries WHERE event_seq = seq AND status <> 'suppressed') THEN 'told'
    WHEN EXISTS (SELECT 1 FROM decisions WHERE event_seq = seq AND kind = 'grouped') THEN 'grouped'
    WHEN EXISTS (SELECT 1 FROM decisions WHERE event_seq = seq AND kind <> 'collected') THEN 'counted'
    WHEN EXISTS (SELECT 1 FROM decisions WHERE event_seq = seq) THEN 'collected'
    WHEN outcome = 'routed' AND rules <> '[]' THEN 'watched'
    WHEN outcome = 'suppressed' THEN 'late'
    WHEN outcome = 'unrouted' THEN 'unrouted'
    ELSE 'lost'
  END AS fate, count(*)
  FROM events WHERE kind IN ('job', 'app') AND scheme <> 'replay' AND outcome IN ('routed', 'unrouted', 'suppressed') GROUP BY fate`;

const byDestination = `
  SELECT destination,
    count(*) FILTER (WHERE created_at = received_at AND notice IS NULL AND fallback_of IS NULL) AS planned,
    count(*) FILTER (WHERE received_at IS NULL OR created_at <> received_at OR notice IS NOT NULL OR fallback_of IS NOT NULL) AS added,
    count(*) FILTER (WHERE status = 'delivered') AS delivered,
    count(*) FILTER (WHERE status = 'delivered' AND (detail LIKE 'edited in %' OR detail LIKE 'nothing to edit%' OR detail LIKE 'no reply %')) AS wordless,
    count(*) FILTER (WHERE status = 'delivered' AND spec ->> '$.incident.act' <> 'open' AND detail NOT LIKE 'nothing to edit%'
      AND EXISTS (SELECT 1 FROM threads AS t WHERE t.incident = spec ->> '$.incident.id' AND t.destination = all_of_them.destination)) AS edits,
    count(*) FILTER (WHERE status = 'suppressed') AS suppressed,
    count(*) FILTER (WHERE status = 'dead') AS dead,
    count(*) FILTER (WHERE status NOT IN ('delivered', 'suppressed', 'dead')) AS open,
    sum(max(attempts - 1, 0)) AS resent
  FROM (SELECT d.*, CASE WHEN e.kind = 'relay' OR NOT (e.${byWebhook}) THEN NULL ELSE e.received_at END AS received_at FROM deliveries AS d LEFT JOIN events AS e ON e.seq = d.event_seq) AS all_of_them
  GROUP BY destination ORDER BY destination`;

const incidents = `SELECT kind, subject, ended_at IS NULL AS open FROM incidents WHERE subject NOT LIKE 'relay/%' ORDER BY id`;

function incidentOf(database: Database.Database): RelayRecord['incidentOf'] {
  const rows = database
    .prepare<[], { seq: number; n: number; incident: number; kind: IncidentRecord['kind'] }>(
      `SELECT event_seq AS seq, n, incidents.id AS incident, kind FROM deliveries JOIN incidents ON incidents.id = spec ->> '$.incident.id'`,
    )
    .all();
  return new Map(rows.map(({ seq, n, incident, kind }) => [deliveryId({ eventSeq: seq, n }), { incident, kind }]));
}

/** Change events have no incident. */
const paged = `FROM (
    SELECT incidents.id AS incident, ended_at FROM deliveries JOIN incidents ON incidents.id = spec ->> '$.incident.id'
    WHERE receipt ->> '$.dedup_key' IS NOT NULL AND spec ->> '$.incident.act' <> 'recover'
  ) WHERE true`;

const timers = `
  SELECT (SELECT count(*) FROM late WHERE due_at < @soon) + (SELECT count(*) FROM groups WHERE due_at < @soon)
    + (SELECT count(*) FROM alerts WHERE due_at < @soon) + (SELECT count(*) FROM ticks WHERE run_at < @soon)`;

const troubles = `
  SELECT destination || ': a delivery is dead: ' || coalesce(detail, reason, 'no reason given') FROM deliveries WHERE status = 'dead'
  UNION SELECT destination || ': broken, its deliveries wait: ' || detail FROM parked
  UNION SELECT 'a reconciliation failed: ' || coalesce(detail, 'no reason given') FROM reconciliations WHERE status = 'failed'
  UNION SELECT 'a group: ' || subject || ' failed, and nobody was told' FROM group_members WHERE untold > 0`;

/**
 * `narrative_relay_events_total` by outcome, summed over subscriptions. What was refused or came twice under one key is
 * counted here and stored nowhere.
 */
export async function readCounters(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`${url}/metrics answers ${response.status}: the table needs its counters`);
  const totals = new Map<string, number>();
  for (const [, labels = '', value] of (await response.text()).matchAll(/^narrative_relay_events_total\{(.*)\} (\S+)$/gm)) {
    const outcome = /outcome="([^"]*)"/.exec(labels)?.[1] ?? '';
    totals.set(outcome, (totals.get(outcome) ?? 0) + Number(value));
  }
  return totals;
}
