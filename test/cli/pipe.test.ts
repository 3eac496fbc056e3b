/** Commands whose reader has seen enough, as `| head` has. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { DeliverySummaryView } from '../../src/operate/shapes/views.ts';
import { runningRelay } from './running-command.ts';

test.each([
  ['--help', 0],
  ['serve --help', 0],
  ['events --help', 0],
  ['check rules', 0],
  ['nonsense', 2],
])('relay %s ends without a word about it', async (words, expected) => {
  const running = runningRelay(words.split(' '), {});
  running.closeStdout();
  expect(await running.ended).toBe(expected);
  expect(running.stderr()).not.toMatch(/EPIPE|Unhandled/);
});

test('a list that nobody reads any more asks for no further page', async () => {
  const row = {
    id: 'dlv_00000000001_1',
    event_id: null,
    destination: 'x',
    type: null,
    subject: 's',
    title: null,
    status: 'dead',
  };
  const times = {
    created_at: '2026-03-01T18:00:00.000Z',
    due_at: null,
    expires_at: '2026-03-02T18:00:00.000Z',
    finished_at: null,
  };
  const nothing = { rule: null, act: null, incident_id: null, reason: null, detail: null, fallback_of: null };
  const delivery = { ...row, ...times, ...nothing, merged: [], severity: 'error', attempts: 0 } as DeliverySummaryView;
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end(JSON.stringify({ deliveries: [delivery], next: delivery.id, searched_to: null }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const running = runningRelay(['deliveries', 'list', '--json', '--limit', '1000000'], {
    RELAY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    RELAY_ADMIN_TOKEN: 'operators-token-not-a-real-one',
  });
  onTestFinished(() => running.signal('SIGKILL'));
  await running.says(/dlv_/);
  running.closeStdout();
  expect(await running.ended).toBe(0);
  expect(running.stderr()).toBe('');
  expect(asked).toBeLessThan(10_000);
});
