/** For how long a delivery is tried. A retry begins that anew, so that `expires_at` says since when it is open. */

/** Ms. */
export const deliveryLifetimeMs = 24 * 3_600_000;

/** SQL, of a row of `deliveries`: since when it is open, epoch ms; when it was made, or last retried. */
export const openSince = `max(created_at, expires_at - ${deliveryLifetimeMs})`;

/** When an operator last sent it again, epoch ms; null: nobody has. */
export function retriedAt({ createdAt, expiresAt }: { createdAt: number; expiresAt: number }): number | null {
  const at = expiresAt - deliveryLifetimeMs;
  return at > createdAt ? at : null;
}
