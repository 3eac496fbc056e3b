/** How the list goes on when a search could not look at everything at once. */
import { describe, expect, test } from 'vitest';
import { rowsWithMore, type EventList } from '../../src/console/events/list-page.ts';
import { openConsole } from './console-stage.ts';
import { tagsIn, textIn } from './markup.ts';

const list: EventList = {
  given: { text: 'rare' },
  events: { events: [], next: 'evt_1M7ZPRB9M00', searched_to: '2026-03-01T18:00:00.000Z' },
  limit: 50,
  searched: 0,
  newest: null,
  now: Date.UTC(2026, 2, 1, 20),
};
const drawn = (changes: Partial<EventList>) => String(rowsWithMore({ ...list, ...changes }));
const searchIn = (markup: string) => tagsIn(markup).find(({ attributes }) => attributes.class === 'search-on');

test('a field that holds mere space is left out of the address, once', async (context) => {
  const operator = await (await openConsole(context)).operator();
  for (const path of ['/console/events', '/console/deliveries', '/console/incidents']) {
    const answer = await operator.get(`${path}?text=%20&limit=10&before=%20%09`);
    expect([path, answer.status]).toEqual([path, 303]);
    expect(answer.headers.get('location')).toBe(`${path}?limit=10`);
    expect((await operator.get(`${path}?limit=10`)).status).toBe(200);
  }
});

describe('a search that stopped early', () => {
  test('says how far it got, goes on by itself, and can be stopped', () => {
    const markup = drawn({});
    expect(textIn(markup)).toContain('Searched back to 18:00 UTC 2 h ago Stop Search further');
    expect(searchIn(markup)?.attributes).toMatchObject({
      'hx-get': '/console/events?text=rare&before=evt_1M7ZPRB9M00&searched=1',
      'hx-target': '#events',
    });
    expect(markup).toContain('<tbody id="events">');
  });

  test('goes on without script by a link that keeps the filters', () => {
    const link = tagsIn(drawn({})).find(({ attributes }) => attributes.id === 'events-next');
    expect(link?.attributes.href).toBe('/console/events?text=rare&before=evt_1M7ZPRB9M00');
  });

  test('does not go on for ever', () => {
    expect(searchIn(drawn({ searched: 19 }))).toBeDefined();
    const markup = drawn({ searched: 20 });
    expect(searchIn(markup)).toBeUndefined();
    expect(textIn(markup)).toContain('Search further');
  });

  test('says when nothing matches at all, and when nothing older does', () => {
    const end = { events: [], next: null, searched_to: null };
    expect(textIn(drawn({ events: end }))).toContain('No event matches.');
    expect(textIn(drawn({ events: end, given: { before: 'evt_1M7ZPRB9M00' } }))).toContain('There is nothing older.');
  });
});
