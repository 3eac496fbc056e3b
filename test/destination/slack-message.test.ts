import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSlackMessage } from '../../src/demo/slack-check.ts';
import { composeAlert, type Alert } from '../../src/destination/alert.ts';
import { maxNoticeText, type Outgoing } from '../../src/destination/destination.ts';
import {
  plainSlackMessage,
  slackEscape,
  slackMessage,
  slackReply,
  type SlackMessage,
} from '../../src/destination/slack-message.ts';
import { escapedLength } from '../../src/destination/text.ts';
import { parseWire } from '../../src/event/parse.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { delivery, eventContent, incident, nowMs } from './example-delivery.ts';
import { changedJob, fixtureEvent } from './example-events.ts';

const { render } = createTemplates();

function alertOf(changes: Partial<Outgoing>): Alert {
  return composeAlert(delivery(changes), slackEscape, render).alert;
}

function messageOf(changes: Partial<Outgoing>) {
  return slackMessage(alertOf(changes));
}

/** `mentions`: those that are meant. */
function verdictOn(message: SlackMessage, mentions: string[] = []) {
  return checkSlackMessage({ ...message, unfurl_links: false, unfurl_media: false }, { mentions });
}

const clean = { error: null, traps: [] };

describe('a failed job in Slack', () => {
  const { text, blocks } = messageOf({ content: fixtureEvent('job-failed-kb') });

  test('says on the lock screen what failed and why', () => {
    expect(text).toMatch(/^🔴 datasets_deliver_data failed · dataset 10736 — org\.apache\.spark\.SparkException: Job aborted/);
    expect(text.length).toBeLessThan(400);
  });

  test('is a header, the facts in two columns, the trace, the links and where it comes from', () => {
    expect(blocks.map(({ type }) => type)).toEqual(['header', 'section', 'rich_text', 'rich_text', 'context']);
    expect(blocks[0]).toEqual({
      type: 'header',
      text: { type: 'plain_text', text: '🔴 datasets_deliver_data failed · dataset 10736', emoji: false },
    });
    const { fields } = blocks[1] as { fields: { text: string }[] };
    expect(fields.map((field) => field.text)).toEqual([
      '*Dataset*\n10736',
      '*Failed at*\n2026-03-02 09:12:07 UTC (after 1 h 12 min)',
      '*Started*\n2026-03-02 08:00:02 UTC',
      '*Started by*\nExample User',
      '*Job id*\nc1f2a9d4-0d2b-4b53-9a3e-2a6f6d1f9b10',
      '*Data plane*\nf79cbdae-4848-47ca-95e8-69588364d185',
      '*Subscription*\nproduction',
    ]);
    expect(JSON.stringify(blocks[2])).toContain('rich_text_preformatted');
    expect(JSON.stringify(blocks[3])).toContain('https://example.com/jobs/c1f2a9d4-0d2b-4b53-9a3e-2a6f6d1f9b10');
    expect(JSON.stringify(blocks[4])).toContain('rule deliveries-page · evt_1');
  });

  test('is clean by Slack’s rules, and so is every other example', () => {
    for (const name of [
      'job-failed-kb',
      'job-failed-guide',
      'job-completed-openapi',
      'job-running',
      'app-failed',
      'app-completed-plain',
    ] as const) {
      expect(verdictOn(messageOf({ content: fixtureEvent(name) }))).toEqual(clean);
    }
  });
});

