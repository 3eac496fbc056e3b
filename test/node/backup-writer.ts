/**
 * `node backup-writer.ts FILE EVENTS [go-on]`: fills a store, says `filled`, and with `go-on` writes on without a pause, an event
 * and the number of events in each transaction. As a process of its own, for what other connections' writes do to a backup.
 */
import { nodeClock } from '../../src/node/ports.ts';
import { openSqlite } from '../../src/node/sqlite.ts';
import { migrate } from '../../src/store/migrations.ts';

/** A test that died does not leave it running, ms. */
const longest = 60_000;

const [path, count, goOn] = process.argv.slice(2);
const { sql, close } = openSqlite(path!);
migrate(sql);
const body = new TextEncoder().encode('x'.repeat(2_000));

let written = 0;
function write(): void {
  written += 1;
  sql.query(
    `INSERT INTO events (seq, subscription, idempotency_key, scheme, received_at, outcome, rules_version, content_type, body)
     VALUES (?, 'production', ?, 'hmac-sha256', 0, 'unrouted', '', 'application/json', ?)`,
    written,
    `key-${written}`,
    body,
  );
  sql.query(
    'INSERT INTO heartbeat (id, written_at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET written_at = ?',
    written,
    written,
  );
}

sql.transaction(() => {
  while (written < Number(count)) write();
});
process.stdout.write('filled\n');
const endsAt = goOn === 'go-on' ? nodeClock.now() + longest : 0;
while (nodeClock.now() < endsAt) sql.transaction(write);
close();
