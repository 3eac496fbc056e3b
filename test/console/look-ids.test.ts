import { expect, test } from 'vitest';
import { withLinks } from '../../src/console/look/ids.ts';
import { tagsIn } from './markup.ts';

const linksIn = (text: string) =>
  tagsIn(String(withLinks(text))).flatMap(({ name, attributes }) => (name === 'a' ? [attributes.href] : []));

/** The page's text, without what stands for the tags. */
const readIn = (text: string) => String(withLinks(text)).replaceAll(/<[^>]*>/g, '');

test.each([
  ['grouped: told in dlv_1M7ZPRB9M00_1, with 2 more', '/console/deliveries/dlv_1M7ZPRB9M00_1'],
  ['a replay of evt_1M7ZPRB9M00', '/console/events/evt_1M7ZPRB9M00'],
  ['(inc_1M7ZPRB9M00)', '/console/incidents/inc_1M7ZPRB9M00'],
  ['silenced by sil_1M7ZPRB9M00', '/console/silences#sil_1M7ZPRB9M00'],
])('an id in a sentence leads to what it names: %s', (text, href) => {
  expect(linksIn(text)).toEqual([href]);
  expect(readIn(text)).toBe(text);
});

test.each(['nothing', 'evt_', 'evt_short', 'xevt_1M7ZPRB9M00', 'dlv_1M7ZPRB9M00', 'evt_1M7ZPRB9M001'])(
  '%s is no id, and stays as it is',
  (text) => {
    expect(linksIn(text)).toEqual([]);
    expect(readIn(text)).toBe(text);
  },
);

test('what stands around is text, whatever it holds', () => {
  const markup = String(withLinks('<img src=x onerror=alert(1)> evt_1M7ZPRB9M00 "><script>'));
  expect(tagsIn(markup).map(({ name }) => name)).toEqual(['a']);
  expect(linksIn('<b>evt_1M7ZPRB9M00</b>')).toEqual(['/console/events/evt_1M7ZPRB9M00']);
});
