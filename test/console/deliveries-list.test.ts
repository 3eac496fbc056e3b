/** How the list of deliveries goes on when a search could not look at everything at once. */
import { html } from 'hono/html';
import { expect, test } from 'vitest';
import { listContent, rowsWithMore, type DeliveryList } from '../../src/console/deliveries/list-page.ts';
import { row } from '../../src/console/parts/table.ts';
import { tagsIn, textIn } from './markup.ts';

const list: DeliveryList = {
  given: { reason: 'payload' },
  deliveries: { deliveries: [], next: 'dlv_1M7ZPRB9M00_1', searched_to: '2026-03-01T18:00:00.000Z' },
  parked: new Map(),
  searched: 0,
  now: Date.UTC(2026, 2, 1, 20),
};
const searchIn = (markup: string) => tagsIn(markup).find(({ attributes }) => attributes.class === 'search-on');

test('a search that stopped early goes on by itself, as that for events does, and not for ever', () => {
  const markup = String(rowsWithMore(list));
  expect(textIn(markup)).toContain('Searched back to 18:00 UTC 2 h ago Stop Search further');
  expect(searchIn(markup)?.attributes).toMatchObject({
    'hx-get': '/console/deliveries?reason=payload&before=dlv_1M7ZPRB9M00_1&searched=1',
    'hx-target': '#deliveries',
  });
  expect(searchIn(String(rowsWithMore({ ...list, searched: 20 })))).toBeUndefined();
});

test('how often it has gone on is no part of what can be done to those that it finds', () => {
  const given = { status: 'dead', searched: '3' };
  const links = tagsIn(String(listContent({ ...list, given }, { destinations: [], rules: [] }))).map(
    ({ attributes }) => attributes.href,
  );
  expect(links).toContain('/console/deliveries/retry?status=dead');
});

test('a cell holds one element, whatever is in it: as a card, it is a grid of its label and its value', () => {
  const markup = String(row([{ label: 'When' }], [html`since <time>02:48</time> <b>now</b>`]));
  expect(markup.replaceAll(/\s+/g, ' ')).toMatch(/data-label="When"> <div>since <time>02:48<\/time> <b>now<\/b><\/div> <\/td>/);
});