describe('a message about an incident', () => {
  const failing = incident({ failures: 3, sinceMs: Date.UTC(2026, 2, 2, 8, 30), firstSaid: 'disk full' });
  const owners = [{ mention: '<!subteam^S0DATA>', runbook: 'https://wiki.example.com/deliveries' }];

  test('says since when, in the reader’s own time zone, how often, and calls its owners', () => {
    const { text, blocks } = messageOf({ incident: failing, owners });
    const unix = failing.sinceMs / 1000;
    expect(blocks[1]).toEqual({
      type: 'section',
      text: {
        type: 'mrkdwn',
        text: `*Failing since <!date^${unix}^{date_short_pretty} {time}|08:30 UTC> · 3rd failure*\n<!subteam^S0DATA>`,
        verbatim: true,
      },
    });
    expect(text).toBe(
      '🔴 datasets_deliver_data failed · dataset 10736 — Failing since 08:30 UTC · 3rd failure — Access denied to bucket <!subteam^S0DATA>',
    );
    expect(JSON.stringify(blocks)).toContain('{"type":"link","url":"https://wiki.example.com/deliveries","text":"Runbook"}');
    expect(JSON.stringify(blocks)).toContain('*First failure*\\ndisk full');
  });

  test('as a reply is compact: no facts that the message above the thread has', () => {
    const { blocks } = slackReply(alertOf({ incident: failing, owners }));
    expect(blocks.map(({ type }) => type)).toEqual(['section', 'section', 'rich_text', 'rich_text', 'context']);
    expect(JSON.stringify(blocks)).not.toContain('fields');
    expect(JSON.stringify(blocks)).toContain('Access denied to bucket');
  });

  test('says in plain form what it says in full', () => {
    const { text } = plainSlackMessage(alertOf({ incident: failing, owners }));
    for (const part of ['Failing since 08:30 UTC · 3rd failure', '<!subteam^S0DATA>', 'Runbook: https://wiki.example.com/']) {
      expect(text).toContain(part);
    }
  });
});

describe('more owners than a message has room for', () => {
  const owner = (i: number) => ({ mention: `<!subteam^S0ABCDEF${i + 100}>`, runbook: null });
  const calling = (n: number) => alertOf({ incident: incident(), owners: Array.from({ length: n }, (_, i) => owner(i)) });
  const forms = [slackMessage, slackReply, plainSlackMessage];
  const called = (text: string) => text.match(/<!subteam\^S0ABCDEF\d+>/g)?.length ?? 0;

  test.each(forms)('are counted where they are not called (%o)', (form) => {
    const { text, blocks } = form(calling(60));
    for (const said of [text, ...(blocks === undefined ? [] : [JSON.stringify(blocks)])]) {
      const more = Number(/ \+(\d+) more owners/.exec(said)?.[1]);
      expect(called(said)).toBeGreaterThan(20);
      expect(called(said) + more).toBe(60);
    }
  });

  test.each(forms)('are not said of as many as fit (%o)', (form) => {
    const { text } = form(calling(25));
    expect(called(text)).toBe(25);
    expect(text).not.toContain('more owner');
  });

  test('one that is too long to be called is one owner', () => {
    const mentions = [`<!subteam^S0ABC|${'x'.repeat(700)}>`, '<@U0ABC>'];
    expect(slackMessage({ ...alertOf({}), mentions }).blocks[1]).toMatchObject({ text: { text: '<@U0ABC> +1 more owner' } });
  });
});

test('a notice’s text is shown whole in every form, up to what notices may have', () => {
  const text = `${'&'.repeat(300)}${'x'.repeat(maxNoticeText - 1_500 - 4)} end`;
  expect(escapedLength(text)).toBe(maxNoticeText);
  const alert = alertOf({ content: { kind: 'notice', title: 'many', text, occurredAtMs: nowMs }, incident: incident() });
  for (const form of [slackMessage, slackReply, plainSlackMessage]) expect(JSON.stringify(form(alert))).toContain('x end');
  const longer = { ...alert, text: slackEscape(`${text}!`) };
  for (const form of [slackMessage, slackReply, plainSlackMessage]) expect(JSON.stringify(form(longer))).not.toContain('x end');
});

test('notes come right below the header', () => {
  const { blocks } = messageOf({ note: 'could not be delivered to data-eng: channel_not_found' });
  expect(blocks[1]).toMatchObject({
    type: 'context',
    elements: [{ text: '⚠️ could not be delivered to data-eng: channel_not_found' }],
  });
});

test('a title that is too long for the header is told in full below it', () => {
  const { blocks } = messageOf({ message: { title: `${'t'.repeat(300)} & more` } });
  expect((blocks[0] as { text: { text: string } }).text.text).toHaveLength(150);
  expect(blocks[1]).toMatchObject({ type: 'section', text: { type: 'plain_text', text: `${'t'.repeat(300)} & more` } });
});

test('a title stays plain text wherever it is told: a mention in it calls nobody', () => {
  const { blocks } = messageOf({ message: { title: `<!channel> ${'*t* '.repeat(60)}` } });
  expect(blocks.slice(0, 2).map((block) => ('text' in block ? block.text.type : ''))).toEqual(['plain_text', 'plain_text']);
});

