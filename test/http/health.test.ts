/** What those ask that watch the relay: alive, ready, and how much of what. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobBody, post } from './narrative-event.ts';
import { detailOf } from './problem-of.ts';
import { startRelayUnderTest, type RelayUnderTest } from './relay-under-test.ts';

let relay: RelayUnderTest;

beforeEach(async () => {
  relay = await startRelayUnderTest();
});

afterEach(() => relay.stop());

test('/healthz says that the process is alive', async () => {
  const response = await fetch(`${relay.url}/healthz`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'alive' });
});

test.each(['/healthz', '/readyz', '/metrics'])('%s is only to be read', async (path) => {
  const response = await fetch(`${relay.url}${path}`, { method: 'POST' });
  expect(response.headers.get('allow')).toBe('GET, HEAD');
  expect(await detailOf(response, 405)).toBe('This is only to be read.');
  expect((await fetch(`${relay.url}${path}`, { method: 'HEAD' })).status).toBe(200);
});

test('/readyz says that events can be stored, and which rules are in force', async () => {
  const response = await fetch(`${relay.url}/readyz`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: 'ready',
    version: '0.0.0-test',
    store: 'writable',
    rules: { version: expect.stringMatching(/./), problems: [] },
    parked: [],
  });
});

test.each(['/healthz', '/readyz', '/metrics'])('%s answers HEAD without a body', async (path) => {
  const response = await fetch(relay.url + path, { method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('');
});

test('/metrics counts the requests to the webhook route by what came of them, in Prometheus’ text form', async () => {
  await post(relay, jobBody());
  await post(relay, jobBody());
  await post(relay, jobBody(), { headers: {} });
  const response = await fetch(`${relay.url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n');
  expect(lines).toContain('# TYPE narrative_relay_events_total counter');
  expect(lines).toContain('narrative_relay_events_total{subscription="production",outcome="accepted"} 1');
  expect(lines).toContain('narrative_relay_events_total{subscription="production",outcome="duplicate"} 1');
  expect(lines).toContain('narrative_relay_events_total{subscription="",outcome="unverified"} 1');
  expect(lines).toContain('narrative_relay_event_ack_seconds_count 2');
  expect(lines).toContain('narrative_relay_build_info{version="0.0.0-test"} 1');
});
