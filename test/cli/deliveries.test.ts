/** `relay deliveries`, `incidents` and `destinations` as processes of their own, against a relay that answers over HTTP. */
import { stripVTControlCharacters } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  bulkAnswer,
  deliveryDetail,
  deliverySummary,
  destinationView,
  incident,
  incidentDetail,
} from '../../src/operate/shapes/views.ts';
import { startOperatorStage, token, type OperatorStage } from '../http/operator-api-stage.ts';
import { relay } from './relay-command.ts';
import { relayOnTerminal } from './running-command.ts';

let stage: OperatorStage;
let env: Record<string, string>;
/** That failed: delivered to `takes`, dead at `refuses`, waiting for `broken`, which is parked. */
let event: string;
let [delivered, dead, scheduled] = ['', '', ''];

beforeEach(async () => {
  stage = await startOperatorStage();
  env = { RELAY_URL: stage.relay.url, RELAY_ADMIN_TOKEN: token };
  event = await stage.fail();
  [delivered, dead, scheduled] = [1, 2, 3].map((n) => `${event.replace('evt', 'dlv')}_${n}`) as [string, string, string];
});
afterEach(() => stage.stop());

const run = (...args: string[]) => relay(args, { env });
const deliveries = (...args: string[]) => run('deliveries', ...args);

const ids = (stdout: string) =>
  z
    .array(deliverySummary)
    .parse(JSON.parse(stdout))
    .map(({ id }) => id);

interface Row {
  destination: string;
  status: string;
  reason: string | null;
}
const rowOf = (destination: string) =>
  stage.relay.sql.query<Row & Record<string, never>>(
    'SELECT destination, status, reason FROM deliveries WHERE destination = ? ORDER BY event_seq, n',
    destination,
  )[0]!;

describe('deliveries list', () => {
  test('shows what was sent, what died and what waits, within 100 columns', async () => {
    const { status, stdout } = await deliveries();
    expect(status).toBe(0);
    expect(stdout).toMatch(/^id +time \(UTC\) +status +destination +subject +why *\n/);
    expect(stdout).toMatch(new RegExp(`${scheduled} .*· scheduled +broken +materialize-view/10736 +credent`));
    expect(stdout).toMatch(new RegExp(`${dead} .*✗ dead +refuses +materialize-view/10736 +payload`));
    expect(stdout).toMatch(new RegExp(`${delivered} .*✓ delivered +takes +materialize-view/10736 +rule `));
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('finds by each filter, and names a wrong one by its option', async () => {
    const found = {
      status: ['--status', 'dead,suppressed'],
      open: ['--status', 'open'],
      destination: ['--destination', 'takes', '--destination', 'refuses'],
      rule: ['--rule', 'failures', '--status', 'delivered'],
      subject: ['--subject', 'materialize-view/10736', '--status', 'delivered'],
      event: ['--event', event.toLowerCase(), '--status', 'dead'],
      reason: ['--reason', 'payload'],
      since: ['--since', '1h', '--status', 'dead'],
      range: ['--from', '2026-01-01T00:00:00Z', '--until', '2026-01-02T00:00:00Z'],
    };
    const answers = await Promise.all(Object.values(found).map((args) => deliveries('list', '--json', ...args)));
    expect(Object.fromEntries(Object.keys(found).map((name, i) => [name, ids(answers[i]!.stdout)]))).toEqual({
      status: [dead],
      open: [scheduled],
      destination: [dead, delivered],
      rule: [delivered],
      subject: [delivered],
      event: [dead],
      reason: [dead],
      since: [dead],
      range: [],
    });
    const wrong = await deliveries('list', '--status', 'lost');
    expect(wrong).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/--status: takes queued, /) });
  }, 60_000);
});

