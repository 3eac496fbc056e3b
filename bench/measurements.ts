/** The measurements that need servers: each starts its own and stops them, whatever happens. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PagerDutyStandIn } from '../src/demo/pagerduty-stand-in.ts';
import type { SlackStandIn } from '../src/demo/slack-stand-in.ts';
import { readRulesFolder } from '../src/node/rules-folder.ts';
import { loadRules } from '../src/rules/load.ts';
import { compare, ingestRows, rateRow, ratios, rowOf } from './ingest.ts';
import { measureLatency } from './latency.ts';
import { fillStore } from './million.ts';
import { start, type Running } from './processes.ts';
import { setUpRelay } from './relay-setup.ts';
import type { Row } from './report.ts';
import { secret } from './request.ts';
import type { Role } from './server.ts';

const ingestRounds = 7;
const millionRounds = 5;
const starts = 5;
const million = 1_000_000;
/** For the latency of single alerts: nothing is held back. */
const generousPace = '1000/s';

export interface Surroundings {
  /** For everything that is written; removed by the caller. */
  folder: string;
  slack: SlackStandIn;
  pagerDuty: PagerDutyStandIn;
  progress: (text: string) => void;
}

export function createMeasurements({ folder, slack, pagerDuty, progress }: Surroundings) {
  /** A folder with rules, and the environment for a relay that lives in it. */
  function home(
    name: string,
    { pace = null, incidents = false }: { pace?: string | null; incidents?: boolean } = {},
  ): { folder: string; environment: Record<string, string> } {
    const own = join(folder, name);
    mkdirSync(own);
    return {
      folder: own,
      environment: setUpRelay({ folder: own, slackApiUrl: slack.url, pagerDutyUrl: pagerDuty.url, pace, incidents }),
    };
  }

  /** Starts servers by `launch`, gives them to `work`, and stops all that were started. */
  async function withServers<T>(
    work: (launch: (role: Role | 'relay', at: ReturnType<typeof home>) => Promise<Running>) => Promise<T>,
  ): Promise<T> {
    const running: Running[] = [];
    try {
      return await work(async (role, at) => {
        const server = await start(role, at.environment, at.folder);
        running.push(server);
        return server;
      });
    } finally {
      await Promise.all(running.map((server) => server.stop()));
    }
  }

  function memoryRow(what: string, server: Running): Row[] {
    const memory = server.memory();
    if (memory === null) return [];
    return [{ what, value: memory.now, unit: 'MB', target: { atMost: 200 } }];
  }

  return {
    /** `serve` to ready, on a store that is there. */
    async start(): Promise<Row[]> {
      const at = home('start');
      const times: number[] = [];
      for (let i = 0; i <= starts; i++) {
        progress(`serve to ready, ${i} of ${starts}`);
        const readyAfterMs = await withServers(async (launch) => (await launch('relay', at)).readyAfterMs);
        // The first one makes the store and warms the system's caches.
        if (i > 0) times.push(readyAfterMs);
      }
      return [rowOf('serve to ready', 'ms', { atMost: 1_000 }, times)];
    },

    ingest: (): Promise<Row[]> =>
      withServers(async (launch) => {
        const relay = await launch('relay', home('ingest'));
        const single = await launch('commit-each', home('commit-each'));
        const contenders = [
          { name: 'empty' as const, server: await launch('empty', home('empty')), blind: true },
          { name: 'reading' as const, server: await launch('reading', home('reading')), blind: true },
          { name: 'relay' as const, server: relay, blind: false },
          { name: 'single' as const, server: single, blind: false },
          { name: 'incidents' as const, server: await launch('relay', home('incidents', { incidents: true })), blind: false },
        ];
        const rounds = await compare(contenders, ingestRounds, progress);
        const events = rounds.relay.reduce((sum, { answers }) => sum + (answers['202'] ?? 0), 0);
        return [
          ...ingestRows(rounds),
          ...memoryRow(`memory of serve after ${events.toLocaleString('en-US')} events at full load`, relay),
        ];
      }),

    latency: (): Promise<Row[]> =>
      withServers(async (launch) => {
        progress('event → Slack');
        return await measureLatency(await launch('relay', home('latency', { pace: generousPace, incidents: true })), slack);
      }),

    /** A store with a long history against an empty one. */
    million: (): Promise<Row[]> =>
      withServers(async (launch) => {
        const full = home('million');
        const loaded = loadRules(readRulesFolder(full.environment.RELAY_RULES!), () => secret);
        if (!loaded.ok) throw new Error(`the bench's own rules are wrong: ${JSON.stringify(loaded.problems)}`);
        await fillStore(full.environment.RELAY_DB!, million, loaded.rules, progress);
        const withHistory = await launch('relay', full);
        const contenders = [
          { name: 'empty' as const, server: await launch('relay', home('no-history')), blind: false },
          { name: 'history' as const, server: withHistory, blind: false },
        ];
        const { empty, history } = await compare(contenders, millionRounds, progress);
        return [
          rowOf('1,000,000 stored events against an empty store', '×', { atLeast: 0.8 }, ratios(history, empty)),
          rateRow('  empty store', empty),
          rateRow('  1,000,000 stored events', history),
          ...memoryRow('memory of serve with 1,000,000 stored events, after full load', withHistory),
          { what: 'serve to ready with 1,000,000 stored events', value: withHistory.readyAfterMs, unit: 'ms', target: null },
        ];
      }),
  };
}
