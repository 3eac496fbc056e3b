/** What is measured at the moment of a scrape, and what is left out for want of somebody who knows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createPrometheus } from '../../src/node/prometheus.ts';
import { openSqlite } from '../../src/node/sqlite.ts';
import { storeBytes } from '../../src/node/store-size.ts';
import { createGauges, type Gauged } from '../../src/observe/gauges.ts';
import { createDeadLetters } from '../../src/store/dead-letters.ts';
import { migrate } from '../../src/store/migrations.ts';

const quiet: Gauged = {
  clock: { now: () => 100_000 },
  version: '0.0.0',
  outbox: { backlog: () => [], parked: () => [] },
  desk: { countOpen: () => 0, countSilences: () => 0 },
  reconciler: { lastSuccessAt: () => null },
};

/** The samples of these metrics, without the prefix. */
async function scraped(gauged: Partial<Gauged>, ...names: string[]): Promise<string[]> {
  const prometheus = createPrometheus(createGauges({ ...quiet, ...gauged }));
  const lines = (await prometheus.scrape()).text.split('\n').filter((line) => line.startsWith('narrative_relay_'));
  return lines.map((line) => line.slice('narrative_relay_'.length)).filter((line) => names.some((name) => line.startsWith(name)));
}

test('without a backlog, without incidents: zeros where something was counted, and nothing where nothing is known', async () => {
  expect(await scraped({}, 'outbox', 'incidents', 'dead', 'rules_problems', 'store', 'reconcile_last')).toEqual([
    'incidents_open 0',
  ]);
});

test('how long the oldest has been due counts from its time, and never below zero', async () => {
  const backlog = () => [
    { destination: 'late', pending: 2, oldestDueAt: 40_000 },
    { destination: 'early', pending: 1, oldestDueAt: 130_000 },
    { destination: 'behind', pending: 1, oldestDueAt: null },
  ];
  expect(await scraped({ outbox: { ...quiet.outbox, backlog } }, 'outbox_oldest')).toEqual([
    'outbox_oldest_due_seconds{destination="late"} 60',
    'outbox_oldest_due_seconds{destination="early"} 0',
    'outbox_oldest_due_seconds{destination="behind"} 0',
  ]);
});

test('the last reconciliation is told in seconds since the epoch', async () => {
  const reconciler = { lastSuccessAt: () => 90_500 };
  expect(await scraped({ reconciler }, 'reconcile_last')).toEqual(['reconcile_last_success_timestamp_seconds 90.5']);
});

test('problems of the rules and the size of the store are told by whoever knows them', async () => {
  expect(await scraped({ rulesProblems: () => 0, storeBytes: () => 4096 }, 'rules_problems', 'store')).toEqual([
    'rules_problems 0',
    'store_bytes 4096',
  ]);
});

test('dead letters are counted by destination, from the store, until they are dead no more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-gauges-'));
  const { sql, close } = openSqlite(join(folder, 'relay.db'));
  onTestFinished(() => {
    close();
    rmSync(folder, { recursive: true, force: true });
  });
  migrate(sql);
  const deadLetters = createDeadLetters(sql);
  for (const [n, [destination, status]] of Object.entries([
    ['oncall', 'dead'],
    ['triage', 'delivered'],
    ['oncall', 'dead'],
    ['airflow', 'dead'],
  ])) {
    sql.query(
      `INSERT INTO deliveries (event_seq, n, destination, subject, status, created_at, expires_at, spec) VALUES (1, ?, ?, ?, ?, 0, 0, '{}')`,
      Number(n),
      destination!,
      `subject-${n}`,
      status!,
    );
  }
  expect(await scraped({ deadLetters }, 'dead')).toEqual([
    'dead_letters{destination="airflow"} 1',
    'dead_letters{destination="oncall"} 2',
  ]);
  sql.query("UPDATE deliveries SET quiet = 1 WHERE destination = 'oncall' AND n = 2");
  expect(await scraped({ deadLetters }, 'dead')).toContain('dead_letters{destination="oncall"} 1');
  sql.query("UPDATE deliveries SET status = 'suppressed', reason = 'discarded' WHERE destination = 'oncall'");
  expect(await scraped({ deadLetters }, 'dead')).toEqual(['dead_letters{destination="airflow"} 1']);
});

test("the store's size is that of its file and its write-ahead log, and none before there is one", () => {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-gauges-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'relay.db');
  expect(storeBytes(path)).toBe(0);
  writeFileSync(path, 'x'.repeat(100));
  writeFileSync(`${path}-wal`, 'x'.repeat(20));
  expect(storeBytes(path)).toBe(120);
});
