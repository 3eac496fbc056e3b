/** A real console on loopback, before operations that show what a test wants shown; the silences are real, in a real database file. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import type { TestContext } from 'vitest';
import { createConsole } from '../../src/console/console.ts';
import type { Readiness } from '../../src/http/app.ts';
import { createSilences } from '../../src/incident/silences.ts';
import { nodeConsoleAssets } from '../../src/node/console-assets.ts';
import { nodeHash, nodeRandom } from '../../src/node/ports.ts';
import { nodeRequestReader } from '../../src/node/read-request.ts';
import { openSqlite } from '../../src/node/sqlite.ts';
import type { Operations } from '../../src/operate/operations.ts';
import type { Log } from '../../src/ports.ts';
import { migrate } from '../../src/store/migrations.ts';
import { quietOperations } from './views.ts';
import { createVisitor } from './visitor.ts';

export const token = 'operators-token-not-a-real-one';
/** Of the clock, at first: 02:48 UTC. */
export const startMs = Date.parse('2026-03-01T02:48:00Z');

export interface ConsoleStageOptions {
  /** Null: none is configured. */
  token?: string | null;
  operations?: Operations;
  readiness?: () => Readiness;
  clean?: (text: string) => string;
}

export interface LogLine extends Record<string, unknown> {
  level: string;
  message: string;
}

export type ConsoleStage = Awaited<ReturnType<typeof openConsole>>;

export async function openConsole(context: Pick<TestContext, 'onTestFinished'>, options: ConsoleStageOptions = {}) {
  const { operations = quietOperations(), readiness = () => ({ ready: true, details: {} }), clean = (text) => text } = options;
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-console-'));
  const store = openSqlite(join(folder, 'relay.db'));
  migrate(store.sql);
  const clock = { ms: startMs, now: () => clock.ms };
  const logged: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) => void logged.push({ level, message, ...fields });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const silences = createSilences({ sql: store.sql, clock, log, mutes: () => [], onChange: () => {}, wake: () => {} });
  const make = (adminToken: string | undefined) =>
    createConsole({
      token: adminToken,
      operations,
      silences,
      readiness,
      reader: nodeRequestReader,
      clock,
      random: nodeRandom,
      hash: nodeHash,
      log,
      clean,
      assets: nodeConsoleAssets,
      version: '0.0.0-test',
    });
  let app = new Hono({ strict: false }).route('/console', make(options.token === null ? undefined : (options.token ?? token)));
  const server = createAdaptorServer({ fetch: (request, env) => app.fetch(request, env as object) }) as Server;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  context.onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    url,
    clock,
    logged,
    silences,
    routes: () => app.routes,
    /** The relay is started anew, with this token. */
    restart(adminToken: string) {
      app = new Hono({ strict: false }).route('/console', make(adminToken));
    },
    visitor: () => createVisitor(url),
    /** A browser that is signed in. */
    async operator() {
      const visitor = createVisitor(url);
      await visitor.get('/console/sign-in');
      const answer = await visitor.submit('/console/sign-in', { token });
      if (answer.status !== 303) throw new Error(`signing in was answered with ${answer.status}: ${answer.text}`);
      return visitor;
    },
  };
}