describe('deliveries show', () => {
  test('tells why it stands as it does, each attempt, and draws the message', async () => {
    const { status, stdout } = await deliveries('show', dead);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^✗ dead {2}${dead} to refuses \\(http\\)\n +why +payload: .*answered 400`));
    expect(stdout).toMatch(new RegExp(`event +${event}\n`));
    expect(stdout).toMatch(/attempts\n {2}1\. .* UTC {2}rejected · payload · .*answered 400/);
    expect(stdout).toMatch(/the message that was not delivered, as it would look now\n[^]*"x-pin": "…"/);
  });

  test('is what the id alone asks for, and gives all of it with --json', async () => {
    const { stdout } = await deliveries(dead.toLowerCase(), '--json');
    expect(deliveryDetail.parse(JSON.parse(stdout))).toMatchObject({ id: dead, status: 'dead', reason: 'payload' });
  });
});

describe('deliveries retry', () => {
  test('sends a dead one again by its id', async () => {
    stage.receiver.answerWith(() => null);
    const { status, stdout, stderr } = await deliveries('retry', dead);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(`✓ ${dead} to refuses, materialize-view/10736: queued\n`);
    while (rowOf('refuses').status !== 'delivered') await sleep(5);
  });

  test('goes on with the others where one is refused, which is exit code 1', async () => {
    const { status, stdout, stderr } = await deliveries('retry', delivered, 'dlv_00000000000_1', dead, '--json');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^${delivered}: the relay refused \\(409\\).*\ndlv_00000000000_1: the relay refused \\(404\\)`),
    );
    expect(ids(stdout)).toEqual([dead]);
  });

  test('of many says what it would do, asks, and does it', async () => {
    const args = ['deliveries', 'retry', '--status', 'dead', '--status', 'delivered'];
    const dry = await deliveries('retry', '--status', 'dead', '--status', 'delivered', '--dry-run');
    const would = new RegExp(`1 of 2 deliveries would be sent again\\.\\r?\n  1 left: it was delivered, such as ${delivered}`);
    expect(dry).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(would) });

    const no = await relayOnTerminal(args, { env, typed: 'n\n' });
    expect(no.status).toBe(1);
    expect(stripVTControlCharacters(no.shown)).toMatch(would);
    expect(no.shown).toMatch(/Send 1 delivery again\? \[y\/N\][^]*Nothing is sent again\./);
    expect(rowOf('refuses').status).toBe('dead');

    stage.receiver.answerWith(() => null);
    const yes = await relayOnTerminal(args, { env, typed: 'y\n' });
    expect(yes.status).toBe(0);
    expect(yes.shown).toContain('1 of 2 deliveries will be sent again.');
    expect(yes.shown).toContain('looked at 2 deliveries');
    while (rowOf('refuses').status !== 'delivered') await sleep(5);
  });

  test('of many answers with what was done as JSON, and asks nobody where nobody is', async () => {
    const nobody = await deliveries('retry', '--destination', 'refuses');
    expect(nobody).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/no terminal to ask on.*--yes/) });
    expect(rowOf('refuses').status).toBe('dead');
    const { status, stdout } = await deliveries('retry', '--destination', 'refuses', '--yes', '--json');
    expect(status).toBe(0);
    expect(bulkAnswer.parse(JSON.parse(stdout))).toMatchObject({
      action: 'retry',
      dry_run: false,
      matched: 1,
      done: 1,
      next: null,
    });
    const none = await deliveries('retry', '--destination', 'nobody', '--yes');
    expect(none).toMatchObject({ status: 0, stdout: 'No delivery was found to which that can be done.\n' });
  });

  test('is told which: by ids or by a filter, and what is wrong with that by the option', async () => {
    const [neither, both, wrong, dry] = await Promise.all([
      deliveries('retry', '--yes'),
      deliveries('retry', dead, '--status', 'dead', '--yes'),
      deliveries('retry', '--since', 'ever', '--dry-run'),
      deliveries('retry', dead, '--dry-run'),
    ]);
    expect([neither, both, wrong, dry].map(({ status }) => status)).toEqual([2, 2, 2, 2]);
    expect(neither.stderr).toMatch(/^say which, as relay deliveries retry dlv_…/);
    expect(both.stderr).toMatch(/two ways to say which/);
    expect(wrong.stderr).toMatch(/--since: a duration is/);
    expect(dry.stderr).toMatch(/--dry-run goes with a filter/);
    expect(rowOf('refuses').status).toBe('dead');
  });
});

describe('deliveries discard', () => {
  test('asks first, since it is for good', async () => {
    const nobody = await deliveries('discard', dead);
    expect(nobody).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/no terminal to ask on/) });
    const no = await relayOnTerminal(['deliveries', 'discard', dead], { env, typed: '\n' });
    expect(no.status).toBe(1);
    expect(no.shown).toMatch(
      /to refuses, materialize-view\/10736: .*dead[^]*Discard it\? It is never sent then\.[^]*Nothing was discarded/,
    );
    expect(rowOf('refuses').status).toBe('dead');
    const yes = await relayOnTerminal(['deliveries', 'discard', dead], { env, typed: 'yes\n' });
    expect(yes.status).toBe(0);
    expect(rowOf('refuses')).toMatchObject({ status: 'suppressed', reason: 'discarded' });
  });

  test('ends all that a filter finds', async () => {
    const { status, stdout } = await deliveries('discard', '--destination', 'broken,refuses', '--yes');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '✓ 2 of 2 deliveries were discarded.\n' });
    expect([rowOf('broken').status, rowOf('refuses').status, rowOf('takes').status]).toEqual([
      'suppressed',
      'suppressed',
      'delivered',
    ]);
  });
});

