/** `relay backup`, beside a relay that runs and without one; and what a relay makes of the backup. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { prepareRelay, printingRules, untilStatus, type PreparedRelay } from '../runtime/prepare-relay.ts';
import { failedJob, post } from '../runtime/signed-event.ts';
import { relay } from './relay-command.ts';

const prepared = () => prepareRelay({ onTestFinished }, { rules: printingRules });

/** A relay that runs and has taken these. */
async function running(ids: readonly string[]): Promise<PreparedRelay & { url: string; eventIds: string[] }> {
  const relay = prepared();
  const url = await relay.launch().ready;
  const eventIds: string[] = [];
  for (const id of ids) {
    const answer = (await (await post(url, failedJob(id))).json()) as { event_id: string };
    eventIds.push(answer.event_id);
  }
  return { ...relay, url, eventIds };
}

/** A store of some 40 MB, that nothing has open. */
async function large(): Promise<PreparedRelay> {
  const relay = prepared();
  const child = spawn(process.execPath, ['test/node/backup-writer.ts', relay.databasePath, '16000'], { stdio: 'ignore' });
  expect(await once(child, 'exit')).toEqual([0, null]);
  return relay;
}

const backup = (file: string, db: string, ...more: string[]) => relay(['backup', file, '--db', db, ...more]);

describe('beside a relay that runs', () => {
  test('a relay that is started on the backup is ready, and knows the events', async () => {
    const { folder, databasePath, launch, eventIds } = await running(['1', '2']);
    const made = await backup(join(folder, 'copy.db'), databasePath);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toMatch(new RegExp(`copy\\.db: \\d+ kB, 2 events up to ${eventIds[1]}, checked\\n$`));

    const restored = join(folder, 'restored.db');
    copyFileSync(join(folder, 'copy.db'), restored);
    const second = await launch({ environment: { RELAY_DB: restored } }).ready;
    await untilStatus(`${second}/readyz`, 200);
    expect(await (await post(second, failedJob('2'))).json()).toMatchObject({ status: 'duplicate', event_id: eventIds[1] });
    expect(await (await post(second, failedJob('3'))).json()).toMatchObject({ status: 'accepted' });
  });

  test('--json says what the backup holds', async () => {
    const { folder, databasePath, eventIds } = await running(['1']);
    const file = join(folder, 'copy.db');
    const { status, stdout } = await backup(file, databasePath, '--json', '--no-check');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      file,
      bytes: statSync(file).size,
      events: 1,
      newest_event: eventIds[0],
      schema_version: expect.any(Number),
      checked: false,
      took_ms: expect.any(Number),
    });
  });

  test('in a folder it gets a name of its own, by the time', async () => {
    const { folder, databasePath } = await running([]);
    mkdirSync(join(folder, 'backups'));
    const { stdout } = await backup(join(folder, 'backups'), databasePath);
    const [name, ...others] = readdirSync(join(folder, 'backups'));
    expect(name).toMatch(/^relay-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.db$/);
    expect(others).toEqual([]);
    expect(stdout).toMatch(/: \d+ kB, no events, checked\n$/);
  });
});

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'ended by %s in the middle, there is no backup; the next one is made',
  async (signal) => {
    const { folder, databasePath } = await large();
    const backups = join(folder, 'backups');
    const file = join(backups, 'copy.db');
    mkdirSync(backups);
    const seen = watch(backups);
    const child = spawn(process.execPath, ['src/cli/main.ts', 'backup', file, '--db', databasePath], { env: {}, stdio: 'pipe' });
    const [said, ended] = [text(child.stderr), once(child, 'close')];
    await Promise.race([once(seen, 'change'), ended]); // The partial file has come to be.
    seen.close();
    child.kill(signal);
    expect(await ended).toEqual(signal === 'SIGKILL' ? [null, signal] : [1, null]);
    expect(await said).toBe(signal === 'SIGKILL' ? '' : 'stopped: no backup was made, and nothing is left of it\n');
    expect(existsSync(file)).toBe(false);
    expect(existsSync(`${file}.partial`)).toBe(signal === 'SIGKILL');

    expect(await backup(file, databasePath)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(' 16000 events up to evt_'),
    });
    expect(readdirSync(backups)).toEqual(['copy.db']);
  },
);

test('on a full disk nothing is left of it, and the error says where to look', async () => {
  const { folder, databasePath } = await large();
  const backups = join(folder, 'backups');
  const file = join(backups, 'copy.db');
  mkdirSync(backups);
  // Files can't grow beyond 2 MiB, counted in blocks of 512 bytes.
  const command = [process.execPath, 'src/cli/main.ts', 'backup', file, '--db', databasePath];
  const child = spawn('sh', ['-c', 'ulimit -S -f 4096 && exec "$@"', 'sh', ...command], { env: {}, stdio: 'pipe' });
  const [said, ended] = [text(child.stderr), once(child, 'close')];
  expect(await ended).toEqual([3, null]);
  expect(await said).toMatch(
    new RegExp(
      `^${databasePath} can't be copied to ${file}: .+\\. Check free space, limits and permissions of ${backups}\\.\\n$`,
    ),
  );
  expect(readdirSync(backups)).toEqual([]);
});

describe('is refused', () => {
  test('over a file that is there, but by force', async () => {
    const { folder, databasePath } = await running(['1']);
    const file = join(folder, 'copy.db');
    writeFileSync(file, 'the one before');
    expect(await backup(file, databasePath)).toEqual({
      status: 2,
      stdout: '',
      stderr: `${file} is there already: name another file, or replace it with --force\n`,
    });
    expect(await backup(file, databasePath, '--force')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 event up to'),
    });
  });

  test('over the store itself, even by force', async () => {
    const { databasePath, url } = await running(['1']);
    expect(await backup(databasePath, databasePath, '--force')).toMatchObject({
      status: 2,
      stderr: `${databasePath} is the store itself, or belongs to it: name another file\n`,
    });
    expect((await post(url, failedJob('2'))).status).toBe(202);
  });

  test('of a store that is not there, or is none', async () => {
    const { folder } = prepared();
    const other = join(folder, 'notes.db');
    expect(await backup(join(folder, 'copy.db'), other)).toMatchObject({
      status: 2,
      stderr: `there is no database ${other}: name the relay's with --db, or set RELAY_DB\n`,
    });
    writeFileSync(other, 'These are notes, no database.\n'.repeat(200));
    const refused = await backup(join(folder, 'copy.db'), other);
    expect(refused).toMatchObject({ status: 3, stderr: expect.stringContaining('is damaged or no SQLite database') });
    expect(readdirSync(folder).toSorted()).toEqual(['notes.db', 'rules']);
  });
});
