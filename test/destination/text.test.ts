import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanText, escapedLength, httpUrl, oneLine, truncate, truncateMarkup } from '../../src/destination/text.ts';

/** Any string at all, lone surrogates included, with the troublesome characters more often than chance has it. */
const anyText = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 2 }), fc.constantFrom('\ud83d', '\0', '\u202e', '😀')),
});

describe('cleanText', () => {
  test('removes control characters but keeps tabs and line breaks', () => {
    expect(cleanText('a\0b\x1b[31mc\x7f\x85d\te\r\nf\rg\u2028h')).toBe('ab[31mcd\te\nf\ng\nh');
  });

  test('removes bidi overrides and isolates, and keeps right-to-left letters and marks', () => {
    expect(cleanText('user\u202egnp.exe\u202c \u2066x\u2069')).toBe('usergnp.exe x');
    expect(cleanText('שלום\u200f مرحبا\u200e')).toBe('שלום\u200f مرحبا\u200e');
  });

  test('replaces lone surrogates and keeps emoji', () => {
    expect(cleanText('a\ud83db 😀')).toBe('a\ufffdb 😀');
  });
});

test('oneLine folds any white space into single spaces', () => {
  expect(oneLine('  a\n\n b\t c ')).toBe('a b c');
});

describe('truncate', () => {
  test('leaves short text alone and marks the cut in long text', () => {
    expect(truncate('abcde', 5)).toBe('abcde');
    expect(truncate('abcdef', 5)).toBe('abcd…');
    expect(truncate('abcdef', 5, '')).toBe('abcde');
  });

  test('never splits a surrogate pair', () => {
    expect(truncate('ab😀cd', 4)).toBe('ab…');
    expect(truncate('ab😀cd', 5)).toBe('ab😀…');
  });

  test('is never longer than asked for, and well-formed when its input is', () => {
    fc.assert(
      fc.property(anyText, fc.nat(12), (text, max) => {
        const cut = truncate(text.toWellFormed(), max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('truncateMarkup', () => {
  test('does not cut inside an entity', () => {
    for (const max of [4, 5, 6, 7]) expect(truncateMarkup('ab&amp;cd', max)).toBe('ab…'.slice(0, max));
    expect(truncateMarkup('ab&amp;cdef', 9)).toBe('ab&amp;c…');
  });

  test('does not leave a link open', () => {
    expect(truncateMarkup('see <https://example.com/a|the page> now', 20)).toBe('see …');
    expect(truncateMarkup('rows < 100 are few, far too few', 20)).toBe('rows < 100 are few,…');
  });

  test('cuts escaped text so that it still unescapes to the start of the original', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('&', '<', '>', 'a', ';', '😀'), maxLength: 20 }),
        fc.integer({ min: 1, max: 40 }),
        (raw, max) => {
          const escaped = raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
          const cut = truncateMarkup(escaped, max);
          expect(cut.length).toBeLessThanOrEqual(max);
          const shown = cut.replace(/…$/, '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
          expect(raw.startsWith(shown)).toBe(true);
        },
      ),
    );
  });
});

describe('httpUrl', () => {
  test('takes http and https only', () => {
    expect(httpUrl('https://example.com/jobs/1')).toBe('https://example.com/jobs/1');
    expect(httpUrl(' http://example.com ')).toBe('http://example.com/');
    for (const text of [
      'javascript:alert(1)',
      'slack://open',
      'data:text/html,x',
      'example.com/jobs',
      '',
      '/jobs/1',
      'https://',
    ]) {
      expect(httpUrl(text)).toBeNull();
    }
  });

  test('percent-encodes what ends a link in markup', () => {
    expect(httpUrl('https://example.com/a b|c?q=<x>|"y"#z|<w>')).toBe(
      'https://example.com/a%20b%7Cc?q=%3Cx%3E%7C%22y%22#z%7C%3Cw%3E',
    );
  });
});

test('escapedLength is the length after escaping', () => {
  expect(escapedLength('a & b < c > &amp;')).toBe('a &amp; b &lt; c &gt; &amp;amp;'.length);
});
