/** How fast events are taken, durably, side by side with servers that do less or commit more often. */
import type { LoadResult } from './load.ts';
import type { Running } from './processes.ts';
import type { Row } from './report.ts';
import { runLoad } from './run-load.ts';
import { median } from './statistics.ts';

export const connections = 64;
const warmUpSeconds = 0.5;
const seconds = 2.5;
/** More than any relay here takes in one round. */
const prepared = 60_000;
/** In the time of the events: each round goes on where the one before can't have been yet. */
const roundApartMs = 3_600_000;

export interface Contender<Name extends string> {
  name: Name;
  server: Running;
  /** It doesn't look at events: the same ones again will do. */
  blind: boolean;
}

export interface Round extends LoadResult {
  /** The server's processor time for one request, all its threads, µs; NaN where the system doesn't tell. */
  cpuUs: number;
}

export type Rounds<Name extends string> = Record<Name, Round[]>;

/** Each in turn, `count` times: what disturbs the machine for a while disturbs all of them. */
export async function compare<Name extends string>(
  contenders: readonly Contender<Name>[],
  count: number,
  progress: (text: string) => void,
): Promise<Rounds<Name>> {
  const firstMs = Date.now();
  const rounds = Object.fromEntries(contenders.map(({ name }) => [name, []])) as unknown as Rounds<Name>;
  for (let round = 1; round <= count; round++) {
    for (const { name, server, blind } of contenders) {
      progress(`${name}, round ${round} of ${count}`);
      const startMs = firstMs + round * roundApartMs;
      const cpuBefore = server.cpuSeconds() ?? Number.NaN;
      const result = await runLoad({ port: server.port, connections, warmUpSeconds, seconds, prepared, repeat: blind, startMs });
      const cpuSeconds = (server.cpuSeconds() ?? Number.NaN) - cpuBefore;
      const requests = Object.values(result.answers).reduce((sum, count) => sum + count, 0);
      rounds[name].push({ ...result, cpuUs: (cpuSeconds * 1e6) / requests });
    }
  }
  return rounds;
}

/** The ratio of two contenders' rates in each round. */
export function ratios(over: readonly Round[], under: readonly Round[]): number[] {
  return over.map(({ perSecond }, i) => perSecond / under[i]!.perSecond);
}

export function rateRow(what: string, results: readonly Round[]): Row {
  return rowOf(
    what,
    '/s',
    null,
    results.map(({ perSecond }) => perSecond),
  );
}

/** Hardly moves with other work on the machine, so it tells whether a rate that changed means anything. */
function cpuRow(what: string, results: readonly Round[]): Row {
  return rowOf(
    what,
    'µs',
    null,
    results.map(({ cpuUs }) => cpuUs),
  );
}

/** The median of the rounds. */
export function rowOf(what: string, unit: Row['unit'], target: Row['target'], rounds: readonly number[]): Row {
  return { what, unit, target, value: median(rounds), rounds };
}

export function ingestRows({
  empty,
  reading,
  relay,
  single,
  incidents,
}: Rounds<'empty' | 'reading' | 'relay' | 'single' | 'incidents'>): Row[] {
  const at64 = `${connections} connections`;
  return [
    rowOf(`durable ingest against an empty Hono handler, ${at64}`, '×', { atLeast: 0.5 }, ratios(relay, empty)),
    rowOf('durable ingest against a handler that reads the body', '×', null, ratios(relay, reading)),
    rowOf('durable ingest against one commit per event', '×', { atLeast: 5 }, ratios(relay, single)),
    rowOf('durable ingest with incident rules against without', '×', { atLeast: 0.8 }, ratios(incidents, relay)),
    rowOf(
      `ack latency at ${at64}, incident rules: p99`,
      'ms',
      { atMost: 50 },
      incidents.map(({ latency }) => latency.p99),
    ),
    rowOf(
      `ack latency at ${at64}: p99`,
      'ms',
      { atMost: 50 },
      relay.map(({ latency }) => latency.p99),
    ),
    rowOf(
      `ack latency at ${at64}: p50`,
      'ms',
      null,
      relay.map(({ latency }) => latency.p50),
    ),
    rateRow('rates: empty handler', empty),
    rateRow('  handler that reads the body', reading),
    rateRow('  durable ingest', relay),
    rateRow('  durable ingest, incident rules', incidents),
    rateRow('  durable ingest, one commit per event', single),
    cpuRow('processor time of one request: empty handler', empty),
    cpuRow('  durable ingest', relay),
    cpuRow('  durable ingest, incident rules', incidents),
    rowOf(
      'share of a core the load generator took: empty handler',
      '×',
      null,
      empty.map(({ generatorLoad }) => generatorLoad),
    ),
    rowOf(
      '  durable ingest',
      '×',
      null,
      relay.map(({ generatorLoad }) => generatorLoad),
    ),
  ];
}
