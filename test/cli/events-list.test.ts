/** `relay events list` as a process of its own, against a relay that answers over HTTP. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { eventFilters, tailFilters } from '../../src/cli/events-flags.ts';
import { deliveryFilters } from '../../src/cli/deliveries-flags.ts';
import { incidentFilters } from '../../src/cli/incidents-flags.ts';
import { deliveryFilterQuery, eventFilterQuery, incidentQuery } from '../../src/operate/shapes/query.ts';
import { eventSummary, type EventSummaryView } from '../../src/operate/shapes/views.ts';
import { post } from '../http/narrative-event.ts';
import { startOperatorStage, token, type OperatorStage } from '../http/operator-api-stage.ts';
import { relay } from './relay-command.ts';
import { relayOnTerminal } from './running-command.ts';

let stage: OperatorStage;
let env: Record<string, string>;

beforeEach(async () => {
  stage = await startOperatorStage();
  env = { RELAY_URL: stage.relay.url, RELAY_ADMIN_TOKEN: token };
});
afterEach(() => stage.stop());

const events = (...args: string[]) => relay(['events', ...args], { env });

async function listed(...args: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await events('list', '--json', ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return z
    .array(eventSummary)
    .parse(JSON.parse(stdout))
    .map(({ id }) => id);
}

/** One that failed, one that completed, one in quarantine; their ids, the oldest first. */
async function someEvents(): Promise<[failed: string, completed: string]> {
  const failed = await stage.fail({ jobId: 'job-1', updatedAt: '2026-03-02T09:12:00.000001' });
  const completed = await stage.send({ id: 'w2', jobId: 'job-2', state: 'completed', updatedAt: '2026-03-02T09:14:00.000001' });
  return [failed, completed];
}

