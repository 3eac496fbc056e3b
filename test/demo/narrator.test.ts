import { expect, test } from 'vitest';
import type { Answer, ExpectedWebhook } from '../../src/demo/expected.ts';
import { createNarrator } from '../../src/demo/narrator.ts';
import { createScreen } from '../../src/demo/screen.ts';
import type { Sent } from '../../src/simulator/sent.ts';
import type { SentWebhook } from '../../src/simulator/tell.ts';
import type { Happening, WebhookWish } from '../../src/simulator/timeline.ts';

const beginsMs = Date.parse('2026-03-01T23:30:00Z');
const minuteMs = 60_000;

function happening(note: string | null, webhook: Partial<WebhookWish> = {}): Happening {
  const job = { job_id: 'a', type: 'costs', state: 'running', input: {} };
  return {
    kind: 'job',
    atMs: 40 * minuteMs,
    burst: null,
    note,
    job,
    webhook: { delayMs: 0, againAfterMs: null, lost: false, ...webhook },
  };
}

const meant = (of: Happening, answer: Answer, again = false, atMs = of.atMs): ExpectedWebhook => ({
  happening: of,
  atMs,
  again,
  answer,
  about: null,
});

const answered = (answer: 'accepted' | 'duplicate', deliveries = 0): Sent => ({
  kind: 'answered',
  status: 202,
  answer,
  deliveries,
  attempts: 1,
});
const givenUp = (last: string): Sent => ({ kind: 'gave-up', last, attempts: 3 });

function sent(of: Happening, outcome: Sent, again = false): SentWebhook {
  return { subscriptionId: 's', eventId: 'whe-1', happening: of, again, sentAtMs: 0, outcome };
}

function stage(...night: ExpectedWebhook[]) {
  const written: string[] = [];
  const screen = createScreen({ write: (text: string) => written.push(text) }, {});
  return { written, narrator: createNarrator({ night, beginsMs }, screen) };
}

async function told(of: Happening, expected: Answer[], outcomes: Sent[]): Promise<string> {
  const { written, narrator } = stage(...expected.map((answer) => meant(of, answer)));
  await narrator.tell([of], Promise.resolve(outcomes.map((outcome) => sent(of, outcome))));
  return written.join('');
}

test('what has a note is told with its answer, and what is ordinary is not', async () => {
  const noted = happening('costs failed');
  expect(await told(noted, ['accepted'], [answered('accepted', 2)])).toBe('\n00:10 costs failed → accepted, 2 deliveries\n');
  expect(await told(happening(null), ['accepted'], [answered('accepted')])).toBe('');
});

test('an answer that nobody expected is told of whatever it is about', async () => {
  expect(await told(happening(null), ['accepted'], [answered('duplicate')])).toBe(
    '\n00:10 webhook whe-1 → duplicate, expected: accepted\n',
  );
  expect(await told(happening(null), ['accepted'], [givenUp('HTTP 503')])).toContain('→ HTTP 503, expected: accepted');
});

test('of two subscriptions either may be first', async () => {
  const outcomes = [answered('duplicate'), answered('accepted', 1)];
  expect(await told(happening('costs failed'), ['accepted', 'duplicate'], outcomes)).toBe(
    '\n00:10 costs failed → accepted, 1 delivery; by an overlapping subscription: duplicate\n',
  );
});

test('a webhook that comes again, and one that is late, are told when they come', () => {
  const again = happening(null, { againAfterMs: 5 * minuteMs });
  const late = happening(null, { delayMs: 20 * minuteMs });
  const { written, narrator } = stage(
    meant(again, 'duplicate', true, again.atMs + 5 * minuteMs),
    meant(late, 'accepted', false, late.atMs + 20 * minuteMs),
  );
  narrator.noteSent(sent(again, answered('duplicate'), true));
  narrator.noteSent(sent(late, answered('accepted')));
  expect(written).toEqual([
    '\n00:15 the same webhook again, byte for byte → duplicate\n',
    '\n00:30 late: costs running → accepted, 0 deliveries\n',
  ]);
});

test('what was given up since nobody was there is counted, and what was refused is not', async () => {
  const of = happening('costs failed');
  const { narrator } = stage(meant(of, 'given-up'));
  for (const last of ['fetch failed', 'HTTP 502', 'HTTP 401']) narrator.noteSent(sent(of, givenUp(last)));
  expect(narrator.givenUp()).toBe(2);
  expect(await told(of, ['given-up'], [givenUp('fetch failed')])).toContain('→ no answer, given up after 3 attempts');
  expect(await told(of, ['refused'], [givenUp('HTTP 401')])).toBe('\n00:10 costs failed → HTTP 401\n');
});
