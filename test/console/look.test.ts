/** Messages as they looked: the previews of real destinations, drawn. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { look } from '../../src/console/look/look.ts';
import { createConsoleDestination } from '../../src/destination/console.ts';
import type { Destination, Outgoing } from '../../src/destination/destination.ts';
import { createHttpDestination } from '../../src/destination/http.ts';
import { createPagerDutyDestination } from '../../src/destination/pagerduty.ts';
import { createSlackDestination } from '../../src/destination/slack.ts';
import { createTemplates } from '../../src/rules/template.ts';
import {
  clock,
  completedContent,
  delivery,
  eventContent,
  failedJobBody,
  failedWith,
  incident,
  nodeHash,
  notice,
  recovered,
} from '../destination/example-delivery.ts';
import { changedJob } from '../destination/example-events.ts';
import { strangersIn, tagsIn, textIn } from './markup.ts';

const { render } = createTemplates();
const token = 'xoxb-obviously-fake-token';
const routingKey = 'FAKE0ROUTING0KEY0FOR0TESTS0ABCD1';
const common = { fallback: null, pace: null };
const ports = { fetch, clock, hash: nodeHash, render };

const slack = createSlackDestination({ ...common, name: 'data-eng', token, channel: 'C0123ABCD' }, ports);
const webhook = createSlackDestination(
  { ...common, name: 'triage', webhookUrl: 'https://hooks.slack.example.com/services/obviously-fake' },
  ports,
);
const pagerduty = createPagerDutyDestination({ ...common, name: 'oncall', routingKey, region: 'us' }, ports);
const airflow = createHttpDestination(
  {
    ...common,
    name: 'airflow',
    url: 'https://airflow.example.com/hooks/obviously-fake?token=obviously-fake',
    method: 'POST',
    headers: { 'x-api-key': 'obviously-fake-key' },
    secret: 'whsec_ZmFrZSBzZWNyZXQgZm9yIHRlc3Rz',
  },
  { ...ports, version: '0.0.0-test' },
);
const terminal = createConsoleDestination({ ...common, name: 'console' }, { write: () => {}, render });
const everyKind: Destination[] = [slack, webhook, pagerduty, airflow, terminal];

const drawn = (destination: Destination, changes: Partial<Outgoing> = {}) => String(look(destination.preview(delivery(changes))));
const classes = (markup: string) => tagsIn(markup).flatMap(({ attributes }) => attributes.class?.split(' ') ?? []);

describe('a Slack message', () => {
  test('shows the headline, the fields, the trace, the link and the channel', () => {
    const markup = drawn(slack);
    expect(textIn(markup)).toMatch(/^Narrative Relay Slack · C0123ABCD 🔴 datasets_deliver_data failed · dataset 10736/);
    expect(markup).toContain('<strong>Dataset</strong>\n10736');
    expect(markup).toMatch(/<pre [^>]*><code>Access denied to bucket<\/code><\/pre>/);
    expect(tagsIn(markup).find(({ name }) => name === 'a')?.attributes.href).toBe(
      'https://example.com/jobs/2a5b9ad7-dc8f-47bb-8e62-843a38f8054c',
    );
    expect(strangersIn(markup)).toEqual([]);
  });

  test('says with its colour what its first sign says: failed, recovered, news', () => {
    expect(classes(drawn(slack))).toContain('look-bad');
    expect(classes(drawn(slack, { content: completedContent(), incident: recovered() }))).toContain('look-good');
    expect(classes(drawn(slack, { severity: 'info', content: { ...notice, tone: 'neutral' } as Outgoing['content'] }))).toContain(
      'look-plain',
    );
  });

  test('says that it is an edit of the message of the incident', () => {
    const root = { root: '1772442720.000100', configured: 'C0123ABCD', channel: 'C0123ABCD', ts: '1772442720.000100' };
    const markup = drawn(slack, { incident: incident({ act: 'remind', failures: 3 }), root });
    expect(textIn(markup)).toContain('Slack · C0123ABCD · the message of the incident, edited');
    expect(markup).toContain('<time datetime="2026-03-02T09:12:00.000Z">09:12 UTC</time>');
    // What people were notified of comes below it.
    const [, reply] = markup.split('class="look-reply"');
    expect(textIn(`<p ${reply}`)).toMatch(/Slack · C0123ABCD · in the thread 🔴 .* failed/);
  });

  test('says where a reply stands', () => {
    const preview = slack.preview(delivery());
    const body = { ...(preview.body as object), thread_ts: '1772442720.000100', reply_broadcast: true };
    expect(textIn(String(look({ ...preview, body })))).toContain('in the thread, and in the channel too');
  });

  test('shows whom a rule calls, and calls nobody whom an event names', () => {
    const owners = [{ mention: '<!subteam^S0ABC>', runbook: null }];
    const markup = drawn(slack, { content: failedWith('<!channel> look'), incident: incident(), owners });
    const mentions = markup.match(/<span class="look-mention">[^<]*/g)!;
    expect(new Set(mentions)).toEqual(new Set(['<span class="look-mention">@S0ABC']));
    expect(textIn(markup)).toContain('<!channel> look');
  });

  test('shows a message without blocks, and a block that nobody knows, folded', () => {
    const asPlain = String(look({ format: 'slack', body: { channel: 'alerts', text: '🔴 *down* &lt;b&gt;' }, problems: [] }));
    expect(textIn(asPlain)).toBe('Narrative Relay Slack · #alerts 🔴 down <b>');
    const blocks = [{ type: 'video', title: '<script>' }, { type: 'section' }, 'text', null];
    const unknown = String(look({ format: 'slack', body: { text: 'x', blocks }, problems: [] }));
    expect(tagsIn(unknown).filter(({ name }) => name === 'details')).toHaveLength(5);
    expect(textIn(unknown)).toContain('"title": "<script>"');
    expect(strangersIn(unknown)).toEqual([]);
  });
});

