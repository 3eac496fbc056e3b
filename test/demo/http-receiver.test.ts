import { expect, onTestFinished, test } from 'vitest';
import { startHttpReceiver } from '../../src/demo/http-receiver.ts';
import { proofOf } from '../../src/simulator/signing.ts';

test('like a real receiver it refuses what was signed more than five minutes from its own time', async () => {
  const now = Date.parse('2026-03-02T08:30:00Z');
  const secret = 'not-a-real-secret';
  const receiver = await startHttpReceiver({ secret, now: () => now });
  onTestFinished(() => receiver.close());
  const body = new TextEncoder().encode('{}');
  const send = async (signedAtMs: number) => {
    const headers = proofOf({ scheme: 'standard-webhooks' }, secret, { id: 'evt_1', body }, signedAtMs / 1000);
    return (await fetch(receiver.url, { method: 'POST', headers, body })).status;
  };
  expect(await send(now - 299_000)).toBe(204);
  expect(await send(now + 299_000)).toBe(204);
  expect(await send(now - 301_000)).toBe(401);
  expect(await send(now + 301_000)).toBe(401);
  expect(receiver.requests).toHaveLength(2);
  expect(receiver.problems).toEqual([expect.stringMatching(/is not of now$/), expect.stringMatching(/is not of now$/)]);
});
