/**
 * Servers to compare with, each a process of its own. Roles:
 * - `empty`: a Hono handler that answers 202 and looks at nothing.
 * - `reading`: the same, once it has the body.
 * - `commit-each`: the relay as `serve` builds it, except that each event is a transaction of its own.
 *
 * Run as `node bench/server.ts <role>` with the settings of the relay in the environment.
 */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { nodeConsoleAssets } from '../src/node/console-assets.ts';
import { createNodeLog } from '../src/node/log.ts';
import { createNodeAlarm, nodeClock, nodeHash, nodeRandom } from '../src/node/ports.ts';
import { createPrometheus } from '../src/node/prometheus.ts';
import { nodeRequestReader } from '../src/node/read-request.ts';
import { readRulesFolder, readSecret } from '../src/node/rules-folder.ts';
import { openSqlite } from '../src/node/sqlite.ts';
import { version } from '../src/node/version.ts';
import { createRedactor } from '../src/observe/redact.ts';
import type { AfterTurn } from '../src/ports.ts';
import { createRelay } from '../src/relay.ts';
import { loadRules } from '../src/rules/load.ts';
import { secretsOf } from '../src/rules/secrets.ts';
import { readSettings } from '../src/settings.ts';
import { webhookPath } from './request.ts';

export type Role = 'empty' | 'reading' | 'commit-each';

function appFor(role: Role): Hono {
  switch (role) {
    case 'empty':
      return ready(new Hono()).post(webhookPath, (context) => context.body(null, 202));
    case 'reading':
      return ready(new Hono()).post(webhookPath, async (context) => {
        await context.req.arrayBuffer();
        return context.body(null, 202);
      });
    case 'commit-each':
      return relayApp(oneByOne());
  }
}

function ready(app: Hono): Hono {
  return app.get('/readyz', (context) => context.text('ready'));
}

/** Runs work at once; what that work asks for in turn still waits, so that the outbox costs no more than in `serve`. */
function oneByOne(): AfterTurn {
  let running = false;
  return (work) => {
    if (running) return void setImmediate(work);
    running = true;
    work();
    running = false;
  };
}

function relayApp(afterTurn: AfterTurn): Hono {
  const read = readSettings(process.env);
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const { settings } = read;
  const loaded = loadRules(readRulesFolder(settings.rulesFolder), readSecret);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { log, redact } = createNodeLog(settings.logLevel);
  const clean = createRedactor(secretsOf(loaded.rules));
  redact(clean);
  const metrics = createPrometheus((into) => relay.refreshGauges(into));
  const alarm = createNodeAlarm(nodeClock, () => relay.ring());
  const relay = createRelay({
    ports: {
      sql: openSqlite(settings.databasePath).sql,
      clock: nodeClock,
      random: nodeRandom,
      hash: nodeHash,
      fetch: globalThis.fetch,
      alarm,
      afterTurn,
      log,
    },
    settings,
    rules: loaded.rules,
    reader: nodeRequestReader,
    metrics,
    scrape: metrics.scrape,
    print: () => {},
    clean,
    consoleAssets: nodeConsoleAssets,
    version,
  });
  relay.start();
  return relay.app;
}

const server = createAdaptorServer({ fetch: appFor(process.argv[2] as Role).fetch }) as Server;
server.listen(Number(process.env.PORT), '127.0.0.1');
