/** What operators ask of a store with a million events, over HTTP, from a relay as it is served. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readRulesFolder } from '../src/node/rules-folder.ts';
import { openSqlite } from '../src/node/sqlite.ts';
import { loadRules } from '../src/rules/load.ts';
import { failedJob } from './event.ts';
import type { Surroundings } from './measurements.ts';
import { fillStore } from './million.ts';
import { start, type Running } from './processes.ts';
import { setUpRelay } from './relay-setup.ts';
import type { Row } from './report.ts';
import { secret } from './request.ts';
import { quantile } from './statistics.ts';

const events = 1_000_000;
/** Of each request. */
const repeats = 20;
/** Of one walk. */
const maxPages = 200;
const target = { atMost: 50 };
const adminToken = 'bench-admin-token-not-a-real-one';

/** Queries by what they look for. Of those in the second part of a pair nothing matches: they look at all they may. */
const lists = {
  events: {
    found: [
      '',
      'limit=200',
      'since=1h',
      'state=failed',
      'state=failed,cancelled&since=6h',
      'type=materialize-view',
      'type=models_*',
      'dataset=10007',
      'outcome=unrouted&kind=job',
      'rule=deliveries-page',
      'subject=datasets_deliver_data%2F10007',
      'text=10007',
      'text=DELIVER&state=failed',
      'subscription=production&limit=200',
    ],
    nothing: [
      'state=nothing',
      'type=nothing',
      'type=*nothing*,no*,*g',
      'dataset=1',
      'outcome=quarantined',
      'rule=nothing',
      'job=nothing',
      'subject=nothing',
      'text=nothing',
      'text=aaaaaaaa',
      'text=1000x&type=*a*,*d*&kind=job&state=failed,completed,running,pending',
    ],
  },
  deliveries: {
    found: [
      '',
      'limit=200',
      'status=dead',
      'status=delivered&since=6h',
      'destination=oncall',
      'rule=deliveries-page&limit=200',
      'status=dead&reason=payload',
      'subject=datasets_deliver_data%2F10007',
    ],
    nothing: [
      'status=open',
      'destination=nothing',
      'rule=nothing',
      'reason=nothing',
      'subject=nothing',
      'status=dead&rule=nothing',
    ],
  },
  incidents: {
    found: ['', 'limit=200', 'status=ended', 'status=all', 'kind=late', 'text=4321', 'status=all&text=4321'],
    nothing: ['kind=expect', 'text=nothing', 'status=ended&text=nothing', 'status=all&kind=expect'],
  },
} as const;

/** Each page of these walks, as far as `maxPages`. */
const walks = [
  'events?state=failed',
  'events?limit=200',
  'events?text=nothing',
  'deliveries?status=dead',
  'deliveries?limit=200',
  'incidents?',
];
const counts = ['stats', 'stats?since=31d', 'destinations'];

export async function measureLists({ folder, slack, pagerDuty, progress }: Surroundings): Promise<Row[]> {
  const own = join(folder, 'lists');
  mkdirSync(own);
  const environment = setUpRelay({
    folder: own,
    slackApiUrl: slack.url,
    pagerDutyUrl: pagerDuty.url,
    pace: null,
    incidents: false,
  });
  const loaded = loadRules(readRulesFolder(environment.RELAY_RULES!), () => secret);
  if (!loaded.ok) throw new Error(`the bench's own rules are wrong: ${JSON.stringify(loaded.problems)}`);
  await fillStore(environment.RELAY_DB!, events, loaded.rules, progress, jobAt);
  addTroubles(environment.RELAY_DB!);
  const relay = await start('relay', { ...environment, RELAY_ADMIN_TOKEN: adminToken }, own);
  try {
    return await measured(relay, progress);
  } finally {
    await relay.stop();
  }
}

