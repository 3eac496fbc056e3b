/** What `relay doctor` says of the relay that runs, of its store and of its events: a real one on loopback, writing a real file. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkConservation } from '../../src/cli/doctor/conservation.ts';
import { checkRelay } from '../../src/cli/doctor/relay.ts';
import { checkStore } from '../../src/cli/doctor/store.ts';
import { answerTo, jobBody } from '../http/narrative-event.ts';
import { startRelayUnderTest, type RelayUnderTest } from '../http/relay-under-test.ts';
import { closedAddress, look, rulesText } from './doctor-stage.ts';

const token = 'fake-operators-token-0001';
const printing = '- { name: failures, match: { states: [failed] }, send: [{ to: console }] }';
const watching = '- { name: stuck, match: { job_types: ["*"] }, late: { running: 90m }, send: [{ to: console }] }';
const rules = [printing, watching];

let relay: RelayUnderTest;
let folder: string;
let server: Server | null;

beforeEach(async () => {
  relay = await startRelayUnderTest({ rules: rulesText({ rules }), adminToken: token });
  folder = mkdtempSync(join(tmpdir(), 'doctor-relay-'));
  server = null;
});
afterEach(async () => {
  await relay.stop();
  rmSync(folder, { recursive: true });
  server?.closeAllConnections();
  server?.close();
});

const env = (more: Record<string, string> = {}) => ({
  RELAY_URL: relay.url,
  RELAY_ADMIN_TOKEN: token,
  RELAY_DB: relay.databasePath,
  ...more,
});

let sent = 0;
const happens = (state: string, job: Record<string, unknown> = {}) => {
  const id = `event-${++sent}`;
  return answerTo(relay, jobBody({ id, jobId: `job-${id}`, state, ...job }));
};

/** A copy of the store in which something was changed, as no relay would; the relay that runs sees none of it. */
function copied(change: string): string {
  const path = join(folder, `copy-${++sent}.db`);
  relay.sql.query('VACUUM INTO ?', path);
  const copy = new Database(path);
  copy.exec(change);
  copy.close();
  return path;
}

