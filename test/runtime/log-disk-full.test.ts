/** A log that can't be written costs its lines and nothing else: neither an event nor the process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/demo/free-port.ts';
import { printingRules } from './prepare-relay.ts';
import { failedJob, post, secret } from './signed-event.ts';

test('with its log on a full disk it takes events, stays ready, and stops when asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-full-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'rules'));
  writeFileSync(join(folder, 'rules', 'relay.yaml'), printingRules);
  const port = await freePort('127.0.0.1');
  const full = openSync('/dev/full', 'w'); // Each write to it fails with ENOSPC: full(4).
  const child = spawn(process.execPath, ['src/cli/main.ts', 'serve'], {
    env: {
      PORT: String(port),
      RELAY_DB: join(folder, 'relay.db'),
      RELAY_RULES: join(folder, 'rules'),
      NARRATIVE_WEBHOOK_SECRET: secret,
    },
    stdio: ['ignore', full, 'ignore'],
  });
  closeSync(full);
  const ended = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url);
  for (const id of ['1', '2', '3']) expect((await post(url, failedJob(id))).status).toBe(202);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

async function untilReady(url: string): Promise<void> {
  for (const deadline = AbortSignal.timeout(15_000); ;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
