/** `relay events replay` as a process of its own, against a relay that answers over HTTP. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { replayAnswer } from '../../src/operate/shapes/views.ts';
import { jobBody, answerTo } from '../http/narrative-event.ts';
import { startRelayUnderTest, type RelayUnderTest } from '../http/relay-under-test.ts';
import { relay } from './relay-command.ts';
import { relayOnTerminal } from './running-command.ts';

const token = 'operators-token-not-a-real-one';
const rules = `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
destinations: { chat: { type: console }, pager: { type: console } }
rules:
  - { name: failures, match: { states: [failed] }, send: [{ to: chat }, { to: pager }] }
  - { name: patient, match: { states: [failed] }, hold: 10m, send: [{ to: console }] }
`;

let served: RelayUnderTest;
let env: Record<string, string>;

beforeEach(async () => {
  served = await startRelayUnderTest({ rules, adminToken: token });
  env = { RELAY_URL: served.url, RELAY_ADMIN_TOKEN: token };
});
afterEach(() => served.stop());

const replay = (...args: string[]) => relay(['events', 'replay', ...args], { env });

async function comes(jobId: string, state = 'failed'): Promise<string> {
  const { event_id: id } = await answerTo(served, jobBody({ id: jobId, jobId, state }));
  return String(id);
}
const stored = () => served.events().length;

test('says what it would do, and does nothing, on a dry run', async () => {
  const [failed, pending] = [await comes('job-1'), await comes('job-2', 'pending')];
  const { status, stdout, stderr } = await replay(failed, pending, '--dry-run');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    new RegExp(
      `^${failed} would be routed, 2 of the deliveries to chat, pager, console\n  patient: repeat: what failed is told at`,
    ),
  );
  expect(stdout).toContain(`${pending} would be unrouted, nothing is sent: no rule matches it now\n`);
  expect(stored()).toBe(2);
});

test('does it with --yes, and not again by accident', async () => {
  const id = await comes('job-1');
  const first = await replay(id, '--yes');
  expect({ status: first.status, stderr: first.stderr }).toEqual({ status: 0, stderr: '' });
  const [, made] = new RegExp(`^✓ ${id} replayed as (evt_\\w{11}): routed, 2 deliveries\n`).exec(first.stdout)!;
  await served.untilPrinted(4);
  expect(stored()).toBe(2);

  const second = await replay(id, '--yes');
  expect(second.status).toBe(1);
  expect(second.stdout).toBe(`! ${id} was replayed before, as ${made}: nothing is sent. --again replays it once more.\n`);
  expect(stored()).toBe(2);

  const again = await replay(id, '--yes', '--again');
  expect(again.status).toBe(0);
  expect(stored()).toBe(3);
});

test('sends to the destinations that are named alone, and names what is wrong with them by the option', async () => {
  const id = await comes('job-1');
  const { stdout } = await replay(id, '--to', 'pager', '--to', 'chat,pager', '--dry-run', '--json');
  const [answer] = z.array(replayAnswer).parse(JSON.parse(stdout));
  expect(answer!.explanation!.deliveries.map(({ destination }) => destination)).toEqual(['chat', 'pager']);
  const wrong = await replay(id, '--to', 'nobody', '--yes');
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toMatch(/--to: there is no destination nobody; the rules have chat, pager, console/);
  expect(stored()).toBe(1);
});

test('goes on with the others where one is refused, which is exit code 1', async () => {
  const id = await comes('job-1');
  const { status, stdout, stderr } = await replay('evt_00000000000', id, '--yes', '--json');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^evt_00000000000: the relay refused \(404\)/);
  expect(z.array(replayAnswer).parse(JSON.parse(stdout))).toMatchObject([{ status: 'replayed', of: id, deliveries: 2 }]);
});

test('asks on a terminal, once it has said what it would do', async () => {
  const [first, second] = [await comes('job-1'), await comes('job-2')];
  const args = ['events', 'replay', first, second, '--to', 'chat'];
  const no = await relayOnTerminal(args, { env, typed: 'n\n' });
  expect(no.status).toBe(1);
  expect(no.shown).toMatch(/would be routed, 1 delivery to chat[^]*Replay 2 events\? \[y\/N\][^]*Nothing was replayed\./);
  expect(stored()).toBe(2);
  const yes = await relayOnTerminal(args, { env, typed: 'y\n' });
  expect(yes.status).toBe(0);
  expect(yes.shown).toMatch(/replayed as evt_[^]*replayed as evt_/);
  expect(stored()).toBe(4);
});

test('asks nobody where nobody is, and does nothing', async () => {
  const { status, stdout, stderr } = await replay(await comes('job-1'));
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/no terminal to ask on.*--yes/);
  expect(stored()).toBe(1);
});
