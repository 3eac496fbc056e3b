/** The relay as one Node process: one SQLite file, one HTTP server. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createRedactor } from '../observe/redact.ts';
import { createRelay } from '../relay.ts';
import { loadRules } from '../rules/load.ts';
import { formatProblem } from '../rules/problem.ts';
import type { Clock } from '../ports.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { secretsOf } from '../rules/secrets.ts';
import type { RulesFile } from '../rules/source.ts';
import type { Settings } from '../settings.ts';
import { nodeConsoleAssets } from './console-assets.ts';
import { createNodeLog } from './log.ts';
import { createNodeAlarm, nodeClock, nodeHash, nodeRandom } from './ports.ts';
import { createPrometheus } from './prometheus.ts';
import { nodeRequestReader } from './read-request.ts';
import { readRulesFolder, readSecret } from './rules-folder.ts';
import { openSqlite, storeErrorOf, type SqliteStore } from './sqlite.ts';
import { storeBytes } from './store-size.ts';
import { version } from './version.ts';
import { watchRules } from './watch-rules.ts';

/** Longest a client may take to send its headers, and its whole request, ms; looked at every so often. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
const connectionsCheckingIntervalMs = 5_000;
/** Longer than a proxy keeps its idle connections (Caddy: 2 min), so that none is closed under a request that can't be sent twice. */
const keepAliveTimeoutMs = 150_000;
/** How often a relay that stops looks for connections that have become idle, ms. */
const closeIdleEveryMs = 50;
/** How often past events are pruned, ms. */
const pruneEveryMs = 60_000;

/** The rules can't be used; `problems` are lines for people. */
export class RulesError extends Error {
  readonly problems: string[];
  constructor(folder: string, problems: string[]) {
    super(`the rules in ${folder} have ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`);
    this.problems = problems;
  }
}

export interface Serving {
  /** Where it listens: `http://127.0.0.1:8787`. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts; resolves when it is ready. Throws `RulesError`, `StoreError`, or the system's error for the port. `clock` may be ahead or
 * behind, as the demo's is, but has to go on as time does.
 */
export async function serve(settings: Settings, warnings: readonly string[], clock: Clock = nodeClock): Promise<Serving> {
  const startedAt = performance.now();
  const files = readRulesFolder(settings.rulesFolder);
  const rules = requireRules(settings.rulesFolder, files);
  const { log, redact, flush } = createNodeLog(settings.logLevel);
  /** Of all rules that were ever in force here: an answer that quotes an old one may still come. And the tokens of the settings. */
  const secrets = new Set(secretsOf(rules));
  for (const token of [settings.adminToken, settings.narrativeApiToken]) if (token !== undefined) secrets.add(token);
  let clean = createRedactor([...secrets]);
  redact((text) => clean(text));
  for (const warning of warnings) log.warn(warning);
  // What the console destination prints can fail as the log can; that is no reason to end.
  process.stdout.on('error', (error) => log.debug({ err: error }, "standard output can't be written"));
  const store = openSqlite(settings.databasePath);
  const alarm = createNodeAlarm(clock, () => relay.ring());
  const metrics = createPrometheus((into) => relay.refreshGauges(into));
  const relay = orClose(store, settings.databasePath, () =>
    createRelay({
      ports: {
        sql: store.sql,
        clock,
        random: nodeRandom,
        hash: nodeHash,
        fetch: globalThis.fetch,
        alarm,
        afterTurn: setImmediate,
        log,
      },
      settings,
      rules,
      reader: nodeRequestReader,
      metrics,
      scrape: metrics.scrape,
      print: (text) => void process.stdout.write(text),
      clean: (text) => clean(text),
      consoleAssets: nodeConsoleAssets,
      storeBytes: () => storeBytes(settings.databasePath),
      version,
    }),
  );
  const server = createAdaptorServer({
    fetch: relay.app.fetch,
    serverOptions: {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: connectionsCheckingIntervalMs,
      keepAliveTimeout: keepAliveTimeoutMs,
    },
  }) as Server;
  try {
    await listen(server, settings);
    relay.start();
  } catch (error) {
    server.close();
    store.close();
    throw storeErrorOf(settings.databasePath, error);
  }

  function changeRules(found: RulesFile[] | Error): void {
    const problems = tryRules(found);
    metrics.count('rules_reload_total', { outcome: problems.length === 0 ? 'loaded' : 'refused' });
    relay.reportRulesProblems(problems);
    if (problems.length > 0) log.error({ problems }, 'changed rules refused: the ones before stay in force');
  }

  /** Puts changed rules in force; or says what is wrong with them, and nothing has changed. */
  function tryRules(found: RulesFile[] | Error): string[] {
    if (found instanceof Error) return [found.message];
    try {
      const loaded = loadRules(found, readSecret);
      if (!loaded.ok) return loaded.problems.map(formatProblem);
      for (const secret of secretsOf(loaded.rules)) secrets.add(secret);
      clean = createRedactor([...secrets]);
      relay.replaceRules(loaded.rules);
      log.info({ rules_version: loaded.rules.version, rules: loaded.rules.rules.length }, 'rules reloaded');
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  }
  const watching = watchRules(settings.rulesFolder, files, () => readRulesFolder(settings.rulesFolder), changeRules);
  process.on('SIGHUP', watching.reload);
  const pruning = setInterval(relay.prune, pruneEveryMs);
  relay.prune();

  const { address, port, family } = server.address() as AddressInfo;
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  log.info({ url, version, rules: rules.rules.length, took_ms: Math.round(performance.now() - startedAt) }, 'ready');

  return {
    url,
    async stop() {
      log.info('stopping: no more requests are taken, sends under way may end');
      process.off('SIGHUP', watching.reload);
      watching.stop();
      clearInterval(pruning);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A connection whose answer ends now is idle only then, and a browser would keep it for minutes.
      const closing = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs);
      server.closeIdleConnections();
      try {
        await Promise.all([relay.stop(), Promise.race([closed, relayGrace()])]);
      } finally {
        clearInterval(closing);
        server.closeAllConnections();
        store.close();
      }
      log.info('stopped');
      await flush();
    },
  };
}

/** When it fails, the database is free again, and what it had against the relay is a `StoreError`. */
function orClose<T>(store: SqliteStore, path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    store.close();
    throw storeErrorOf(path, error);
  }
}

/** For requests in flight at a stop. */
function relayGrace(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5_000).unref());
}

function requireRules(folder: string, files: RulesFile[]): RuleSet {
  const loaded = loadRules(files, readSecret);
  if (loaded.ok) return loaded.rules;
  throw new RulesError(folder, loaded.problems.map(formatProblem));
}

function listen(server: Server, { host, port }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
