/** What the rules are, and what they make of an event that somebody tries. */
import { describe, expect, test } from 'vitest';
import { answerTo, jobBody } from '../http/narrative-event.ts';
import { openConsole } from './console-stage.ts';
import { createDeliveriesStage } from './deliveries-stage.ts';
import { strangersOnPage, tagsIn, textIn } from './markup.ts';
import { quietOperations, quietRules } from './views.ts';

const stage = createDeliveriesStage();
const tryPath = '/console/rules/try';
const typedIn = (markup: string) => textIn(/<textarea[^>]*id="event"[^>]*>([^<]*)<\/textarea/.exec(markup)?.[1] ?? '');

describe('the page of the rules', () => {
  test('tells each rule with its place, its policy and where it sends', async () => {
    const { status, text, title, markup } = await stage.operator.get('/console/rules');
    expect(status).toBe(200);
    expect(title).toBe('Rules (2) · Narrative Relay');
    expect(text).toContain(
      'views-to-airflow rules/relay.yaml:7:13 states completed · job_types materialize-view each event – airflow',
    );
    expect(text).toContain(
      'failures rules/relay.yaml:8:13 states failed each event reminder every 12 h tells recovery data-eng · critical',
    );
    expect(text).toContain('production – auto');
    expect(text).toContain('The files mute nothing.');
    expect(text).not.toContain('refused');
    expect(strangersOnPage(markup)).toEqual([]);
  });

  test('shows what the last reload found wrong, above those that stay in force; mutes; and what no rule matches', async (context) => {
    const problems = Array.from(
      { length: 8 },
      (_, i) => `rules/failures.yaml:${i}:5 unknown key "<sned>" (did you mean "send"?)`,
    );
    const unmatched = {
      name: 'unmatched',
      at: 'rules/relay.yaml:20:1',
      match: { states: ['failed'] },
      when: 'each event',
      policy: [],
      send: [],
    };
    const mutes = [
      { name: 'deploy', from: null, until: '2026-03-01T04:00:00.000Z', reason: 'known', author: null, active: true },
    ];
    const operations = quietOperations({ rules: { ...quietRules, problems, unmatched, mutes } });
    const operator = await (await openConsole(context, { operations })).operator();
    const page = await operator.get('/console/rules');
    const text = textIn(page.text);
    expect(text).toContain('✗ Changed rules refused');
    for (const problem of problems) expect(text).toContain(problem);
    expect(text).toContain('unmatched what no rule matched rules/relay.yaml:20:1 states failed each event – nowhere');
    expect(text).toContain('deploy ‖ in force until 04:00 UTC in 1 h 12 min known');
  });
});

describe('an event that is tried', () => {
  const tried = async (event: string, subscription = 'production') =>
    stage.operator.send(await stage.operator.get(tryPath), tryPath, [
      ['event', event],
      ['subscription', subscription],
    ]);

  test('is explained rule by rule, with the messages as they would look; nothing is stored or sent', async () => {
    const { status, text, title, markup } = await tried(jobBody({ message: 'out of memory' }));
    expect(status).toBe(200);
    expect(title).toBe('1 message would be sent · Narrative Relay');
    expect(text).toContain('→ data-eng by failures · critical Narrative Relay Slack · C0123ABCD 🔴 materialize-view failed');
    expect(text).toContain('✓ failures rules/relay.yaml:8:13 matched → data-eng');
    expect(text).toContain('views-to-airflow rules/relay.yaml:7:13 did not match: states: failed is not completed');
    expect(JSON.parse(typedIn(markup))).toEqual(JSON.parse(jobBody({ message: 'out of memory' })));
    expect(stage.relay.events()).toHaveLength(0);
    expect(stage.slack.messages).toHaveLength(0);
  });

  test('that goes nowhere says so', async () => {
    const { text } = await tried(jobBody({ state: 'running' }));
    expect(text).toContain('Nothing would be sent.');
    expect(text).toContain('did not match: states: running is not completed');
  });

  test.for([
    ['', 'is empty: paste an event'],
    ['{"id": ', 'is not JSON'],
    ['{"hello": "world"}', 'the relay would keep this in quarantine'],
  ] as const)('as %j is refused beside the field, and what was typed is kept', async ([event, words]) => {
    const { status, text, title, markup } = await tried(event);
    expect(status).toBe(400);
    expect(title).toContain('something is wrong');
    expect(text).toContain(words);
    const field = tagsIn(markup).find(({ attributes }) => attributes.id === 'event');
    expect(field?.attributes['aria-invalid']).toBe('true');
    expect(typedIn(markup)).toBe(event.trim());
  });

  test('by a subscription that is gone is refused beside that field', async () => {
    const { status, text, markup } = await tried(jobBody(), 'staging');
    expect(status).toBe(400);
    const wrong = tagsIn(markup).filter(({ attributes }) => attributes['aria-invalid'] === 'true');
    expect(wrong.map(({ attributes }) => attributes.id)).toEqual(['subscription']);
    expect(text).toContain('there is no staging; the rules have production');
  });

  test('with hostile text is shown, not run', async () => {
    const hostile = `</textarea><script>alert(1)</script><img src=x onerror=alert(2)>`;
    for (const body of [jobBody({ jobId: hostile, message: hostile }), hostile]) {
      const { markup } = await tried(body);
      const tags = new Set(tagsIn(markup).map(({ name }) => name));
      expect(tags).not.toContain('img');
      expect(markup).not.toMatch(/<script>|<[^>"]*\sonerror/);
      expect(typedIn(markup)).toBe(body);
    }
  });

  test('can begin as one that came, with all its digits', async () => {
    const body = jobBody({ state: 'completed' }).replace('10736', '12345678901234567890');
    const { event_id: id } = (await answerTo(stage.relay, body)) as unknown as { event_id: string };
    const { markup } = await stage.operator.get(tryPath);
    expect(markup).toContain(`<option value="${id}">completed materialize-view`);
    const filled = await stage.operator.get(`${tryPath}?event=${id}`);
    expect(typedIn(filled.markup)).toContain('"dataset_id": 12345678901234567890');
    expect(filled.markup).toMatch(/<option value="production" selected/);
    const gone = await stage.operator.get(`${tryPath}?event=evt_1M7ZPRB9M00`);
    expect(gone.status).toBe(400);
    expect(gone.text).toContain('There is no event evt_1M7ZPRB9M00');
  });

  test('may be larger than other forms, up to a mebibyte', async () => {
    expect((await tried(jobBody({ message: 'x'.repeat(300_000) }))).status).toBe(200);
    expect((await tried(jobBody({ message: 'x'.repeat(1_100_000) }))).status).toBe(413);
  });
});