test('more fields than a message should have are counted, not silently dropped', () => {
  const fields = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`Field ${i}`, `value ${i}`]));
  const message = messageOf({ message: { fields } });
  expect(message.blocks.filter((block) => 'fields' in block)).toHaveLength(2);
  expect(JSON.stringify(message.blocks)).toMatch(/18\d more fields left out/);
  expect(verdictOn(message)).toEqual(clean);
});

describe('event data stays inert', () => {
  const hostile =
    '<!channel> <@U123ABC> <!subteam^S0ABC> <https://evil.example|Open> *bold* `code` ```x``` & &amp; ~s~ \u202egnp\0';

  test('as a job type, a user’s name, a failure, a link and in a rule’s own words', () => {
    const content = changedJob({
      type: hostile,
      request_source: { type: 'api_user', user_name: hostile },
      input: { dataset_id: hostile },
      failures: [{ message: hostile, value: `${hostile}\n\tat ${hostile}` }],
    });
    const message = {
      title: 'see {{ job.type }}',
      text: '*look*: {{ job.type }}',
      fields: { Who: '{{ job.requested_by }}', [hostile]: 'x' },
    };
    for (const outgoing of [{ content }, { content, message }, { content, note: hostile }]) {
      const alert = alertOf({ ...outgoing, links: { [hostile]: 'https://example.com/{{ job.type }}' } });
      expect(verdictOn(slackMessage(alert))).toEqual(clean);
      expect(verdictOn(plainSlackMessage(alert))).toEqual(clean);
    }
  });

  test('and is shown as it was, without entities, where Slack reads no markup', () => {
    const { blocks } = messageOf({ content: changedJob({ type: 'a < b & c' }) });
    expect(blocks[0]).toMatchObject({ text: { text: '🔴 a < b & c failed · dataset 10736' } });
  });

  test('and does not turn bold or quoted: what looks like formatting goes out as plain text', () => {
    const { blocks } = messageOf({ content: changedJob({ request_source: { type: 'process', name: '> *nightly*' } }) });
    const { fields } = blocks[1] as { fields: object[] };
    expect(fields[3]).toEqual({ type: 'plain_text', text: 'Started by\n> *nightly* (process)', emoji: false });
  });
});

test('a rule’s own markup is kept', () => {
  const markup = '<!subteam^S0ABC> *look* at <https://wiki.example.com/10736|the runbook>';
  const message = messageOf({ message: { text: markup, fields: { Runbook: markup } } });
  expect(message.blocks).toContainEqual({ type: 'section', text: { type: 'mrkdwn', text: markup, verbatim: true } });
  expect(JSON.stringify(message.blocks)).toContain(JSON.stringify(`*Runbook*\n${markup}`));
});

test('a 300 KB stack trace becomes a message within the limits', () => {
  const trace = `java.lang.Error: <&>\n${'\tat com.example.Frame(<init>)&\n'.repeat(10_000)}`;
  const message = messageOf({ content: changedJob({ failures: [{ message: '&'.repeat(300_000), value: trace }] }) });
  expect(verdictOn(message)).toEqual(clean);
});

test('with every part at its largest, text and URLs together stay under 9,000 characters', () => {
  const long = '& '.repeat(5_000);
  const mentions = Array.from({ length: 40 }, (_, i) => `<!subteam^S0ABC${i}>`);
  const message = slackMessage({
    tone: 'bad',
    title: slackEscape(long),
    status: ['Failing since ', { atMs: nowMs, utc: '2026-03-02 09:12 UTC' }, ' · 1234567th failure'],
    mentions,
    text: slackEscape(long),
    fields: Array.from({ length: 40 }, () => ({ label: long, value: slackEscape(long), source: 'event' as const })),
    excerpt: long,
    links: Array.from({ length: 40 }, (_, i) => ({ label: long, url: `https://example.com/${'x'.repeat(i * 20)}` })),
    notes: Array.from({ length: 40 }, () => long),
    origin: long,
    occurredAt: '2026-03-02T09:12:07Z',
  });
  const strings = JSON.stringify(message.blocks).matchAll(/"(?:text|url)":"((?:[^"\\]|\\.)*)"/g);
  const escapedLength = [...strings].reduce((sum, [, text = '']) => sum + text.replace(/&(?!amp;)/g, '&amp;').length, 0);
  expect(escapedLength).toBeGreaterThan(6_000);
  expect(escapedLength).toBeLessThanOrEqual(9_000);
  expect(verdictOn(message, mentions)).toEqual(clean);
  expect(message.text).toContain(mentions[0]);
  expect(message.text).not.toContain(mentions[39]);
});

