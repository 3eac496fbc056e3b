/** A store in a file of its own, with the schema in it, that goes when the test is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openSqlite } from '../../src/node/sqlite.ts';
import type { Sql } from '../../src/ports.ts';
import { migrate } from '../../src/store/migrations.ts';

export function openFileStore(): Sql {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-store-'));
  const { sql, close } = openSqlite(join(folder, 'relay.db'));
  onTestFinished(() => {
    close();
    rmSync(folder, { recursive: true });
  });
  migrate(sql);
  return sql;
}
