/** `relay events show` as a process of its own, against a relay that answers over HTTP. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventDetail } from '../../src/operate/shapes/views.ts';
import { post } from '../http/narrative-event.ts';
import { startOperatorStage, token, type OperatorStage } from '../http/operator-api-stage.ts';
import { relay } from './relay-command.ts';

let stage: OperatorStage;
let env: Record<string, string>;

beforeEach(async () => {
  stage = await startOperatorStage();
  env = { RELAY_URL: stage.relay.url, RELAY_ADMIN_TOKEN: token };
});
afterEach(() => stage.stop());

const events = (...args: string[]) => relay(['events', ...args], { env });

test('tells what came, what was done about it with the attempts that failed, and why the other rules were not', async () => {
  const id = await stage.fail();
  const { status, stdout, stderr } = await events('show', id);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('✗ failed  materialize-view · dataset 10736 · job job-1 · 2026-03-02 09:12 UTC\n');
  expect(stdout).toMatch(new RegExp(`\n${id}  routed, received .* UTC by production\n`));
  expect(stdout).toMatch(/✓ takes {2}delivered .* UTC {2}dlv_\w+_1 · rule failures · open · 1 attempt · .*answered 204\n/);
  expect(stdout).toMatch(/· refuses {2}dead .* UTC .*\n {6}1\. .* UTC {2}rejected · payload · .*answered 400.* \(\d+ ms\)\n/);
  expect(stdout).toMatch(/incident failing since 2026-03-02 09:12 UTC, 1 failure\n/);
  expect(stdout).toMatch(/✓ failures +→ takes, refuses, broken\n/);
  expect(stdout).toMatch(/· never +states: failed is not nowhere \(rules\/relay\.yaml:\d+:\d+\)\n/);
  expect(stdout).toMatch(/how things stand now\n +failures +told at .* UTC\n/);
  expect(stdout).toMatch(/relay deliveries show dlv_\w{11}_1\n$/);
  expect(stdout).not.toContain('"job_id"');
});

test('is what the id alone asks for, in whatever case it was read out, one after the other', async () => {
  const [first, second] = [await stage.send({ jobId: 'a' }), await stage.send({ id: 'w2', jobId: 'b' })];
  const { status, stdout } = await events(first.toLowerCase(), second);
  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`job a [^]*${first} [^]*job b [^]*${second} `));
});

test('prints what came with --body, laid out, and nothing in it acts on the terminal', async () => {
  const id = await stage.send({ message: 'disk \u009b2J\u202efull' });
  const { stdout } = await events('show', id, '--body');
  expect(stdout).toMatch(/what came \(application\/json, \d+ bytes\)\n\{\n {2}"id": "whe-1",/);
  expect(stdout).toContain('"message": "disk 2Jfull"');
});

test('gives all of it with --json, with every digit', async () => {
  const body = { id: 'w', type: 'job.failed', created_at: '2026-03-02T09:12:00.000001' };
  const data = `{"job_id":"j","state":"failed","type":"t","input":{"snapshot_id":1724919539450264601},"updated_at":"${body.created_at}"}`;
  const answer = await post(stage.relay, `${JSON.stringify(body).slice(0, -1)},"data":${data}}`);
  const { event_id: id } = (await answer.json()) as { event_id: string };
  const { stdout } = await events('show', id, '--json');
  const event = eventDetail.parse(JSON.parse(stdout));
  expect(event).toMatchObject({ id, outcome: 'routed', rules: ['failures'] });
  expect(event.deliveries).toHaveLength(3);
  expect(event.body).toContain('"snapshot_id":1724919539450264601');
});

test('says of what is in quarantine that no rule looked at it', async () => {
  const answer = await post(stage.relay, '{"hello":"world"}');
  const { event_id: id } = (await answer.json()) as { event_id: string };
  const { status, stdout } = await events('show', id);
  expect(status).toBe(0);
  expect(stdout).toMatch(/no event we know\n.*quarantined, received/);
  expect(stdout).toContain('No rule looked at it');
});

test('names its replays', async () => {
  const id = await stage.send();
  await events('replay', id, '--yes');
  const { stdout } = await events('show', id);
  const [, replay] = /replayed as (evt_\w{11})\n/.exec(stdout)!;
  expect((await events('show', replay!)).stdout).toContain(`a replay of ${id}, asked for `);
});

test('says that there is none, and what is no id', async () => {
  const unknown = await events('show', 'evt_00000000000');
  expect(unknown.status).toBe(1);
  expect(unknown.stderr).toMatch(/refused \(404\): There is no event evt_00000000000/);
  const slips = await Promise.all(['../rules', 'dlv_1M7ZPRB9M00_1', ''].map((id) => events('show', id)));
  for (const { status, stderr } of slips) {
    expect(status).toBe(2);
    expect(stderr).toMatch(/It is no event: say its id, evt_…/);
  }
});
