/** A real relay inside the test's process: a real database file, a real HTTP server on loopback, a log that can be read. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import pino from 'pino';
import { nodeConsoleAssets } from '../../src/node/console-assets.ts';
import { createNodeAlarm, nodeClock, nodeHash, nodeRandom } from '../../src/node/ports.ts';
import { createPrometheus } from '../../src/node/prometheus.ts';
import { nodeRequestReader } from '../../src/node/read-request.ts';
import { openSqlite } from '../../src/node/sqlite.ts';
import { createRedactor } from '../../src/observe/redact.ts';
import type { Sql } from '../../src/ports.ts';
import { createRelay, type RelayOptions } from '../../src/relay.ts';
import { loadRules } from '../../src/rules/load.ts';
import { formatProblem } from '../../src/rules/problem.ts';
import { secretsOf } from '../../src/rules/secrets.ts';

/** Of the subscription `production`, and of any other secret that the rules name. */
export const secret = 'http-test-webhook-secret-not-real';

/** Failures are printed; everything else is unrouted. */
const printingRules = `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
rules: [{ name: failures, match: { states: [failed] }, send: [{ to: console }] }]
`;

export interface RelayUnderTestOptions {
  /** One whole rules file. Default: one subscription, `production`, whose failures are printed. */
  rules?: string;
  /** By the name of the environment variable that would hold them. Default for each: `secret`. */
  secrets?: Record<string, string>;
  /** Epoch ms at which the clock stands. Default: the real clock. */
  now?: number;
  /** Default 1 MiB. */
  maxBodyBytes?: number;
  /** Default: none, so the operator API is off. */
  adminToken?: string;
  /** Further settings. Default: Narrative is asked nothing. */
  settings?: Partial<RelayOptions['settings']>;
  /** Comes between the relay and its database; the test's own `sql` stays bare. */
  wrapSql?: (sql: Sql) => Sql;
}

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface StoredRow {
  seq: number;
  subscription: string;
  outcome: string;
  reason: string | null;
  idempotency_key: string;
  scheme: string;
  content_type: string;
  body: Uint8Array;
}

export type RelayUnderTest = Awaited<ReturnType<typeof startRelayUnderTest>>;

export async function startRelayUnderTest(options: RelayUnderTestOptions = {}) {
  const {
    rules = printingRules,
    secrets = {},
    now,
    maxBodyBytes = 1_048_576,
    adminToken,
    settings = {},
    wrapSql = (sql) => sql,
  } = options;
  const loaded = loadRules([{ path: 'rules/relay.yaml', text: rules }], (ref) => ('env' in ref && secrets[ref.env]) || secret);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));

  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-http-'));
  const databasePath = join(folder, 'relay.db');
  const store = openSqlite(databasePath);
  const clock = now === undefined ? nodeClock : { now: () => now };
  const logText: string[] = [];
  const log = pino(
    { level: 'debug', base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void logText.push(line) },
  );
  const printed: string[] = [];
  let onPrinted = () => {};
  const metrics = createPrometheus((into) => relay.refreshGauges(into));
  const alarm = createNodeAlarm(clock, () => relay.ring());
  const relay = createRelay({
    ports: {
      sql: wrapSql(store.sql),
      clock,
      random: nodeRandom,
      hash: nodeHash,
      fetch: globalThis.fetch,
      alarm,
      afterTurn: setImmediate,
      log,
    },
    settings: {
      adminToken,
      maxBodyBytes,
      retentionDays: 30,
      publicUrl: undefined,
      narrativeApiToken: undefined,
      narrativeApiUrl: 'https://api.example.com',
      reconcileEveryMs: null,
      reconcileLookbackMs: 24 * 3_600_000,
      slackApiUrl: undefined,
      pagerDutyEventsUrl: undefined,
      ...settings,
    },
    rules: loaded.rules,
    reader: nodeRequestReader,
    metrics,
    scrape: metrics.scrape,
    print: (text) => {
      printed.push(text);
      onPrinted();
    },
    clean: createRedactor([...secretsOf(loaded.rules), ...(adminToken === undefined ? [] : [adminToken])]),
    consoleAssets: nodeConsoleAssets,
    version: '0.0.0-test',
  });
  const server = createAdaptorServer({ fetch: relay.app.fetch }) as Server;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  relay.start();
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    databasePath,
    sql: store.sql,
    printed,
    /** Settles once the console has got `count` alerts in all. */
    untilPrinted: (count: number) =>
      new Promise<void>((resolve) => {
        onPrinted = () => {
          if (printed.length >= count) resolve();
        };
        onPrinted();
      }),
    logText,
    logLines: () => logText.map((line) => JSON.parse(line) as LogLine),
    /** Everything that was kept, in the order it came. */
    events: () => store.sql.query<StoredRow>('SELECT * FROM events ORDER BY seq'),
    /** The value of one series as it is scraped, `events_total{…}`; 0 when it isn't there yet. */
    async metric(series: string): Promise<number> {
      const { text } = await metrics.scrape();
      const line = text.split('\n').find((each) => each.startsWith(`narrative_relay_${series} `));
      return Number(line?.split(' ').at(-1) ?? 0);
    },
    async stop(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, relay.stop()]);
      alarm.disarm();
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The proof of a body: `sha256=` and the HMAC in hex, for `X-Narrative-Signature`. */
export function signatureOf(body: string | Uint8Array, by = secret): string {
  return `sha256=${createHmac('sha256', by).update(body).digest('hex')}`;
}
