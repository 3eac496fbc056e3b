/** How much disk the store takes. */
import { statSync } from 'node:fs';

/** Bytes of the database and its write-ahead log; what is not there counts as none. */
export function storeBytes(path: string): number {
  const sizes = [path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}