describe('the relay', () => {
  const ask = async (more: Record<string, string> = {}, ruleLines = rules) => {
    const found = await look(checkRelay, { rules: ruleLines, env: env(more) });
    expect(JSON.stringify(found)).not.toContain(token);
    return found;
  };
  /** Somebody else at its address. */
  async function played(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
    server = createServer((_request, response) => response.writeHead(status, headers).end(body)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const readiness = (more: object) =>
    JSON.stringify({
      status: 'ready',
      version: '1',
      store: 'writable',
      rules: { version: 'x', problems: [] },
      parked: [],
      ...more,
    });

  test('that is ready, by these rules, and takes the token, is in order', async () => {
    expect(await ask()).toEqual({
      lines: [
        `✓ ready: at ${relay.url}, version 0.0.0-test`,
        '✓ rules in force: are those that were looked at above',
        '✓ operator API: takes RELAY_ADMIN_TOKEN',
        "✓ clock: this machine's and the relay's agree",
      ],
      todos: [],
      reached: true,
    });
  });

  test('that does not run is a warning, and all that should answer has', async () => {
    const { lines, todos, reached } = await ask({ RELAY_URL: await closedAddress() });
    expect(lines).toEqual([expect.stringMatching(/^! running: no relay answers at http.*ECONNREFUSED/)]);
    expect({ todos, reached }).toEqual({ todos: ['start it (relay serve), or set RELAY_URL to where it is'], reached: true });
  });

  test('goes by other rules than those that are here', async () => {
    const { lines } = await ask({}, [printing]);
    expect(lines[1]).toMatch(/^! rules in force: the relay goes by other rules \(\w+\) than those/);
  });

  test('takes another token, or none is set here', async () => {
    const other = 'fake-operators-token-0002';
    expect((await ask({ RELAY_ADMIN_TOKEN: other })).lines).toContainEqual(
      '✗ operator API: the relay does not take this RELAY_ADMIN_TOKEN',
    );
    expect((await ask({ RELAY_ADMIN_TOKEN: '' })).lines).toContainEqual(
      expect.stringMatching(/^– operator API: RELAY_ADMIN_TOKEN is not set/),
    );
  });

  test('that is something else is a problem', async () => {
    const { lines } = await ask({ RELAY_URL: await played(200, '<!doctype html>') });
    expect(lines).toEqual([expect.stringMatching(/^✗ running: what answers at .*\/readyz \(HTTP 200\) is no relay$/)]);
  });

  test('that cannot write, refused its rules, broke with its destinations, has its API off and its clock wrong, is told of each', async () => {
    const said = readiness({
      status: 'not ready',
      store: 'database or disk is full',
      rules: { version: 'x', problems: ['relay.yaml:3:1 unknown key', 'another'] },
      parked: [{ destination: 'data-eng', reason: 'channel', detail: 'x' }],
    });
    const date = new Date(Date.now() + 600_000).toUTCString();
    const { lines } = await ask({ RELAY_URL: await played(503, said, { date }) });
    expect(lines).toEqual([
      expect.stringMatching(/^✗ ready: the relay at .* is not ready: database or disk is full\. It answers 503/),
      expect.stringMatching(/^✗ rules in force: the relay refused .*2 problems, first relay\.yaml:3:1 unknown key/),
      '! parked: data-eng broke: alerts for it wait',
      '! operator API: it answers 503',
      expect.stringMatching(/^! clock: this machine's clock is (9 min 5\d s|10 min) behind the relay's$/),
    ]);
  });
});

/** Lets the file say that it has pages to spare, which it has not. Source: sqlite.org/fileformat2.html, offset 36 of the header. */
function miscountFreePages(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, new Uint8Array([0, 0, 0, 7]), 0, 4, 36);
  closeSync(file);
}

describe('the store', () => {
  const ask = (more: Record<string, string> = {}, thorough = false) => look(checkStore, { rules, thorough, env: env(more) });

  test('that a relay is writing is in order, and what was left out is said', async () => {
    await happens('failed');
    const { lines, todos } = await ask();
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^✓ file: ${relay.databasePath}, [\\d.]+ KB$`)),
      expect.stringMatching(/^[✓!] room: [\d.]+ [GMT]B are free on its volume/),
      '✓ schema: is the one that this version knows',
      expect.stringMatching(/^✓ journal: WAL, [\d.]+ [KM]?B$/),
      expect.stringMatching(/^✓ retention: the oldest event is from .* UTC; kept for 30 days$/),
      '– damage: not looked for: on a large file it takes minutes',
    ]);
    expect(todos).toContainEqual('relay doctor --thorough');
  });

  test('is looked through for damage when that is asked for', async () => {
    expect((await ask({}, true)).lines).toContainEqual('✓ damage: none found (PRAGMA quick_check)');
    const path = copied('');
    miscountFreePages(path);
    expect((await ask({ RELAY_DB: path })).lines.join()).not.toContain('✗');
    expect((await ask({ RELAY_DB: path }, true)).lines.at(-1)).toMatch(/^✗ damage: the file is damaged: .*freelist/i);
  });

  test('that is not there is said, and no file is made', async () => {
    const path = join(folder, 'none.db');
    expect((await ask({ RELAY_DB: path })).lines).toEqual([`– file: there is no database ${path}`]);
    expect((await look(checkConservation, { env: env({ RELAY_DB: path }) })).lines).toEqual([]);
  });

  test('that is no database, none of a relay, or of another version, is told as such', async () => {
    const path = join(folder, 'relay.db');
    writeFileSync(path, 'this is no database, but long enough to be looked at as one'.repeat(100));
    expect((await ask({ RELAY_DB: path })).lines).toEqual([expect.stringMatching(/^✗ file: .*is damaged or no SQLite database/)]);
    rmSync(path);
    const other = new Database(path);
    other.exec('CREATE TABLE t (a)');
    expect((await ask({ RELAY_DB: path })).lines).toEqual([`✗ schema: ${path} is a database, but none of a relay`]);
    other.exec('CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (999)');
    other.close();
    expect((await ask({ RELAY_DB: path })).lines).toEqual([expect.stringMatching(/^! schema: .* has schema version 999/)]);
  });

  test('that is not in WAL mode has not been opened by a relay', async () => {
    expect((await ask({ RELAY_DB: copied('') })).lines).toContainEqual(
      expect.stringMatching(/^! journal: journal mode delete instead/),
    );
  });

  test('whose log has grown is told of', async () => {
    truncateSync(`${relay.databasePath}-wal`, 257 * 1024 ** 2);
    expect((await ask()).lines).toContainEqual(expect.stringMatching(/^! journal: the write-ahead log has grown to 257 MB/));
  });

  test('that keeps what is past its time is told of', async () => {
    await happens('failed');
    await happens('completed');
    const path = copied(`UPDATE events SET seq = 1024, received_at = 1 WHERE outcome = 'unrouted'`);
    expect((await ask({ RELAY_DB: path })).lines).toContainEqual(
      '! retention: 1 event is more than a day past RELAY_RETENTION_DAYS (30); the oldest event is from 1970-01-01 00:00 UTC',
    );
  });
});

describe('events and deliveries', () => {
  const ask = (change = '', ruleLines = rules) =>
    look(checkConservation, { rules: ruleLines, env: env({ RELAY_DB: change === '' ? relay.databasePath : copied(change) }) });
  const faults = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('✓'));

  async function untilAllEnded(): Promise<void> {
    const open = () => relay.sql.query(`SELECT 1 FROM deliveries WHERE status NOT IN ('delivered', 'dead')`).length;
    while (open() > 0) await new Promise(setImmediate);
  }

  test('that are all accounted for are counted by what became of them', async () => {
    await happens('failed');
    await happens('failed');
    await happens('completed');
    await answerTo(relay, '{"this":"is no event"}');
    await untilAllEnded();
    expect(await ask()).toEqual({
      lines: [
        '✓ accepted: 4 events: 2 delivered, 1 matched by no rule, 1 quarantined',
        '✓ deliveries: none is dead, overdue or stuck, and no destination is parked',
      ],
      todos: [],
      reached: true,
    });
  });

  test('of which nothing is left are told, but where a rule only watched', async () => {
    await happens('running');
    await happens('failed');
    await untilAllEnded();
    const jobHasMovedOn = 'DELETE FROM late;';
    const watched = await ask(jobHasMovedOn);
    expect(watched.lines[0]).toBe('✓ accepted: 2 events: 1 delivered, 1 watched for what is late or due');
    expect(faults(watched.lines)).toEqual([]);
    const { lines, todos } = await ask(`${jobHasMovedOn} DELETE FROM deliveries`);
    expect(faults(lines)).toEqual([
      expect.stringMatching(/^✗ unaccounted: nothing says what became of 1 event; the first is evt_\w{11}, routed by failures$/),
    ]);
    expect(todos[0]).toMatch(/relay explain evt_/);
    // By rules that have changed since, it can't be told whether the rule watched or sent.
    expect(faults((await ask(`${jobHasMovedOn} DELETE FROM deliveries`, [printing])).lines)).toEqual([
      expect.stringMatching(
        /^– other rules: 2 events matched rules that are not as they were \((stuck, failures|failures, stuck)\)/,
      ),
    ]);
  });

  test('parked destinations and dead letters are warnings that say what to do', async () => {
    await happens('failed');
    await untilAllEnded();
    const hourAgo = Date.now() - 3_600_000;
    const { lines, todos } = await ask(`UPDATE deliveries SET status = 'dead', finished_at = 0, detail = 'invalid_blocks';
      INSERT INTO parked VALUES ('console', ${hourAgo}, 'channel', 'channel_not_found', 2, 0)`);
    expect(faults(lines)).toEqual([
      '! console: dead letters: 1 delivery will not be sent, the last since 1970-01-01 00:00 UTC: invalid_blocks',
      expect.stringMatching(/^! console: parked: broken since .* UTC \(1 h ago\), tried 2 times since; .*channel_not_found$/),
    ]);
    expect(todos.join('\n')).toMatch(/relay deliveries list --status dead --destination console.*\n.*relay send-test console/);
  });

  const long = Date.now() - 16 * 60_000;
  const broken: [string, string, RegExp][] = [
    [
      'could have been sent long ago',
      `status = 'queued', created_at = ${long}, expires_at = ${long} + 86400000`,
      /^✗ console: overdue: 1 delivery could have been sent, the oldest since .* UTC \(16 min.* ago\), and console is not parked$/,
    ],
    [
      'are held by nobody any more',
      `status = 'sending', lease_until = ${long}`,
      /^✗ leases: 1 delivery still held by an attempt that ended long ago; the first is dlv_/,
    ],
    ['wait behind nothing', `status = 'waiting'`, /^✗ stuck: 1 delivery waiting behind .*never to be sent; the first is dlv_/],
    ['are of no event', `event_seq = 1`, /^✗ orphans: 1 delivery .*; the first is dlv_00000000001_1$/],
    [
      'died without a word to their fallback',
      `status = 'dead', finished_at = 0, spec = json_set(spec, '$.fallback', 'triage')`,
      /^✗ fallbacks: 1 delivery that died, and the fallback was not told; the first is dlv_/,
    ],
  ];
  test.each(broken)('deliveries that %s are a problem', async (_what, change, expected) => {
    await happens('failed');
    await untilAllEnded();
    expect(faults((await ask(`UPDATE deliveries SET ${change}`)).lines)).toContainEqual(expect.stringMatching(expected));
  });

  test('deliveries to a destination that the rules no longer have are for the relay to end', async () => {
    await happens('failed');
    await untilAllEnded();
    const { lines } = await ask(
      `UPDATE deliveries SET status = 'queued', created_at = ${long}, expires_at = ${long} + 86400000, destination = 'gone'`,
    );
    expect(faults(lines)).toEqual([]);
  });
});
