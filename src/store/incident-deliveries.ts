/** What deliveries know of incidents: edits that wait, fallbacks that were told, ends that were planned. Inside the caller's transaction. */
import type { Sql } from '../ports.ts';

export function createIncidentDeliveries(sql: Sql) {
  /** Whether a quiet edit about a subject has not been sent yet. What it says is read when it is. */
  const quietWaits = (destination: string, subject: string): boolean =>
    sql.query(
      `SELECT 1 FROM deliveries WHERE destination = ? AND subject = ? AND quiet = 1 AND status IN ('queued', 'waiting', 'scheduled') LIMIT 1`,
      destination,
      subject,
    ).length > 0;

  /** A fallback was told of an incident, in place of a delivery that died. */
  function noteFallback(incident: number, destination: string, delivery: string): void {
    sql.query(
      'INSERT INTO fallbacks (incident, destination, delivery) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      incident,
      destination,
      delivery,
    );
  }

  /** Whether a delivery about an event is there in place of one that died (`dead`: its id). */
  const hasStandIn = (eventSeq: number, dead: string): boolean =>
    sql.query('SELECT 1 FROM deliveries WHERE event_seq = ? AND fallback_of = ? LIMIT 1', eventSeq, dead).length > 0;

  const fallbacksOf = (incident: number): { destination: string; delivery: string }[] =>
    sql.query('SELECT destination, delivery FROM fallbacks WHERE incident = ? ORDER BY destination', incident);

  /** Whether the end of an incident was to be told about an event at a destination. */
  const endPlanned = (eventSeq: number, destination: string, incident: number): boolean =>
    sql
      .query<{ spec: string }>('SELECT spec FROM deliveries WHERE event_seq = ? AND destination = ?', eventSeq, destination)
      .map(({ spec }) => (JSON.parse(spec) as { incident?: { id: number; act: string } | null }).incident)
      .some((part) => part?.id === incident && part.act === 'recover');

  return { quietWaits, noteFallback, hasStandIn, fallbacksOf, endPlanned };
}