describe('the table', () => {
  test('has the latest first, with sign and word, within 100 columns', async () => {
    const [failed, completed] = await someEvents();
    const { status, stdout } = await events();
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^id +time \(UTC\) +state +job type +dataset +outcome +rules *$/);
    const rows = lines.slice(1).filter((line) => line.includes('materialize-view'));
    expect(rows[0]).toMatch(
      new RegExp(`^${completed} +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d +✓ completed +materialize-view +10736 +\\w+ +–`),
    );
    expect(rows[1]).toMatch(new RegExp(`^${failed} .*✗ failed .* routed +failures *$`));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('cuts what is too long, and keeps what others wrote from acting on the terminal', async () => {
    const type = `models_\u001b[2J${'x'.repeat(120)}`;
    const data = { job_id: 'j', state: 'pending', type, input: {}, updated_at: '2026-03-02T09:12:00.000001' };
    await post(stage.relay, JSON.stringify({ id: 'w', type: 'job.pending', created_at: data.updated_at, data }));
    const { stdout } = await events();
    expect(stdout).toMatch(/ models_\[2Jx+… /);
    expect(stdout).not.toContain('\u001b');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('says when there is nothing, and when there is more and how to get it', async () => {
    expect(await events('list')).toEqual({ status: 0, stdout: 'No event was found.\n', stderr: '' });
    const [failed, completed] = await someEvents();
    const first = await events('list', '--job', 'job-2', '--limit', '1');
    expect(first.stdout).toContain(completed);
    const { stdout, stderr } = await events('list', '--kind', 'job', '--limit', '1');
    expect(stdout).toContain(completed);
    expect(stdout).not.toContain(failed);
    expect(stderr).toBe(`There may be more: --before ${completed} goes on from here, --limit takes more than 1 at once.\n`);
    expect((await events('list', '--kind', 'job', '--before', completed)).stdout).toContain(failed);
  });
});

describe('filters', () => {
  test('find what was asked for, repeated or separated by commas', async () => {
    const [failed, completed] = await someEvents();
    const all = [completed, failed];
    const found = {
      state: ['--state', 'completed'],
      states: ['--state', 'completed', '--state', 'failed', '--kind', 'job'],
      commas: ['--state', 'completed,failed', '--kind', 'job'],
      type: ['--type', 'materialize-*'],
      dataset: ['--dataset', '10736'],
      outcome: ['--outcome', 'routed', '--state', 'failed'],
      subscription: ['--subscription', 'production', '--kind', 'job'],
      rule: ['--rule', 'failures', '--state', 'failed'],
      job: ['--job', 'job-1'],
      subject: ['--subject', 'materialize-view/10736'],
      text: ['--text', 'OB-2'],
      since: ['--since', '1h', '--kind', 'job'],
      from: ['--from', '2026-01-01T00:00:00Z', '--kind', 'job'],
      until: ['--until', '2026-01-01T00:00:00Z'],
    };
    const ids = await Promise.all(Object.values(found).map((args) => listed(...args)));
    expect(Object.fromEntries(Object.keys(found).map((name, i) => [name, ids[i]]))).toEqual({
      state: [completed],
      states: all,
      commas: all,
      type: all,
      dataset: all,
      outcome: [failed],
      subscription: all,
      rule: [failed],
      job: [failed],
      subject: all,
      text: [completed],
      since: all,
      from: all,
      until: [],
    });
  }, 60_000);

  test.each<[string, string[], RegExp]>([
    ['a duration that is none', ['--since', 'yesterday'], /refused \(400\): --since: a duration is .*6h/],
    ['a time that is none', ['--from', 'noon'], /--from: is no date and time/],
    ['an outcome that is none', ['--outcome', 'routed,lost'], /--outcome: takes routed, /],
    ['two beginnings', ['--since', '1h', '--from', '2026-01-01'], /--since: say either since/],
    ['nothing to look for', ['--state', ''], /--state: is empty/],
    ['a cursor that is none', ['--before', 'x'], /--before: x is no place to go on from/],
    ['several of what takes one', ['--job', 'a', '--job', 'b'], /--job <id>.*takes one value/],
    ['a limit that is no number', ['--limit', 'all'], /--limit <number>.*whole number/],
    ['an option with a slip', ['--stat', 'failed'], /Did you mean one of --since, --state|Did you mean --state/],
    ['a command that is none', ['shwo', 'evt_00000000000'], /'shwo'.*is no event: say its id, evt_…/],
  ])('refuse %s, by the name of the option', async (_what, args, message) => {
    const { status, stdout, stderr } = await events(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('are those of the API, all of them', () => {
    const named = (filters: readonly { name: string }[]) => filters.map(({ name }) => name).toSorted();
    const paging = ['limit', 'before'];
    const asked = (shape: object) =>
      Object.keys(shape)
        .filter((name) => !paging.includes(name))
        .toSorted();
    expect(named(eventFilters)).toEqual(asked(eventFilterQuery.shape));
    expect(named(deliveryFilters)).toEqual(asked(deliveryFilterQuery.shape));
    expect(named(incidentFilters)).toEqual(asked(incidentQuery.shape));
    expect(named(eventFilters).filter((name) => !['since', 'from', 'until'].includes(name))).toEqual(named(tailFilters));
  });
});

test('as many pages are asked for as it takes, as one array', async () => {
  const bodies = Array.from({ length: 230 }, (_, i) => ({ id: `w${i}`, jobId: `job-${i}`, state: 'pending' }));
  const sent = await Promise.all(bodies.map((body) => stage.send(body)));
  expect(await listed('--limit', '1000')).toEqual(sent.toSorted().toReversed());
  const { stdout, stderr } = await events('list', '--json', '--limit', '210');
  expect(JSON.parse(stdout)).toHaveLength(210);
  expect(stderr).toMatch(/^There may be more: --before evt_\w{11} goes on/);
});

describe('a search that finds little in a long past', () => {
  const row = (id: string): EventSummaryView => ({
    id,
    received_at: '2026-03-01T18:00:00.000Z',
    subscription: 'production',
    scheme: 'hmac-sha256',
    outcome: 'unrouted',
    reason: null,
    kind: 'job',
    type: 'job.failed',
    state: 'failed',
    job_id: 'job-1',
    job_type: 'costs',
    dataset_id: null,
    updated_at: null,
    subject: null,
    rules: [],
    duplicate_of: null,
    replay_of: null,
  });

  /** Answers what is left of the pages; its address. */
  async function relayWith(...pages: object[]): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(pages.shift()));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }
  const pages = [
    { events: [], next: 'evt_00000000009', searched_to: '2026-03-02T18:00:00.000Z' },
    { events: [row('evt_00000000008')], next: 'evt_00000000007', searched_to: '2026-03-01T18:00:00.000Z' },
    { events: [row('evt_00000000001')], next: null, searched_to: null },
  ];

  test('goes on until it ends, and shows how far it is on a terminal', async () => {
    const { url, asked } = await relayWith(...pages);
    const { status, shown } = await relayOnTerminal(['events', 'list', '--state', 'failed'], { env: { ...env, RELAY_URL: url } });
    expect(status).toBe(0);
    expect(shown).toContain('searched back to 2026-03-02 18:00 UTC, 0 found');
    expect(shown).toContain('searched back to 2026-03-01 18:00 UTC, 1 found');
    expect(shown).toMatch(/evt_00000000008[^]*evt_00000000001/);
    expect(asked).toEqual([
      '/api/v1/events?state=failed&limit=50',
      '/api/v1/events?state=failed&limit=50&before=evt_00000000009',
      '/api/v1/events?state=failed&limit=49&before=evt_00000000007',
    ]);
  });

  test('takes what a newer relay says more, and nothing that it does not understand', async () => {
    const newer = await relayWith({ events: [{ ...row('evt_00000000008'), mood: 'fine' }], next: null, searched_to: null });
    expect((await relay(['events'], { env: { ...env, RELAY_URL: newer.url } })).stdout).toContain('evt_00000000008');
    const other = await relayWith({ events: [{ id: 1 }], next: null, searched_to: null });
    const { status, stderr } = await relay(['events'], { env: { ...env, RELAY_URL: other.url } });
    expect(status).toBe(1);
    expect(stderr).toMatch(/not understood \(events\.0\..*another version/);
  });
});

test('--help of each has an example', async () => {
  const helps = await Promise.all(['list', 'show', 'replay', 'tail'].map((name) => events(name, '--help')));
  for (const { status, stdout } of helps) {
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}relay events /);
    expect(stdout).toContain('$RELAY_ADMIN_TOKEN');
  }
});
