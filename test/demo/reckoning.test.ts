import { expect, test } from 'vitest';
import type { Answer, Step } from '../../src/demo/day.ts';
import { reckon, type Evidence } from '../../src/demo/reckoning.ts';
import type { DestinationRecord } from '../../src/demo/record.ts';
import { renderReckoning } from '../../src/demo/table.ts';

const steps = (expected: Answer, count: number): Step[] =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'event',
    afterMs: index,
    happenedAtMs: index,
    sentAtMs: index,
    eventId: `whe-${expected}-${index}`,
    body: new Uint8Array(),
    expected,
    note: null,
  }));

const slack: DestinationRecord = { destination: 'data-eng', planned: 3, added: 0, delivered: 3, dead: 0, open: 0, resent: 1 };
const pager: DestinationRecord = { destination: 'oncall', planned: 2, added: 0, delivered: 2, dead: 0, open: 0, resent: 0 };

/** Five accepted (one suppressed, one unrouted), two duplicates, one quarantined, one refused; 3 Slack messages, 2 pages. */
function evidence(change: Partial<Evidence> = {}): Evidence {
  return {
    day: [...steps('accepted', 5), ...steps('duplicate', 2), ...steps('quarantined', 1), ...steps('refused', 1)],
    sent: {
      answers: { requests: 9, accepted: 5, duplicate: 2, quarantined: 1, refused: 1, other: 0, unreachable: 0 },
      promised: 5,
    },
    record: {
      events: new Map([
        ['routed', 3],
        ['unrouted', 1],
        ['suppressed', 1],
        ['repeated', 1],
        ['quarantined', 1],
      ]),
      destinations: [slack, pager],
      troubles: [],
    },
    counters: new Map([
      ['duplicate', 2],
      ['unverified', 1],
    ]),
    outlets: [
      { destination: 'data-eng', place: 'Slack #C1' },
      { destination: 'oncall', place: 'PagerDuty' },
      { destination: 'spare', place: 'Slack triage' },
    ],
    arrived: new Map([
      ['Slack #C1', 3],
      ['PagerDuty', 2],
    ]),
    problems: [],
    ...change,
  };
}

function withDestinations(...destinations: DestinationRecord[]): Partial<Evidence> {
  return { record: { ...evidence().record, destinations } };
}

test('a day on which all witnesses agree adds up', () => {
  const { webhooks, destinations, findings } = reckon(evidence());
  expect(findings).toEqual([]);
  expect(webhooks.at(-1)).toMatchObject({ label: 'requests sent', day: 9, sender: 9, relay: 9 });
  expect(destinations.at(-1)).toMatchObject({ label: 'all', planned: 5, delivered: 5, open: 0, arrived: 5 });
});

test('requests that were not taken and sent again are shown and are no difference', () => {
  const { answers } = evidence().sent;
  const { webhooks, findings } = reckon(
    evidence({ sent: { answers: { ...answers, requests: 11, other: 1, unreachable: 1 }, promised: 5 } }),
  );
  expect(findings).toEqual([]);
  expect(webhooks).toContainEqual({ label: 'not taken, sent again', day: null, sender: 2, relay: null, differs: null });
});

const faults: [string, Partial<Evidence>, RegExp][] = [
  [
    'an event that the relay acknowledged and has not stored',
    { record: { ...evidence().record, events: new Map([...evidence().record.events, ['routed', 2]]) } },
    /^accepted: .*the relay 4/,
  ],
  ['a forgery that was let in', { counters: new Map([['duplicate', 2]]) }, /^refused: .*the relay 0/],
  [
    'a duplicate that was accepted again',
    { sent: { answers: { ...evidence().sent.answers, accepted: 6, duplicate: 1 }, promised: 5 } },
    /^duplicate: .*sender counted 1/,
  ],
  [
    'a message that arrived twice',
    { arrived: new Map([...evidence().arrived, ['Slack #C1', 4]]) },
    /^data-eng: delivered 3, but 4/,
  ],
  ['a page that never arrived', { arrived: new Map([['Slack #C1', 3]]) }, /^oncall: delivered 2, but 0 arrived/],
  ['a delivery that still waits', withDestinations({ ...slack, delivered: 2, open: 1 }, pager), /^data-eng: 1 not delivered yet/],
  ['a dead delivery', withDestinations({ ...slack, delivered: 2, dead: 1 }, pager), /^data-eng: 1 dead/],
  ['a delivery without a state', withDestinations({ ...slack, delivered: 2 }, pager), /^data-eng: 3 deliveries, of which 2/],
  ['a delivery that was promised and not planned', { sent: { ...evidence().sent, promised: 6 } }, /^all: .*promised 6/],
  ['what a stand-in found wrong', { problems: ['Slack: header is too long'] }, /header is too long/],
];

test.each(faults)('%s is found and named', (_name, change, finding) => {
  expect(reckon(evidence(change)).findings.join('\n')).toMatch(new RegExp(finding.source, 'm'));
});

test('two destinations that post to one channel share what arrives there', () => {
  const outlets = [
    { destination: 'data-eng', place: 'Slack #C1' },
    { destination: 'oncall', place: 'Slack #C1' },
  ];
  expect(reckon(evidence({ outlets, arrived: new Map([['Slack #C1', 5]]) })).findings).toEqual([]);
  expect(reckon(evidence({ outlets, arrived: new Map([['Slack #C1', 4]]) })).findings).not.toEqual([]);
});

test('the tables show every number, mark each row and end with the verdict, without colour where there is none', () => {
  const plain = { width: 100, style: (_: unknown, text: string) => text };
  const good = renderReckoning(reckon(evidence()), plain);
  expect(good).toMatch(/^accepted +5 +5 +5 +✓/m);
  expect(good).toMatch(/^data-eng Slack #C1 +3 +0 +3 +0 +0 +3 +✓/m);
  expect(good).toMatch(/✓ It adds up\.$/);
  expect(good).not.toContain('\u001b');
  const bad = renderReckoning(reckon(evidence({ arrived: new Map([['Slack #C1', 3]]) })), plain);
  expect(bad).toMatch(/^oncall .*✗/m);
  expect(bad).toMatch(/✗ It does not add up:\n {2}oncall: delivered 2, but 0 arrived/);
});

test('on a narrow terminal the tables keep within it, and still show whatever is not zero', () => {
  const narrow = { width: 50, style: (_: unknown, text: string) => text };
  const good = renderReckoning(reckon(evidence()), narrow);
  expect(Math.max(...good.split('\n').map((line) => line.length))).toBeLessThanOrEqual(50);
  expect(good).toMatch(/^data-eng +3 +3 +3 +✓/m);
  const dead = evidence(withDestinations({ ...slack, delivered: 2, dead: 1 }, pager));
  expect(renderReckoning(reckon(dead), narrow)).toMatch(/^data-eng +3 +2 +1 +3 +✗/m);
});