describe('a PagerDuty event', () => {
  test('shows the summary, how bad it is, its key, the details and the links', () => {
    const markup = drawn(pagerduty);
    const text = textIn(markup);
    expect(text).toMatch(/^PagerDuty · CRITICAL/);
    expect(text).toContain('dedup_key narrative/datasets_deliver_data/10736');
    expect(text).toContain('Source narrative/production');
    expect(text).toContain('Component dataset 10736');
    expect(text).toContain('Failure 2026-03-02T09:11:59Z Access denied to bucket');
    expect(tagsIn(markup).find(({ name }) => name === 'a')?.attributes.href).toMatch(/^https:\/\/example\.com\/jobs\//);
  });

  test('is coloured by its severity', () => {
    const tones = (['critical', 'error', 'warning', 'info'] as const).map((severity) =>
      classes(drawn(pagerduty, { severity })).find((each) => /^look-(bad|warn|good|plain)$/.test(each)),
    );
    expect(tones).toEqual(['look-bad', 'look-bad', 'look-warn', 'look-plain']);
  });

  test('that resolves says which alert it ends, and one that only tells of a change pages nobody', () => {
    expect(textIn(drawn(pagerduty, { content: completedContent(), incident: recovered() }))).toMatch(
      /^PagerDuty · resolve .* dedup_key narrative\/datasets_deliver_data\/10736$/,
    );
    expect(textIn(drawn(pagerduty, { change: true }))).toMatch(/^PagerDuty · change event, which pages nobody/);
  });
});

test('an http request shows its method, address, headers and body, and no secret', () => {
  const markup = drawn(airflow);
  const text = textIn(markup);
  expect(text).toMatch(/^POST https:\/\/airflow\.example\.com\/…/);
  expect(text).toContain('x-api-key …');
  expect(text).toContain('webhook-id evt_1');
  expect(text).toContain("(the event's body, as it came)");
  expect(markup).not.toContain('obviously-fake');
});

test('what the terminal printed is shown as it was', () => {
  expect(textIn(drawn(terminal))).toMatch(/^\[CRITICAL\] datasets_deliver_data failed · dataset 10736/);
});

test('a template that failed is named above the message', () => {
  const markup = String(look({ ...slack.preview(delivery()), problems: ['title: undefined variable: job.inptu <b>'] }));
  expect(textIn(markup)).toMatch(/^A template failed ; .* title: undefined variable: job\.inptu <b> Narrative Relay/);
  expect(strangersIn(markup)).toEqual([]);
});

test('a body of another form than its own is shown as it is, whatever it is', () => {
  for (const format of ['slack', 'pagerduty', 'http', 'console'] as const) {
    for (const body of [null, undefined, 7, [], {}, { blocks: 1 }, { payload: {} }, '<script>alert(1)</script>', 10n]) {
      expect(strangersIn(String(look({ format, body, problems: [] })))).toEqual([]);
    }
  }
});

describe('hostile text in an event', () => {
  const hostile = [
    '<script>alert(1)</script>',
    '</code></pre><img src=x onerror=alert(1)>',
    '"><a href="javascript:alert(1)">x</a>',
    "' onmouseover='alert(1)",
    '<!channel> <@U1> <https://evil.example.com|Job>',
    '&lt;script&gt; &amp;lt;b&amp;gt;',
    '*bold* `code` ```pre``` ~x~',
    '{{ job.id }} ${1} :red_circle:',
  ];

  test('is read as text in every look', () => {
    for (const text of hostile) {
      const content = changedJob({
        type: text,
        input: { dataset_id: text },
        failures: [{ message: text, timestamp: text }],
        request_source: { type: text },
        data_plane_id: text,
      });
      for (const destination of everyKind) {
        const markup = drawn(destination, { content, subject: text, note: text, rule: text, title: text });
        expect(strangersIn(markup)).toEqual([]);
        expect(markup).not.toContain('href="https://evil');
      }
      // In Slack's fields formatting marks may go, since a reader of the channel would not see them either.
      expect(textIn(drawn(pagerduty, { content }))).toContain(text);
    }
  });

  test('can not turn what is read around', () => {
    const content = eventContent(failedJobBody.replace('Access denied', 'Access \\u202edenied\\u2066'));
    for (const destination of everyKind) expect(drawn(destination, { content })).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    const raw = String(look({ format: 'http', body: { method: 'POST', url: '', headers: {}, body: 'a\u202eb' }, problems: [] }));
    expect(textIn(raw)).toContain('a\\u202eb');
  });

  test('of any kind leaves nothing in the page but what the page wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom(...hostile), (random, known) => {
        const text = random + known;
        const content = failedWith(text);
        for (const destination of everyKind) expect(strangersIn(drawn(destination, { content, title: text }))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
