/** The console is loaded when somebody first asks for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { createLazyConsole } from '../../src/console/lazy.ts';
import { createSilences } from '../../src/incident/silences.ts';
import { nodeHash, nodeRandom } from '../../src/node/ports.ts';
import { nodeRequestReader } from '../../src/node/read-request.ts';
import { openSqlite } from '../../src/node/sqlite.ts';
import type { Log } from '../../src/ports.ts';
import { migrate } from '../../src/store/migrations.ts';
import { quietOperations } from './views.ts';

test('one that could not be loaded is tried again by the next who asks', async ({ onTestFinished }) => {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-lazy-'));
  const store = openSqlite(join(folder, 'relay.db'));
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  migrate(store.sql);
  const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const clock = { now: () => Date.UTC(2026, 2, 1) };
  let isThere = false;
  const console = createLazyConsole({
    token: 'operators-token-not-a-real-one',
    operations: quietOperations(),
    silences: createSilences({ sql: store.sql, clock, log, mutes: () => [], onChange: () => {}, wake: () => {} }),
    readiness: () => ({ ready: true, details: {} }),
    reader: nodeRequestReader,
    clock,
    random: nodeRandom,
    hash: nodeHash,
    log,
    clean: (text) => text,
    assets: {
      htmx() {
        if (!isThere) throw new Error('htmx can not be read');
        return '// htmx';
      },
    },
    version: '0.0.0-test',
  });
  const app = new Hono().route('/console', console);
  app.onError((error, context) => context.text(error.message, 500));
  expect((await app.request('/console/sign-in')).status).toBe(500);
  isThere = true;
  expect((await app.request('/console/sign-in')).status).toBe(200);
});
