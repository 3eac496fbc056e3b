import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mrkdwn } from '../../src/console/look/mrkdwn.ts';
import { strangersIn, tagsIn, textIn } from './markup.ts';

const drawn = (markup: string) => String(mrkdwn(markup));

test('emphasis, code and quotes are drawn as such', () => {
  expect(drawn('*bold* and _italic_ and ~gone~ and `a*b*c`')).toBe(
    '<strong>bold</strong> and <em>italic</em> and <s>gone</s> and <code>a*b*c</code>',
  );
  expect(drawn('*bold with _italic_ inside*')).toBe('<strong>bold with <em>italic</em> inside</strong>');
  expect(drawn('```\nline 1\n&gt; no *quote*\n```')).toBe('<pre><code>line 1\n&gt; no *quote*\n</code></pre>');
  expect(drawn('said:\n&gt; first\n&gt; second\nend')).toBe('said:<blockquote>first\nsecond</blockquote>end');
});

test('marks inside of words, or beside a space, are only characters', () => {
  for (const text of ['snake_case_name', '2 * 3 * 4', 'a*b*c', '*', '_ _', '**']) expect(drawn(text)).toBe(text);
});

test('line breaks stay where they are', () => {
  expect(drawn('first\nsecond\n\nfourth')).toBe('first\nsecond\n\nfourth');
});

test('a link leads where it says it does, in its own words', () => {
  expect(drawn('<https://example.com/jobs/1?a=1&amp;b=2|Job>')).toBe(
    '<a href="https://example.com/jobs/1?a=1&amp;b=2" rel="noreferrer noopener" title="https://example.com/jobs/1?a=1&amp;b=2">Job</a>',
  );
  expect(textIn(drawn('<https://example.com/>'))).toBe('https://example.com/');
});

test('only http and https become links', () => {
  const targets = [
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    'mailto:a@example.com',
    '//example.com',
    'java\tscript:1',
  ];
  for (const target of targets) {
    const markup = drawn(`<${target}|click>`);
    expect(tagsIn(markup)).toEqual([]);
    expect(textIn(markup)).toContain('click (');
  }
});

test('who is called stands out', () => {
  expect(drawn('<!channel>')).toBe('<span class="look-mention">@channel</span>');
  expect(textIn(drawn('<!subteam^S0ABC> <!subteam^S0ABC|@data> <@U123> <@U123|ann> <#C9|alerts>'))).toBe(
    '@S0ABC @data @U123 @ann #alerts',
  );
});

test('a date reads as where Slack can not localise it, and says exactly which moment it is', () => {
  expect(drawn('<!date^1772442720^{date_short_pretty} {time}|2026-03-02 09:12 UTC>')).toBe(
    '<time datetime="2026-03-02T09:12:00.000Z">2026-03-02 09:12 UTC</time>',
  );
  expect(drawn('<!date^999999999999999^{time}|never>')).toBe('never');
});

test('what was escaped is shown, and is no markup', () => {
  expect(drawn('&lt;!channel&gt; &lt;https://example.com|x&gt; &amp;lt;')).toBe(
    '&lt;!channel&gt; &lt;https://example.com|x&gt; &amp;lt;',
  );
});

test('emoji names stay as they are', () => {
  expect(drawn(':red_circle: down')).toBe(':red_circle: down');
});

test('whatever the markup holds, nothing but our own tags, attributes and http links comes out', () => {
  const marks = ['*', '_', '~', '`', '```', '<', '>', '|', '&lt;', '&gt;', '&amp;', '\n', ' ', '"', "'", '!', '@', '#', '^'];
  const words = ['https://example.com/', 'javascript:alert(1)', '<script>', '</pre>', '!date^1^', '\u202e', 'word'];
  const attacks = ['" onmouseover="alert(1)', '<img src=x onerror=y>'];
  const pieces = fc.constantFrom(...marks, ...words, ...attacks);
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 30 }), (parts) => {
      expect(strangersIn(drawn(parts.join('')))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('a long text of nothing but marks is drawn at once', () => {
  for (const mark of ['*', '* ', '*a ', '`', '```', '<', '<!', '_a', '&gt;', '~a~']) {
    expect(textIn(drawn(mark.repeat(3_000))).length).toBeGreaterThan(0);
  }
}, 2_000);
