/** The wide line of an attempt, and what it adds to the metrics. */
import { beforeEach, expect, test } from 'vitest';
import type { AttemptOutcome } from '../../src/destination/destination.ts';
import { deliveryId, eventId } from '../../src/event/id.ts';
import { createPrometheus } from '../../src/node/prometheus.ts';
import { createAttemptReport } from '../../src/observe/attempts.ts';
import type { Settlement } from '../../src/outbox/settle.ts';
import type { Log } from '../../src/ports.ts';

const acceptedAt = Date.UTC(2026, 2, 2, 9, 12, 5);
const eventSeq = acceptedAt * 1024;

let lines: { level: string; message: string; [field: string]: unknown }[];
let prometheus: ReturnType<typeof createPrometheus>;

const write = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };

beforeEach(() => {
  lines = [];
  prometheus = createPrometheus(() => {});
});

function report(outcome: AttemptOutcome, settlement: Settlement | null, expiresAt = acceptedAt + 86_400_000): void {
  const spec = {
    rule: 'failures',
    merged: [],
    severity: 'error',
    change: false,
    message: null,
    note: null,
    fallback: null,
  } as const;
  const delivery = {
    eventSeq,
    n: 2,
    destination: 'oncall',
    subject: 'costs/10736',
    createdAt: acceptedAt,
    expiresAt,
    attempt: 3,
    leaseUntil: null,
    spec: { ...spec, merged: [] },
    notice: null,
  };
  const attempt = { delivery, outcome, startedAt: acceptedAt + 1_500, endedAt: acceptedAt + 2_000 };
  createAttemptReport(log, prometheus)(attempt, settlement);
}

async function series(): Promise<string[]> {
  const { text } = await prometheus.scrape();
  const counted = text
    .split('\n')
    .filter((line) => /^narrative_relay_(deliver|event_to_delivery_seconds_(count|sum))/.test(line));
  return counted.map((line) => line.replace('narrative_relay_', ''));
}

test('a delivery that was made is told at info, with all that connects it, and timed from acceptance', async () => {
  report({ kind: 'delivered', detail: '202' }, { kind: 'delivered', detail: '202' });
  expect(lines).toEqual([
    {
      level: 'info',
      message: 'delivered',
      outcome: 'delivered',
      detail: '202',
      delivery: deliveryId({ eventSeq, n: 2 }),
      event_id: eventId(eventSeq),
      destination: 'oncall',
      subject: 'costs/10736',
      rule: 'failures',
      attempt: 3,
      took_ms: 500,
      since_accepted_ms: 2_000,
    },
  ]);
  expect(await series()).toEqual([
    'deliveries_total{destination="oncall",outcome="delivered"} 1',
    'delivery_attempts_total{destination="oncall",outcome="delivered",reason=""} 1',
    'event_to_delivery_seconds_sum{destination="oncall"} 2',
    'event_to_delivery_seconds_count{destination="oncall"} 1',
  ]);
});

test('a delivery that an operator sent again is no measure of how long one takes', async () => {
  report({ kind: 'delivered', detail: '202' }, { kind: 'delivered', detail: '202' }, acceptedAt + 86_400_000 + 1_000);
  expect(lines).toMatchObject([{ message: 'delivered' }]);
  expect(await series()).toEqual([
    'deliveries_total{destination="oncall",outcome="delivered"} 1',
    'delivery_attempts_total{destination="oncall",outcome="delivered",reason=""} 1',
  ]);
});

test('an attempt that will be made again is told at warn, with its reason and when', async () => {
  const dueAt = acceptedAt + 2_000 + 750;
  const retry = { reason: 'rate-limited', detail: '429' } as const;
  report({ kind: 'retry', ...retry }, { kind: 'again', dueAt, ...retry });
  expect(lines).toMatchObject([{ level: 'warn', outcome: 'retry', reason: 'rate-limited', detail: '429', next_in_ms: 750 }]);
  expect(await series()).toEqual(['delivery_attempts_total{destination="oncall",outcome="retry",reason="rate-limited"} 1']);
});

test('the attempt that a delivery died of is counted; its death is counted where it is given up', async () => {
  const refusal = { reason: 'payload', detail: '400' } as const;
  report({ kind: 'rejected', ...refusal }, { kind: 'dead', ...refusal });
  expect(lines).toMatchObject([{ level: 'warn', outcome: 'rejected', reason: 'payload' }]);
  expect(await series()).toEqual(['delivery_attempts_total{destination="oncall",outcome="rejected",reason="payload"} 1']);
});

test('a success that came after its lease was lost counts as an attempt, not as a second delivery', async () => {
  report({ kind: 'delivered', detail: '202' }, null);
  expect(lines).toMatchObject([{ outcome: 'delivered', lease: 'lost' }]);
  expect(await series()).toEqual(['delivery_attempts_total{destination="oncall",outcome="delivered",reason=""} 1']);
});
