/** The deliveries for one destination and subject, of which one at a time is under way. Inside the caller's transaction. */
import type { Sql } from '../ports.ts';

export function createLanes(sql: Sql) {
  const isTaken = (destination: string, subject: string): boolean =>
    sql.query(
      `SELECT 1 FROM deliveries WHERE destination = ? AND subject = ? AND status IN ('scheduled', 'sending')`,
      destination,
      subject,
    ).length > 0;

  /** For one whose turn has come while its lane is taken. */
  function stepAside(eventSeq: number, n: number): void {
    sql.query(`UPDATE deliveries SET status = 'waiting' WHERE event_seq = ? AND n = ?`, eventSeq, n);
  }

  /**
   * Calls the first that waits back into the queue. There it stands by its number, so before whatever came to this lane later. One too
   * many does no harm: it steps aside again.
   */
  function callNext(destination: string, subject: string): void {
    sql.query(
      `UPDATE deliveries SET status = 'queued' WHERE (event_seq, n) = (
         SELECT event_seq, n FROM deliveries WHERE destination = ? AND subject = ? AND status = 'waiting' ORDER BY event_seq, n LIMIT 1)`,
      destination,
      subject,
    );
  }

  return { isTaken, stepAside, callNext };
}
