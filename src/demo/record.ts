/** What the relay itself says that it did: its SQLite file, read from outside, and its counters. */
import Database from 'better-sqlite3';

export interface DestinationRecord {
  destination: string;
  /** Deliveries that rules asked for. */
  planned: number;
  /** Deliveries that the relay added: the content of another destination's dead letters, and its own notices. */
  added: number;
  delivered: number;
  dead: number;
  /** Neither delivered nor dead yet. */
  open: number;
  /** Attempts beyond the first of each delivery. */
  resent: number;
}

export interface RelayRecord {
  /** Stored events by outcome; see `EventOutcome`. */
  events: ReadonlyMap<string, number>;
  destinations: readonly DestinationRecord[];
  /** Why deliveries died or wait for their destination to be mended, in the relay's words. */
  troubles: readonly string[];
}

/** Reads the database while the relay writes it; each call opens and closes it. */
export function readRecord(path: string): RelayRecord {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    return database.transaction(() => ({
      events: new Map(
        database.prepare<[], [string, number]>('SELECT outcome, count(*) FROM events GROUP BY outcome').raw().all(),
      ),
      destinations: database.prepare<[], DestinationRecord>(byDestination).all(),
      troubles: database.prepare<[], string>(troubles).pluck().all(),
    }))();
  } finally {
    database.close();
  }
}

const byDestination = `
  SELECT destination,
    count(*) FILTER (WHERE fallback_of IS NULL AND notice IS NULL) AS planned,
    count(*) FILTER (WHERE fallback_of IS NOT NULL OR notice IS NOT NULL) AS added,
    count(*) FILTER (WHERE status = 'delivered') AS delivered,
    count(*) FILTER (WHERE status = 'dead') AS dead,
    count(*) FILTER (WHERE status NOT IN ('delivered', 'dead')) AS open,
    sum(max(attempts - 1, 0)) AS resent
  FROM deliveries GROUP BY destination ORDER BY destination`;

const troubles = `
  SELECT destination || ': a delivery is dead: ' || coalesce(detail, reason, 'no reason given') FROM deliveries WHERE status = 'dead'
  UNION SELECT destination || ': broken, its deliveries wait: ' || detail FROM parked`;

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
