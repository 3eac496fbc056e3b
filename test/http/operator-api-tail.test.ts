/** Following events over real connections: what comes, where one goes on, and that nobody who has left is remembered. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, onTestFinished } from 'vitest';
import { serve } from '../../src/node/serve.ts';
import { eventSummary, type EventSummaryView } from '../../src/operate/shapes/views.ts';
import { readSettings } from '../../src/settings.ts';
import { startOperatorStage, token, type OperatorStage } from './operator-api-stage.ts';
import { detailOf } from './problem-of.ts';

const headers = { authorization: `Bearer ${token}` };

let stage: OperatorStage;

beforeEach(async () => void (stage = await startOperatorStage()));
afterEach(() => stage.stop());

const connect = (query = '', given: Record<string, string> = {}) =>
  fetch(`${stage.relay.url}/api/v1/events/tail${query}`, { headers: { ...headers, ...given } });

/** Resolves once the stream has begun. */
async function tail(query = '', given: Record<string, string> = {}) {
  return follow(await connect(query, given));
}

async function follow(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  async function until(found: () => boolean): Promise<void> {
    while (!found()) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`the stream ended: ${text}`);
      text += value;
    }
  }
  const events = () => [...text.matchAll(/^id: (.*)\nevent: event\ndata: (.*)\n\n/gm)];
  await until(() => text.startsWith('retry: '));
  return {
    response,
    /** The first `count` events, each checked by its schema. */
    async events(count: number): Promise<EventSummaryView[]> {
      await until(() => events().length >= count);
      return events().map(([, id, data]) => {
        const event = eventSummary.parse(JSON.parse(data!));
        expect(event.id).toBe(id);
        return event;
      });
    },
    leave: () => reader.cancel(),
  };
}

test('events are shown as they come, filtered, and no proxy keeps them back', async () => {
  const { response, events } = await tail('?state=failed,completed');
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  await stage.send({ id: 'a', jobId: 'a', state: 'running' });
  const failed = await stage.send({ id: 'b', jobId: 'b', state: 'failed' });
  const completed = await stage.send({ id: 'c', jobId: 'c', state: 'completed' });
  expect((await events(2)).map(({ id }) => id)).toEqual([failed, completed]);
});

test('one who comes back goes on after what he saw last; what his browser says goes before what the address says', async () => {
  const ids: string[] = [];
  for (const id of ['a', 'b', 'c']) ids.push(await stage.send({ id, jobId: id, state: 'running' }));
  const byAddress = await tail(`?after=${ids[0]}`);
  expect((await byAddress.events(2)).map(({ id }) => id)).toEqual([ids[1], ids[2]]);
  const byHeader = await tail(`?after=${ids[0]}`, { 'last-event-id': ids[1]! });
  expect((await byHeader.events(1)).map(({ id }) => id)).toEqual([ids[2]]);
});

test('who has left makes room, however often; too many at once are refused with a time to come back', async () => {
  for (let round = 0; round < 3; round++) {
    const followers: Awaited<ReturnType<typeof tail>>[] = [];
    while (followers.length < 20) followers.push(await tailOnceThereIsRoom());
    const refused = await stage.ask('GET', '/events/tail');
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await detailOf(refused, 429)).not.toBe('');
    await Promise.all(followers.map((follower) => follower.leave()));
  }
  const last = await tailOnceThereIsRoom();
  const id = await stage.send({ state: 'running' });
  expect((await last.events(1))[0]!.id).toBe(id);
});

/** The relay learns that somebody has left when the connection is closed, which is a little later. */
async function tailOnceThereIsRoom() {
  for (;;) {
    const response = await connect();
    if (response.status === 200) return follow(response);
    await response.body!.cancel();
  }
}

test('to ask for the head alone is to follow nothing', async () => {
  for (let i = 0; i < 30; i++) {
    const answer = await stage.ask('HEAD', '/events/tail');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  }
  expect((await tail()).response.status).toBe(200);
});

test('the relay stops at once though it is followed, and the stream ends as it should', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-tail-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'secret'), 'webhook-secret-not-a-real-one');
  writeFileSync(
    join(folder, 'relay.yaml'),
    `version: 1
subscriptions: { production: { secrets: [{ file: ${join(folder, 'secret')} }] } }
`,
  );
  const read = readSettings({
    HOST: '127.0.0.1',
    PORT: '0',
    RELAY_RULES: folder,
    RELAY_DB: join(folder, 'relay.db'),
    RELAY_ADMIN_TOKEN: token,
    LOG_LEVEL: 'silent',
  });
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const serving = await serve(read.settings, []);
  const response = await fetch(`${serving.url}/api/v1/events/tail`, { headers });
  const whole = response.text();
  const startedAt = performance.now();
  await serving.stop();
  // A second is far less than what requests under way are given.
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(await whole).toMatch(/^retry: 2000\n\n$/);
});