async function measured(relay: Running, progress: (text: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  const all: Timed[] = [];

  async function measure(what: string, work: () => Promise<Timed[]>): Promise<void> {
    progress(`lists: ${what}`);
    const cpuBefore = relay.cpuSeconds() ?? Number.NaN;
    const timed = await work();
    const cpuMs = ((relay.cpuSeconds() ?? Number.NaN) - cpuBefore) * 1_000;
    all.push(...timed);
    rows.push(
      { what: `  ${what}: p50`, value: quantileOf(timed, 0.5), unit: 'ms', target: null },
      { what: `  ${what}: p95`, value: quantileOf(timed, 0.95), unit: 'ms', target },
      // Hardly moves with other work on the machine.
      { what: `  ${what}: processor time of one`, value: cpuMs / timed.length, unit: 'ms', target: null },
    );
  }

  for (const [name, { found, nothing }] of Object.entries(lists)) {
    const paths = (queries: readonly string[]) => queries.map((query) => `${name}?${query}`);
    await measure(`${name}, filters that find`, () => asked(relay, paths(found)));
    await measure(`${name}, filters that match nothing`, () => asked(relay, paths(nothing)));
  }
  await measure('each page of a deep walk', async () => {
    const pages: Timed[] = [];
    for (const path of walks) pages.push(...(await walked(relay, path)));
    return pages;
  });
  await measure('counts, and how destinations are', () => asked(relay, counts));
  const slowest = all.reduce((a, b) => (b.ms > a.ms ? b : a));
  const what = `lists with ${events.toLocaleString('en-US')} events`;
  return [
    { what: `${what}: p95 of all requests`, value: quantileOf(all, 0.95), unit: 'ms', target },
    { what: `  the slowest: ${slowest.path}`, value: slowest.ms, unit: 'ms', target: null },
    ...rows,
  ];
}

interface Timed {
  path: string;
  ms: number;
}

function quantileOf(timed: readonly Timed[], share: number): number {
  return quantile(
    timed.map(({ ms }) => ms),
    share,
  );
}

async function asked(relay: Running, paths: readonly string[]): Promise<Timed[]> {
  const timed: Timed[] = [];
  // In turn: what disturbs the machine for a while disturbs all of them.
  for (let i = 0; i < repeats; i++) for (const path of paths) timed.push((await ask(relay, path)).timed);
  return timed;
}

async function walked(relay: Running, path: string): Promise<Timed[]> {
  const timed: Timed[] = [];
  for (let next: string | null = null; timed.length < maxPages;) {
    const page = await ask(relay, next === null ? path : `${path}&before=${next}`);
    timed.push({ ...page.timed, path });
    ({ next } = page);
    if (next === null) break;
  }
  return timed;
}

async function ask({ port }: Running, path: string): Promise<{ timed: Timed; next: string | null }> {
  const startedAt = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, { headers: { authorization: `Bearer ${adminToken}` } });
  const text = await response.text();
  const ms = performance.now() - startedAt;
  if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text.slice(0, 500)}`);
  return { timed: { path, ms }, next: (JSON.parse(text) as { next?: string | null }).next ?? null };
}

const jobTypes = ['materialize-view', 'datasets_deliver_data', 'models_deliver_model', 'upload-stats'];
const states = ['pending', 'running', 'completed', 'failed'];

/** Jobs of several types in all their states; one in eight is a failure that the rules send to two destinations. */
function jobAt(startMs: number, n: number): unknown {
  const event = failedJob(startMs, n);
  const state = states[n % states.length]!;
  const type = n % 8 === 7 ? 'datasets_deliver_data' : jobTypes[Math.floor(n / 4) % jobTypes.length]!;
  return { ...event, type: `job.${state}`, data: { ...event.data, state, type } };
}

/** One delivery in a hundred died, and so many incidents as no company should have. */
function addTroubles(path: string): void {
  const { sql, close } = openSqlite(path);
  sql.transaction(() => {
    sql.query(
      `UPDATE deliveries SET status = 'dead', reason = 'payload', detail = 'invalid_blocks'
       WHERE (event_seq, n) IN (SELECT event_seq, n FROM (SELECT event_seq, n, row_number() OVER () AS nth FROM deliveries) WHERE nth % 100 = 0)`,
    );
    sql.query(
      `INSERT INTO incidents (id, kind, subject, opened_at, last_at, failures, first_said, last_said, ended_at)
       SELECT seq, iif(nth % 20 = 0, 'late', 'subject'), job_type || '/' || nth, received_at, received_at, 3, 'stage failure', 'stage failure',
         iif(nth % 2 = 0, received_at, NULL)
       FROM (SELECT seq, job_type, received_at, row_number() OVER () AS nth FROM events) WHERE nth % 2 = 0 OR nth % 3 = 0
       ON CONFLICT DO NOTHING`,
    );
  });
  close();
}
