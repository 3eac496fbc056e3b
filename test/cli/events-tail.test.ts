/** `relay events tail` as a process of its own, against a relay that answers over HTTP, goes away and comes back. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { eventSummary } from '../../src/operate/shapes/views.ts';
import { startOperatorStage, token, type OperatorStage } from '../http/operator-api-stage.ts';
import { prepareRelay, printingRules } from '../runtime/prepare-relay.ts';
import { end } from '../runtime/relay-child.ts';
import { failedJob, jobEvent, post } from '../runtime/signed-event.ts';
import { relay } from './relay-command.ts';
import { runningRelay, type RunningCommand } from './running-command.ts';

describe('beside a relay that runs', () => {
  let stage: OperatorStage | undefined;

  afterEach(async () => {
    await stage?.stop();
    stage = undefined;
  });

  /** Settles once the relay has been asked for the stream: what is sent from then on is to be told. */
  async function tail(...args: string[]): Promise<RunningCommand> {
    const running = runningRelay(['events', 'tail', ...args], { RELAY_URL: stage!.relay.url, RELAY_ADMIN_TOKEN: token });
    onTestFinished(() => running.signal('SIGKILL'));
    const streams = 'operator_requests_total{route="GET /events/tail",status="200"}';
    while ((await stage!.relay.metric(streams)) === 0) await sleep(5);
    return running;
  }

  test('tells what comes while it runs, and ends well with Ctrl-C', async () => {
    stage = await startOperatorStage();
    const before = await stage.send({ jobId: 'before' });
    const running = await tail();
    const id = await stage.send({ id: 'w2', jobId: 'job-2', state: 'completed' });
    await running.says(new RegExp(id));
    const line = running
      .stdout()
      .split('\n')
      .find((each) => each.includes(id))!;
    expect(line).toMatch(
      new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d {2}✓ completed {2}materialize-view +10736 +\\w+ +${id} {2}`),
    );
    expect(running.stdout()).not.toContain(before);
    running.signal('SIGINT');
    expect(await running.ended).toBe(0);
    expect(running.stderr()).toBe('');
  });

  test('filters, begins with what came before, and prints a line of JSON for each', async () => {
    stage = await startOperatorStage();
    const failed = [await stage.send({ jobId: 'a' }), await stage.send({ id: 'w1', jobId: 'b' })];
    await stage.send({ id: 'w2', jobId: 'c', state: 'completed' });
    const running = await tail('--since', '10m', '--state', 'failed', '--kind', 'job', '--json');
    await running.says(new RegExp(failed[1]!));
    await stage.send({ id: 'w3', jobId: 'd', state: 'pending' });
    const last = await stage.send({ id: 'w4', jobId: 'e' });
    await running.says(new RegExp(last));
    const events = running
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => eventSummary.parse(JSON.parse(line)));
    expect(events.map(({ id }) => id)).toEqual([...failed, last]);
  });

  test('ends quietly when nobody reads any more', async () => {
    stage = await startOperatorStage();
    const running = await tail('--json');
    running.closeStdout();
    await stage.send({ id: 'w-after', jobId: 'after' });
    expect(await running.ended).toBe(0);
    expect(running.stderr()).toBe('');
  });

  test('says what is wrong with an option by its name, and that following takes no times', async () => {
    stage = await startOperatorStage();
    const env = { RELAY_URL: stage.relay.url, RELAY_ADMIN_TOKEN: token };
    const [kind, since, until] = await Promise.all([
      relay(['events', 'tail', '--kind', 'nope'], { env }),
      relay(['events', 'tail', '--since', 'noon'], { env }),
      relay(['events', 'tail', '--until', '2026-01-01'], { env }),
    ]);
    expect([kind.status, since.status, until.status]).toEqual([2, 2, 2]);
    expect(kind.stderr).toMatch(/--kind: takes job, app, relay/);
    expect(since.stderr).toMatch(/--since: a duration is/);
    expect(until.stderr).toMatch(/unknown option '--until'/);
  });
});

test('goes on where it was when the relay comes back, with what came meanwhile', async (context) => {
  const { port, url } = await freePort();
  const environment = { PORT: String(port), RELAY_ADMIN_TOKEN: token };
  const prepared = prepareRelay(context, { rules: printingRules, secrets: environment });
  const first = prepared.launch();
  await first.ready;
  const sent = [await send(failedJob('a'))];
  const running = runningRelay(['events', 'tail', '--since', '1h', '--state', 'failed', '--json'], {
    RELAY_URL: url,
    RELAY_ADMIN_TOKEN: token,
  });
  onTestFinished(() => running.signal('SIGKILL'));
  await running.says(new RegExp(sent[0]!));
  await end(first, 'SIGKILL');
  await running.says(/(connection is lost|has ended the connection).*Trying again/);

  // It finds the relay again after these were sent, or before: in neither case is one left out or told twice.
  await prepared.launch().ready;
  sent.push(await send(failedJob('b')));
  await send(jobEvent({ id: 'c', state: 'completed', minute: 1 }));
  await running.says(/Connected again\./);
  sent.push(await send(failedJob('d')));
  await running.says(new RegExp(sent[2]!));
  const told = running
    .stdout()
    .trimEnd()
    .split('\n')
    .map((line) => eventSummary.parse(JSON.parse(line)).id);
  expect(told).toEqual(sent);
  running.signal('SIGINT');
  expect(await running.ended).toBe(0);

  async function send(body: Uint8Array): Promise<string> {
    const { event_id: id } = (await (await post(url, body)).json()) as { event_id: string };
    return id;
  }
}, 40_000);

/** One that nobody listens on: it was given away and taken back. */
async function freePort(): Promise<{ port: number; url: string }> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return { port, url: `http://127.0.0.1:${port}` };
}
