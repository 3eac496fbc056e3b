import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerTo, jobBody } from '../http/narrative-event.ts';
import { startRelayUnderTest, type RelayUnderTest } from '../http/relay-under-test.ts';
import { relay as run } from './relay-command.ts';

const rules = `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
rules:
  - { name: patient, match: { states: [failed] }, hold: 10m, recover: true, send: [{ to: console }] }
  - { name: rare, match: { states: [failed] }, repeat: 4h, send: [{ to: console }] }
`;
const subject = 'materialize-view/10736';
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString().replace('Z', '000');

let relay: RelayUnderTest;
let folder: string;

beforeEach(async () => {
  relay = await startRelayUnderTest({ rules });
  folder = mkdtempSync(join(tmpdir(), 'relay-explain-store-'));
  writeFileSync(join(folder, 'relay.yaml'), rules);
});

afterEach(async () => {
  await relay.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function fails(jobId: string, minutes: number): Promise<string> {
  const { event_id } = await answerTo(relay, jobBody({ id: jobId, jobId, updatedAt: minutesAgo(minutes) }));
  return String(event_id);
}

async function explain(what: string, input = ''): Promise<string> {
  const { stdout, stderr, status } = await run(['explain', what, '--rules', folder, '--db', relay.databasePath], { input });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

describe('relay explain, where a store is at hand', () => {
  test('of an event that came: what was done about it, and what each rule still has to say', async () => {
    const id = await fails('job-1', 5);
    await relay.untilPrinted(1);
    const told = await explain(id);
    expect(told).toContain(`${id}  routed, received `);
    expect(told).toMatch(new RegExp(`patient: held until .* UTC, cancelled if ${subject} completes`));
    expect(told).toMatch(/✓ console {2}delivered .* rule rare · open · 1 attempt/);
    expect(told).toMatch(/incident failing since .* UTC, 1 failure/);
    expect(told).toMatch(/patient +held until .* \((9 min \d+ s|10 min)\), cancelled if/);
    expect(told).toMatch(/rare +told at/);
  });

  test('of one that would come now: what stands in its way', async () => {
    await fails('job-1', 5);
    await relay.untilPrinted(1);
    const next = await explain('-', jobBody({ id: 'next', jobId: 'job-2', updatedAt: minutesAgo(1) }));
    expect(next).toMatch(/rare +suppressed: repeat, next reminder in (3 h 59 min|4 h)/);
    const late = jobBody({ id: 'c', jobId: 'job-3', state: 'completed', updatedAt: minutesAgo(1) });
    expect(await explain('-', late)).not.toContain('recovered');
    await answerTo(relay, late);
    const old = await explain('-', jobBody({ id: 'late', jobId: 'job-4', updatedAt: minutesAgo(3) }));
    expect(old).toMatch(/patient +suppressed: late, materialize-view\/10736 completed after this failure/);
  });

  test('of a replay: what it is one of', async () => {
    await relay.stop();
    relay = await startRelayUnderTest({ rules, adminToken: 'explain-test-admin-token-not-real' });
    const id = await fails('job-1', 5);
    const headers = { authorization: 'Bearer explain-test-admin-token-not-real' };
    const answer = await fetch(`${relay.url}/api/v1/events/${id}/replay`, { method: 'POST', headers });
    const { event_id } = (await answer.json()) as { event_id: string };
    const told = await explain(event_id);
    expect(told).toMatch(new RegExp(`${event_id}  suppressed, a replay of ${id}, asked for .* UTC by an operator`));
    expect(told).toMatch(/rare: repeat: told at .*, and a replay is no new failure/);
  });

  test('looks at the store and changes nothing in it', async () => {
    const id = await fails('job-1', 5);
    await relay.untilPrinted(1);
    const before = relay.sql.query('SELECT * FROM alerts');
    await explain(id);
    await explain('-', jobBody({ id: 'next', jobId: 'job-2' }));
    expect(relay.sql.query('SELECT * FROM alerts')).toEqual(before);
    expect(relay.events()).toHaveLength(1);
  });

  test('of a message that is about no single event: what it said, where it went, and what it tells of', async () => {
    await relay.stop();
    const grouped =
      rules.slice(0, rules.indexOf('rules:')) +
      `rules:
  - { name: storm, match: { states: [failed] }, group: { wait: 1s }, send: [{ to: console }] }
defaults: { subject: '{{ job.id }}' }
`;
    writeFileSync(join(folder, 'relay.yaml'), grouped);
    relay = await startRelayUnderTest({ rules: grouped });
    const first = await fails('job-1', 5);
    await fails('job-2', 5);
    await relay.untilPrinted(1);
    const [id] = /evt_\w+/.exec(relay.printed[0]!)!;
    const told = await explain(id.toLowerCase());
    expect(told).toContain(`${id}  no event, but words of the relay itself`);
    expect(told).toMatch(/2 failures.* · rule storm/);
    expect(told).toMatch(/✓ console {2}delivered .* rule storm · open/);
    expect(told).toContain(`${first}  job-1`);
    // By this name its members speak of it.
    expect(await explain(`${id.replace('evt_', 'dlv_')}_1`)).toBe(told);
  });

  test('says what to do about an id, or a store, that is not there', async () => {
    const unknown = await run(['explain', 'evt_00000000000', '--rules', folder, '--db', relay.databasePath]);
    expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining('no event evt_00000000000 in')]);
    const none = await run(['explain', 'evt_00000000000', '--rules', folder, '--db', join(folder, 'none.db')]);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('there is no database')]);
    const delivery = await run(['explain', 'dlv_1M7ZPRB9M00_1', '--rules', folder, '--db', relay.databasePath]);
    expect([delivery.status, delivery.stderr]).toEqual([1, expect.stringContaining('no event dlv_1M7ZPRB9M00_1 in')]);
    const silence = await run(['explain', 'sil_1M7ZPRB9M00', '--rules', folder, '--db', relay.databasePath]);
    expect([silence.status, silence.stderr]).toEqual([2, expect.stringContaining('is no event')]);
    const noStore = await run(['explain', 'evt_00000000000', '--rules', folder, '--db', join(folder, 'relay.yaml')]);
    expect([noStore.status, noStore.stderr]).toEqual([3, expect.stringContaining('no SQLite database')]);
  });
});
