/** Whatever an event, a rule or an operator writes is shown, not run; and no secret is shown at all. */
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/observe/redact.ts';
import { createHtmlCleaner } from '../../src/console/clean-html.ts';
import { openConsole } from './console-stage.ts';
import { detailOf, quietOperations, quietRules, quietStats, someDestination, someIncident } from './views.ts';

const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;\u202E`;

/** A view with the hostile text in place of each text but those that have to be read as what they are. */
function poisoned<T>(view: T, keep: readonly string[] = []): T {
  if (typeof view === 'string') return (/^\d{4}-\d\d-\d\dT/.test(view) ? view : hostile) as T;
  if (Array.isArray(view)) return view.map((each: unknown) => poisoned(each, keep)) as T;
  if (typeof view !== 'object' || view === null) return view;
  const entries = Object.entries(view).map(([key, value]) => [key, keep.includes(key) ? value : poisoned(value, keep)]);
  return Object.fromEntries(entries) as T;
}

/** No element, and no attribute, but those that the console makes. */
function expectInert(text: string): void {
  expect(text).not.toContain('<script>');
  const bare = text.replaceAll(/="[^"]*"/g, '=""');
  expect(bare).not.toMatch(/<img|<style|<[^>]*\s(?:on[a-z]+|style)\s*=/i);
  expect(text).not.toMatch(/(?:href|src|action)="(?!\/console|#|data:image\/svg)/);
  // The only scripts are files of ours.
  for (const [tag] of text.matchAll(/<script[^>]*>/g))
    expect(tag).toMatch(/^<script src="\/console\/assets\/[a-z]+\.[0-9a-f]{16}\.js" defer(?:="")?>$/);
}

describe('hostile text', () => {
  const operations = quietOperations({
    stats: { ...quietStats, now: { ...quietStats.now, incidents_open: 2, dead: 1 } },
    rules: poisoned({
      ...quietRules,
      problems: ['a'],
      mutes: [{ name: 'a', from: null, until: null, reason: 'a', author: 'a', active: true }],
    }),
    incidents: [
      poisoned(detailOf({ ...someIncident, silenced_by: 'a' }, { [hostile]: [hostile] }), ['kind', 'status']),
      poisoned(detailOf(someIncident, { dataset_ids: ['a'] }), ['kind', 'status', 'dataset_ids', 'id']),
    ],
    destinations: [
      poisoned(
        {
          ...someDestination,
          parked: {
            since: '2026-03-01T02:30:00.000Z',
            reason: 'a',
            detail: 'a',
            probes: 1,
            next_probe_at: '2026-03-01T02:50:00.000Z',
          },
        },
        ['type'],
      ),
    ],
  });
  const readiness = () => ({ ready: false, details: { store: hostile } });

  test('from views is inert on the page Now', async (context) => {
    const operator = await (await openConsole(context, { operations, readiness })).operator();
    const { text } = await operator.get('/console');
    expectInert(text);
    expect(text.split('&lt;script&gt;alert(1)').length - 1).toBeGreaterThanOrEqual(8);
  });

  test('of operators is inert on the page of silences, and in the notice of what was done', async (context) => {
    const stage = await openConsole(context, { operations });
    const operator = await stage.operator();
    await operator.get('/console/silences');
    const made = await operator.submit('/console/silences', {
      dataset: 'x',
      type: `<b>`,
      for: '2h',
      reason: hostile,
      author: hostile,
    });
    expect(made.status).toBe(303);
    const { text } = await operator.get('/console/silences');
    expectInert(text);
    expect(text).toContain('&lt;b&gt;');
    expect(text).toContain('&lt;script&gt;');
  });

  test('in the address, or in a form that is refused, is inert', async (context) => {
    const operator = await (await openConsole(context, { operations })).operator();
    const names = [
      'dataset',
      'type',
      'state',
      'match',
      'for',
      'until',
      'reason',
      'author',
      'incident',
      'event',
      'refresh',
      'next',
    ];
    const query = new URLSearchParams(Object.fromEntries(names.map((name) => [name, hostile])));
    for (const path of ['/console', '/console/silences', '/console/sign-in', `/console/${encodeURIComponent(hostile)}`]) {
      expectInert((await operator.get(`${path}?${query.toString()}`)).text);
    }
    query.delete('incident');
    query.delete('event');
    expectInert((await operator.get(`/console/silences?${query.toString()}`)).text);
    expectInert((await operator.get(`/console/silences?incident=${encodeURIComponent(hostile)}`)).text);
    await operator.get('/console/silences');
    const refused = await operator.submit('/console/silences', Object.fromEntries(query));
    expect(refused.status).toBe(400);
    expectInert(refused.text);
    expectInert((await operator.submit('/console/unpark', { destination: `${hostile}!` })).text);
    expectInert((await operator.submit(`/console/silences/${encodeURIComponent(hostile)}/expire`)).text);
  });

  test('in a sign-in is inert', async (context) => {
    const visitor = (await openConsole(context)).visitor();
    expectInert((await visitor.get(`/console/sign-in?next=${encodeURIComponent(`/console?x=${hostile}`)}`)).text);
    const refused = await visitor.submit('/console/sign-in', { token: hostile, next: hostile });
    expect(refused.status).toBe(401);
    expectInert(refused.text);
  });
});

describe('a secret', () => {
  const secrets = ['xoxb-not-a-real-token', `hook&"secret'<not>real`];
  const clean = createRedactor(secrets);

  test('that got into a view is masked, also where it is escaped in the markup', async (context) => {
    const leak = `before ${secrets[0]} and ${secrets[1]} after`;
    const operations = quietOperations({
      stats: { ...quietStats, now: { ...quietStats.now, incidents_open: 1 } },
      incidents: [detailOf({ ...someIncident, subject: leak, last_said: leak }, { dataset_ids: [leak] })],
    });
    const operator = await (await openConsole(context, { operations, clean })).operator();
    for (const path of ['/console', `/console/silences?incident=${someIncident.id}`]) {
      const { text } = await operator.get(path);
      expect(text, path).toContain('before [redacted] and [redacted] after');
      expect(text, path).not.toContain('xoxb-');
      expect(text, path).not.toContain('hook&amp;');
      expect(text, path).toContain('</html>');
    }
  });

  test('is masked before a long text is shortened, so that no half of it is left', async (context) => {
    const half = `${secrets[0]!.slice(0, 12)}`;
    // Cut after 240 characters, in the midst of the secret.
    const leak = `${'x'.repeat(240 - 13)}${secrets[0]} and more`;
    const parked = {
      since: '2026-03-01T02:30:00.000Z',
      reason: 'credential',
      detail: leak,
      probes: 0,
      next_probe_at: '2026-03-01T02:52:00.000Z',
    };
    const operations = quietOperations({
      stats: { ...quietStats, now: { ...quietStats.now, incidents_open: 1 } },
      incidents: [detailOf({ ...someIncident, last_said: leak }, null)],
      destinations: [{ ...someDestination, parked }],
    });
    const operator = await (await openConsole(context, { operations, clean })).operator();
    for (const path of ['/console', '/console/destinations']) {
      const { text } = await operator.get(path);
      expect(text, path).toContain('xxx');
      expect(text, path).not.toContain(half);
    }
  });

  test('in the notice of a silence is masked before that is shortened', async (context) => {
    const operator = await (await openConsole(context, { clean })).operator();
    const silences = '/console/silences';
    await operator.get(silences);
    for (let before = 200; before < 290; before += 10) {
      const type = `${'x'.repeat(before)}${secrets[0]}`;
      expect((await operator.submit(silences, { type, for: '2h', reason: 'a', author: 'b' })).status).toBe(303);
      expect((await operator.get(silences)).text).not.toContain('xoxb');
    }
  });

  test('leaves the rest of the markup as it was', () => {
    const cleanHtml = createHtmlCleaner(clean);
    const html = `<p title="a &quot;b&quot;">1 &lt; 2 &amp; <b>xoxb-not-a-real-token</b></p>`;
    expect(cleanHtml(html)).toBe(`<p title="a &quot;b&quot;">1 &lt; 2 &amp; <b>[redacted]</b></p>`);
    const escaped = `<p title="hook&amp;&quot;secret&#39;&lt;not&gt;real">&lt;i&gt; hook&amp;&quot;secret&#39;&lt;not&gt;real</p>`;
    expect(cleanHtml(escaped)).toBe(`<p title="[redacted]">&lt;i&gt; [redacted]</p>`);
  });

  test('in the token field is not given back', async (context) => {
    const visitor = (await openConsole(context)).visitor();
    await visitor.get('/console/sign-in');
    expect((await visitor.submit('/console/sign-in', { token: 'typed-wrong-not-a-real-one' })).text).not.toContain('typed-wrong');
  });
});