test('the plain form says all that matters without blocks', () => {
  const message = plainSlackMessage(alertOf({ content: fixtureEvent('job-failed-kb'), note: 'second way' }));
  expect(message.blocks).toBeUndefined();
  for (const part of [
    'second way',
    'Dataset: 10736',
    'Failed at: 2026-03-02 09:12:07 UTC',
    'Job aborted',
    'Job: https://example.com/jobs/',
  ]) {
    expect(message.text).toContain(part);
  }
  expect(verdictOn(message)).toEqual(clean);
});

/** Strings of every kind and length, with what breaks messages more often than chance has it. */
const nasty = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '\n\n',
      '\0',
      '\ud83d',
      '<!channel>',
      '&',
      '*x*',
      '`',
      'שלום\u200f',
      '\u202ex',
      '😀',
      '🏳️‍🌈',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('&', '<', '😀', 'a ', '\n', 'x', '\ud83d\0'), fc.integer({ min: 1, max: 10_000 }))
      .map(([unit, n]) => unit.repeat(n)),
  },
);

test('whatever an alert holds, its message is within Slack’s limits and clean', () => {
  const escaped = nasty.map(slackEscape);
  const owners = ['<!subteam^S0ABC|@data>', '<@U0ABC>'];
  const alert: fc.Arbitrary<Alert> = fc.record({
    tone: fc.constantFrom('bad', 'good', 'neutral'),
    title: escaped,
    status: fc.option(fc.constant(['Failing since ', { atMs: nowMs, utc: '09:12 UTC' }, ' · 3rd failure'])),
    mentions: fc.constant(owners),
    text: fc.option(escaped),
    fields: fc.array(fc.record({ label: nasty, value: escaped, source: fc.constantFrom('rule', 'event') }), { maxLength: 200 }),
    excerpt: fc.option(nasty),
    links: fc.array(fc.record({ label: nasty, url: fc.webUrl({ withFragments: true, withQueryParameters: true }) }), {
      maxLength: 30,
    }),
    notes: fc.array(nasty, { maxLength: 20 }),
    origin: nasty,
    occurredAt: fc.constant('2026-03-02T09:12:07Z'),
  });
  fc.assert(
    fc.property(alert, (any) => {
      for (const message of [slackMessage(any), slackReply(any), plainSlackMessage(any)]) {
        expect(verdictOn(message, owners)).toEqual(clean);
        expect(message.text.length).toBeLessThanOrEqual(3_000);
      }
    }),
    { numRuns: 200 },
  );
});

test('whatever an event holds, an alert is made of it, and its message is clean', () => {
  const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as never);
  const job = fc.record(
    {
      job_id: nasty,
      state: fc.oneof(fc.constant('failed'), nasty),
      type: nasty,
      input: json,
      request_source: json,
      failures: json,
      result: json,
      ended_at: nasty,
    },
    { requiredKeys: ['job_id', 'state', 'type'] },
  );
  const failures = fc.array(fc.record({ message: nasty, value: fc.oneof(nasty, json) }), { maxLength: 3 });
  const message = fc.option(
    fc.constant({ title: '{{ job.type }}', text: '{{ job.failures }}', fields: { A: '{{ job.input }}' } }),
  );
  fc.assert(
    fc.property(job, failures, message, nasty, (wire, told, own, note) => {
      const parsed = parseWire({ id: '1', type: 'job.x', data: { failures: told, ...wire } } as never);
      if (parsed.kind !== 'event') return;
      const received = { id: 'evt_1', subscription: 'production', receivedAtMs: 0, narrative: parsed.event };
      const content: Outgoing['content'] = { kind: 'event', received, body: new Uint8Array(), contentType: 'application/json' };
      const any = alertOf({ content, message: own, note, links: { job: 'https://example.com/{{ job.id }}?t={{ job.type }}' } });
      for (const made of [slackMessage(any), slackReply(any), plainSlackMessage(any)]) expect(verdictOn(made)).toEqual(clean);
    }),
    { numRuns: 200 },
  );
});

test('an event of nothing but its three words still makes a message', () => {
  const message = messageOf({
    content: eventContent('{"job_id":"\\u0000","state":"\\u202e","type":" "}'),
    links: {},
    rule: null,
  });
  expect(verdictOn(message)).toEqual(clean);
});
