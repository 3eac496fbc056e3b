import { expect, test } from 'vitest';
import type { SlackPost } from '../../src/demo/arrived.ts';
import type { About, Answer, ExpectedWebhook } from '../../src/demo/expected.ts';
import { reckon, type Evidence } from '../../src/demo/reckoning.ts';
import type { DestinationRecord, RelayRecord } from '../../src/demo/record.ts';
import { renderReckoning } from '../../src/demo/table.ts';

const webhook = (answer: Answer, about: About | null = null, burst: string | null = null): ExpectedWebhook => ({
  happening: { kind: 'stranger', atMs: 0, burst, note: null, eventId: 'e', body: {}, secret: null },
  atMs: 0,
  again: false,
  answer,
  about,
});

const job = (jobId: string, state: string, subject: string, burst: string | null = null): ExpectedWebhook =>
  webhook('accepted', { jobId, state, subject }, burst);
/** Both of the failures come at once. */
const stormSize = 2;

const record = (destination: string, change: Partial<DestinationRecord>): DestinationRecord => ({
  destination,
  planned: 0,
  added: 0,
  delivered: 0,
  wordless: 0,
  edits: 0,
  suppressed: 0,
  dead: 0,
  open: 0,
  resent: 0,
  ...change,
});
/** The view's message, its reply, the storm's, the stuck job's and the digest: five posts, and one edit. */
const slack = record('data-eng', { planned: 2, added: 3, delivered: 5, edits: 1, resent: 1 });
const pager = record('oncall', { planned: 2, delivered: 2 });

const post = (deliveryId: string, text: string, inThread = false): SlackPost => ({ channel: 'C1', deliveryId, text, inThread });
const posts = [
  post('dlv_view', 'recovered after 1 h'),
  post('dlv_view_over', 'recovered', true),
  post('dlv_storm', `${stormSize} failures`),
  post('dlv_stuck', 'still running'),
  post('dlv_digest', 'Digest: 2 completed since 23:29'),
];

const night = [
  job('a', 'failed', 'view/1', 'storm'),
  job('b', 'completed', 'view/1'),
  job('c', 'failed', 'model/2', 'storm'),
  job('d', 'running', 'view/3'),
  job('e', 'completed', 'costs/e'),
  webhook('duplicate'),
  webhook('duplicate'),
  webhook('quarantined'),
  webhook('refused'),
];

const known: RelayRecord = {
  events: new Map([
    ['routed', 3],
    ['unrouted', 1],
    ['suppressed', 1],
    ['repeated', 1],
    ['quarantined', 1],
  ]),
  fates: new Map([
    ['told', 2],
    ['collected', 1],
    ['watched', 1],
    ['counted', 1],
  ]),
  destinations: [slack, pager],
  incidents: [
    { kind: 'subject', subject: 'view/1', open: false },
    { kind: 'subject', subject: 'model/2', open: true },
    { kind: 'group', subject: 'group/refreshes', open: false },
    { kind: 'late', subject: 'late/d', open: true },
  ],
  incidentOf: new Map([
    ['dlv_view', { incident: 1, kind: 'subject' }],
    ['dlv_view_over', { incident: 1, kind: 'subject' }],
    ['dlv_storm', { incident: 2, kind: 'group' }],
    ['dlv_stuck', { incident: 3, kind: 'late' }],
  ]),
  grouped: stormSize,
  untold: 0,
  paged: { all: 1, open: 0 },
  collected: { all: 2, left: 0 },
  reconciled: { events: 0, runs: 0 },
  timers: 0,
  troubles: [],
};

const arrived: Evidence['arrived'] = {
  requests: new Map([
    ['Slack #C1', 5],
    ['PagerDuty', 2],
  ]),
  edits: new Map([['Slack #C1', 1]]),
  posts,
  pagerDuty: { incidents: 1, open: 0 },
};

/** Five accepted, two duplicates, one quarantined, one refused; five Slack messages, a page and its end. */
function evidence(change: Partial<Evidence> = {}): Evidence {
  return {
    night,
    sent: {
      answers: { requests: 9, accepted: 5, duplicate: 2, quarantined: 1, refused: 1, other: 0, unreachable: 0 },
      promised: 4,
    },
    givenUp: 0,
    record: known,
    counters: new Map([
      ['duplicate', 2],
      ['unverified', 1],
    ]),
    outlets: [
      { destination: 'data-eng', place: 'Slack #C1' },
      { destination: 'oncall', place: 'PagerDuty' },
      { destination: 'spare', place: 'Slack triage' },
    ],
    arrived,
    problems: [],
    ...change,
  };
}

