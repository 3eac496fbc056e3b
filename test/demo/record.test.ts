import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readRecord } from '../../src/demo/record.ts';
import { openSqlite } from '../../src/node/sqlite.ts';
import { createReplayStage } from '../operate/replay-stage.ts';

const rules = `destinations: { chat: { type: console } }
rules:
  - { name: each, match: { states: [failed] }, send: [{ to: chat }] }
`;

test('what the relay found, replayed or said of itself is no webhook, and no delivery that one planned', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-record-'));
  const path = join(folder, 'relay.db');
  const { sql, close } = openSqlite(path);
  onTestFinished(() => {
    close();
    rmSync(folder, { recursive: true });
  });
  const stage = createReplayStage(rules, { sql });
  const id = await stage.comes();
  await stage.comes({}, { scheme: 'reconcile' });
  await stage.again(id);
  const facts = { topic: 'backlog', state: 'failed', about: null, detail: 'it grows' } as const;
  sql.transaction(() => stage.ledger.raise(facts, stage.now));
  const { events, reconciled, fates, destinations } = readRecord(path, stage.now);
  expect([...events]).toEqual([['routed', 1]]);
  expect(reconciled.events).toBe(1);
  expect([...fates]).toEqual([['told', 2]]);
  expect(destinations).toMatchObject([{ destination: 'chat', planned: 1, added: 2 }]);
});