describe('incidents', () => {
  test('are listed, and shown with how their rules stand, their events, and how to keep them quiet', async () => {
    const { stdout } = await run('incidents');
    expect(stdout).toMatch(/^id +since \(UTC\) +status +subject +failures +silence +last said *\n/);
    expect(stdout).toMatch(/inc_\w{11} +2026-03-02 09:12 +✗ open +materialize-view\/10736 +1 /);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const found = await run('incidents', 'list', '--text', '10736', '--kind', 'subject,group', '--status', 'all', '--json');
    const [one] = z.array(incident).parse(JSON.parse(found.stdout));
    const shown = await run('incidents', one!.id.toLowerCase());
    expect(shown.stdout).toMatch(
      new RegExp(`^✗ open {2}${one!.id} {2}materialize-view/10736\n +since 2026-03-02 09:12 UTC, 1 failure`),
    );
    expect(shown.stdout).toMatch(/how its rules stand\n {2}failures {2}told at/);
    expect(shown.stdout).toContain(`its latest events\nid `);
    expect(shown.stdout).toContain(event);
    expect(shown.stdout).toContain(`relay silences add --match '{"dataset_ids":["10736"]}' --for 2h`);
    const whole = await run('incidents', 'show', one!.id, '--json');
    expect(incidentDetail.parse(JSON.parse(whole.stdout)).id).toBe(one!.id);
  });

  test('that are over are found by their status, and a wrong one is named by the option', async () => {
    await stage.send({ id: 'w2', jobId: 'job-2', state: 'completed', updatedAt: '2026-03-02T09:14:00.000001' });
    expect((await run('incidents', 'list', '--text', '10736')).stdout).toBe(
      'No incident was found. Those that are over: --status all\n',
    );
    expect((await run('incidents', '--status', 'ended')).stdout).toMatch(/✓ ended +materialize-view\/10736/);
    const wrong = await run('incidents', '--status', 'gone');
    expect(wrong).toMatchObject({ status: 2, stderr: expect.stringMatching(/--status: "gone" is none of open, ended, all/) });
  });
});

describe('destinations', () => {
  test('are listed with what waits for them and why they are parked, and unparked', async () => {
    const { stdout } = await run('destinations');
    expect(stdout).toMatch(/^name +type +state +waiting +dead +fallback +why *\n/);
    expect(stdout).toMatch(/\nbroken +http +✗ parked +1 +0 +– +since \d{4}-/);
    expect(stdout).toMatch(/\nrefuses +http +✓ in use +0 +1 /);
    const listed = await run('destinations', 'list', '--json');
    expect(
      z
        .array(destinationView)
        .parse(JSON.parse(listed.stdout))
        .map(({ name }) => name),
    ).toContain('oncall');

    stage.receiver.answerWith(() => null);
    const unparked = await run('destinations', 'unpark', 'broken');
    expect(unparked).toEqual({ status: 0, stdout: '✓ broken is tried again: 1 delivery waits for it\n', stderr: '' });
    while (rowOf('broken').status !== 'delivered') await sleep(5);
    const again = await run('destinations', 'unpark', 'broken', '--json');
    expect(again).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(/refused \(409\): .*not parked/) });
    const slip = await run('destinations', 'unpark', '../rules');
    expect(slip).toMatchObject({ status: 2, stderr: expect.stringMatching(/no name of a destination/) });
  });
});

test('each says where there is no relay, and that the token is wrong', async () => {
  const commands = [['deliveries'], ['incidents'], ['destinations'], ['events', 'tail'], ['events', 'replay', event, '--yes']];
  const nowhere = await Promise.all(commands.map((args) => relay(args, { env: { ...env, RELAY_URL: 'http://127.0.0.1:1' } })));
  for (const { status, stdout, stderr } of nowhere) {
    expect({ status, said: stdout.replace('[]\n', '') }).toEqual({ status: 3, said: '' });
    expect(stderr).toMatch(/no answer from a relay at http:\/\/127\.0\.0\.1:1.*RELAY_URL/);
  }
  const refused = await Promise.all(
    commands.map((args) => relay(args, { env: { ...env, RELAY_ADMIN_TOKEN: 'another-not-a-real-one' } })),
  );
  for (const { status, stderr } of refused) {
    expect(status).toBe(1);
    expect(stderr).toMatch(/refused \(401\): The token is not/);
  }
});
