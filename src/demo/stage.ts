/** Everything that the demo runs on: a temporary folder, Narrative and the stand-ins, and the relay between them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readRulesFolder } from '../node/rules-folder.ts';
import { loadRules } from '../rules/load.ts';
import type { DestinationConfig } from '../rules/rule-set.ts';
import { relayEnvironment } from './environment.ts';
import { relayNews } from './relay-news.ts';
import { startNarrative, type Narrative } from './narrative.ts';
import { freePort } from './free-port.ts';
import { startRelay, type RelayProcess } from './relay-process.ts';
import type { DemoClocks } from './clocks.ts';
import { copyRules, type DemoRules } from './demo-rules.ts';
import type { Screen } from './screen.ts';
import { startStandIns, type StandIns } from './stand-ins.ts';

export interface Stage extends AsyncDisposable, Narrative {
  /** The one that runs, or ran last. */
  readonly relay: RelayProcess;
  /** On the same database and address. */
  startRelay(): Promise<void>;
  stopRelay(): Promise<void>;
  standIns: StandIns;
  /** As the rules have them, with the demo's fake secrets. */
  destinations: DestinationConfig[];
  folder: string;
  databasePath: string;
  /** A copy of the shipped rules, for the reader to change. */
  rulesPath: string;
  /** Waiting times that the copy has otherwise. */
  shortened: DemoRules['shortened'];
  logPath: string;
  webhookUrl: string;
}

export interface StageOptions {
  /** The relay's port; null takes a free one. */
  port: number | null;
  /** How much faster than real the night is played. */
  times: number;
  clocks: DemoClocks;
  signal: AbortSignal;
}

const host = '127.0.0.1';
const shippedRules = resolve(import.meta.dirname, '../../rules');

/** What it started is stopped, last first, by the stage's disposal, or at once when a part fails to start. */
export async function openStage({ port, times, clocks, signal }: StageOptions, screen: Screen): Promise<Stage> {
  await using closing = new AsyncDisposableStack();
  const folder = closing.adopt(mkdtempSync(join(tmpdir(), 'narrative-relay-demo-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  const rulesPath = join(folder, 'rules');
  const { shortened, mentions } = copyRules(shippedRules, rulesPath, times);
  const standIns = closing.adopt(await startStandIns({ mentions, ...clocks }, screen), (started) => started.close());
  const databasePath = join(folder, 'relay.db');
  const logPath = join(folder, 'relay.log');
  const address = { host, port: port ?? (await freePort(host)) };
  const webhookUrl = `http://${host}:${address.port}/webhooks/narrative`;
  const narrative = closing.adopt(await startNarrative({ webhookUrl, times, clocks, signal }), ({ simulator }) =>
    simulator.close(),
  );
  const narrativeUrl = narrative.simulator.url;
  const addresses = { ...standIns, ...narrative, ...address, narrativeUrl, databasePath, rulesPath };
  const environment = relayEnvironment(addresses, process.env);
  const destinations = destinationsOf(rulesPath, environment);
  const onLog = (line: string) => {
    const news = relayNews(line);
    if (news !== null) screen.alert(screen.style('yellow', news));
  };
  const start = () => startRelay({ environment, folder, aheadMs: clocks.aheadMs(), logPath, onLog, signal });
  let relay = await start();
  closing.defer(() => relay.stop());
  const open = closing.move();
  return {
    ...narrative,
    get relay() {
      return relay;
    },
    async startRelay() {
      relay = await start();
    },
    stopRelay: () => relay.stop(),
    standIns,
    destinations,
    folder,
    databasePath,
    rulesPath,
    shortened,
    logPath,
    webhookUrl,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Rules that are wrong are left to the relay to complain about: it refuses to start and says where. */
function destinationsOf(rulesPath: string, environment: Record<string, string>): DestinationConfig[] {
  const loaded = loadRules(readRulesFolder(rulesPath), (ref) => ('env' in ref ? environment[ref.env] : undefined));
  return loaded.ok ? [...loaded.rules.destinations.values()] : [];
}