const withRecord = (change: Partial<RelayRecord>): Partial<Evidence> => ({ record: { ...known, ...change } });
const withDestinations = (...destinations: DestinationRecord[]) => withRecord({ destinations });
const withArrived = (change: Partial<Evidence['arrived']>): Partial<Evidence> => ({ arrived: { ...arrived, ...change } });
const taken = (count: number) => withArrived({ requests: new Map([...arrived.requests, ['Slack #C1', count]]) });

test('a night about which all witnesses agree adds up', () => {
  const { webhooks, fates, destinations, incidents, findings } = reckon(evidence());
  expect(findings).toEqual([]);
  expect(webhooks.at(-1)).toMatchObject({ label: 'requests sent', counts: [9, 9, 9] });
  expect(fates.at(-1)).toMatchObject({ counts: [5] });
  expect(destinations.at(-1)).toMatchObject({ label: 'all', planned: 4, added: 3, delivered: 7, open: 0, arrived: 7, edits: 1 });
  expect(incidents.every(({ differs }) => differs === null)).toBe(true);
});

test('requests that were not taken and sent again are shown and are no difference', () => {
  const { answers } = evidence().sent;
  const { webhooks, findings } = reckon(
    evidence({ sent: { answers: { ...answers, requests: 11, other: 1, unreachable: 1 }, promised: 4 } }),
  );
  expect(findings).toEqual([]);
  expect(webhooks).toContainEqual({ label: 'not taken, sent again', counts: [null, 2, null], differs: null });
});

/** One of the accepted ones was found by reconciliation, after two webhooks had been given up; each had been tried twice. */
const away: Partial<Evidence> = {
  night: [{ ...night[0]!, answer: 'found' }, ...night.slice(1), webhook('given-up'), webhook('given-up')],
  givenUp: 2,
  sent: { answers: { ...evidence().sent.answers, requests: 12, accepted: 4, unreachable: 4 }, promised: 4 },
  ...withRecord({ events: new Map([...known.events, ['routed', 2]]), reconciled: { events: 1, runs: 1 } }),
};

test('webhooks that were given up while the relay was away, and what it found afterwards, have rows of their own', () => {
  const { webhooks, fates, findings } = reckon(evidence(away));
  expect(findings).toEqual([]);
  expect(webhooks).toContainEqual({ label: 'given up: the relay was away', counts: [2, 2, null], differs: null });
  expect(webhooks).toContainEqual({ label: "found in Narrative's job list", counts: [1, null, 1], differs: null });
  expect(webhooks.at(-1)).toMatchObject({ label: 'requests sent', counts: [12, 12, 12] });
  expect(fates.at(-1)).toMatchObject({ label: 'all of them', counts: [5] });
  expect(reckon(evidence()).webhooks.map(({ label }) => label)).not.toContain('given up: the relay was away');
});

test('an edit that was made twice, and a digest that missed the last jobs, are no differences', () => {
  expect(reckon(evidence(withArrived({ edits: new Map([['Slack #C1', 2]]) }))).findings).toEqual([]);
  const late = post('dlv_digest', 'Digest: 1 completed since 23:29');
  const change = { ...withRecord({ collected: { all: 2, left: 1 } }), ...withArrived({ posts: [...posts.slice(0, 4), late] }) };
  expect(reckon(evidence(change)).findings).toEqual([]);
});

const { sent } = evidence();
const faults: [string, Partial<Evidence>, RegExp][] = [
  [
    'an event that the relay acknowledged and has not stored',
    withRecord({ events: new Map([...known.events, ['routed', 2]]) }),
    /^accepted: .*the relay 4/,
  ],
  [
    'an event whose fate the record does not tell',
    withRecord({ fates: new Map([...known.fates, ['told', 1], ['lost', 1]]) }),
    /^unaccounted for: 1/,
  ],
  [
    'an event that is in no count',
    withRecord({ fates: new Map([...known.fates, ['told', 1]]) }),
    /"accepted" 5 times, the relay knows of 4/,
  ],
  ['a forgery that was let in', { counters: new Map([['duplicate', 2]]) }, /^refused: .*the relay 0/],
  [
    'a duplicate that was accepted again',
    { sent: { ...sent, answers: { ...sent.answers, accepted: 6, duplicate: 1 } } },
    /^duplicate: .*sender counted 1/,
  ],
  ['a webhook that was given up without need', { ...away, givenUp: 3 }, /^given up: .*meant 2, the sender counted 3/],
  [
    'a missed state that reconciliation did not find',
    { ...away, ...withRecord({ events: new Map([...known.events, ['routed', 2]]) }) },
    /^found in Narrative's job list: the night meant 1, the relay 0/,
  ],
  ['a message that arrived twice', taken(6), /^data-eng: delivered 5, but 6/],
  ['a message that was never edited', withArrived({ edits: new Map() }), /^data-eng: edited 1 times, but 0/],
  ['a page that never arrived', withArrived({ requests: new Map([['Slack #C1', 5]]) }), /^oncall: delivered 2, but 0 arrived/],
  ['a delivery that still waits', withDestinations({ ...slack, delivered: 4, open: 1 }, pager), /^data-eng: 1 not delivered yet/],
  ['a dead delivery', withDestinations({ ...slack, delivered: 4, dead: 1 }, pager), /^data-eng: 1 dead/],
  ['a delivery without a state', withDestinations({ ...slack, delivered: 4 }, pager), /^data-eng: 5 deliveries, of which 4/],
  ['a delivery that was promised and not planned', { sent: { ...sent, promised: 5 } }, /^all: .*promised 5/],
  [
    'an incident that was not closed',
    withRecord({ incidents: known.incidents.map((each) => ({ ...each, open: true })) }),
    /view\/1 should not/,
  ],
  [
    'an incident that was closed too early',
    withRecord({ incidents: known.incidents.map((each) => ({ ...each, open: false })) }),
    /model\/2 should be/,
  ],
  [
    'an incident that PagerDuty keeps open',
    withArrived({ pagerDuty: { incidents: 1, open: 1 } }),
    /open at dawn: the relay has 0, the other end 1/,
  ],
  ['a storm that was told in part', withRecord({ grouped: stormSize - 1 }), /^failures in the storm: .*the relay has 1/],
  [
    'a storm that went through as many messages',
    withArrived({ posts: [...posts, ...Array.from({ length: 3 }, () => post('dlv_storm', 'more failures', true))] }),
    /about the storm, at most: 4, not 1 to 3/,
  ],
  [
    'a second message for one problem',
    withArrived({ posts: [...posts, post('dlv_view', 'failed')] }),
    /about any one: 2, not 1 to 1/,
  ],
  [
    'a job that hangs and is not told of',
    withArrived({ posts: posts.filter(({ deliveryId }) => deliveryId !== 'dlv_stuck') }),
    /^jobs that hang: .*other end 0/,
  ],
  ['a digest that never came', withArrived({ posts: posts.slice(0, 4) }), /^jobs in the digest: .*other end 0/],
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
  expect(reckon(evidence({ outlets, ...taken(7) })).findings).toEqual([]);
  expect(reckon(evidence({ outlets, ...taken(6) })).findings).not.toEqual([]);
});

test('the tables show every number, mark each row and end with the verdict, without colour where there is none', () => {
  const plain = { width: 100, style: (_: unknown, text: string) => text };
  const good = renderReckoning(reckon(evidence()), plain);
  expect(good).toMatch(/^accepted +5 +5 +5 +✓/m);
  expect(good).toMatch(/^data-eng Slack #C1 +2 +3 +5 +5 +1 +✓/m);
  expect(good).toMatch(/✓ It adds up\.$/);
  expect(good).not.toContain('\u001b');
  const bad = renderReckoning(reckon(evidence(withArrived({ requests: new Map([['Slack #C1', 5]]) }))), plain);
  expect(bad).toMatch(/^oncall .*✗/m);
  expect(bad).toMatch(/✗ It does not add up:\n {2}oncall: delivered 2, but 0 arrived/);
});

test('on a narrow terminal the tables keep within it, and still show whatever is not zero', () => {
  const narrow = { width: 50, style: (_: unknown, text: string) => text };
  const good = renderReckoning(reckon(evidence()), narrow);
  expect(Math.max(...good.split('\n').map((line) => line.length))).toBeLessThanOrEqual(50);
  expect(good).toMatch(/^data-eng +2 +5 +5 +✓/m);
  const dead = evidence(withDestinations({ ...slack, delivered: 4, dead: 1 }, pager));
  expect(renderReckoning(reckon(dead), narrow)).toMatch(/^data-eng +2 +4 +1 +5 +✗/m);
});
