/** Incidents at a destination that does not take them, or not now: whoever was alarmed hears of the end, and nobody is flooded. */
import { describe, expect, test } from 'vitest';
import { createDeadLetters } from '../../src/store/dead-letters.ts';
import { refused } from '../outbox/examples.ts';
import { createIncidentWorld, hour, minute, rule, second, type Sent } from './world.ts';

const last = (sent: readonly Sent[], destination: string) => sent.findLast((each) => each.destination === destination)!;

describe('a fallback that was told in place of another destination', () => {
  test('hears of the end, too', async () => {
    const world = createIncidentWorld([rule({ recover: true })], { fallbacks: { chat: 'pager' } });
    world.hold('chat');
    await world.fails();
    last(world.sent, 'chat').answer(refused);
    world.letGo('chat');
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual([
      '0m #1 r → chat open (dead)',
      '0m #1 r → pager open',
      '1m #2 r → chat recover',
      '1m #2 r → pager recover',
    ]);
  });

  test('hears of it also where it was over before the other destination gave its answer', async () => {
    const world = createIncidentWorld([rule({ recover: true })], { fallbacks: { chat: 'pager' } });
    world.hold('chat');
    await world.fails();
    const first = last(world.sent, 'chat');
    await world.pass(second);
    await world.completes();
    first.answer(refused);
    world.letGo('chat');
    await world.settle();
    expect(
      world
        .told()
        .filter((line) => line.includes('pager'))
        .map((line) => line.slice(line.indexOf('#'))),
    ).toEqual(['#1 r → pager open', '#2 r → pager recover']);
  });

  test('is not told of an end that the rule does not tell', async () => {
    const world = createIncidentWorld([rule({ repeatMs: hour })], { fallbacks: { chat: 'pager' } });
    world.hold('chat');
    await world.fails();
    last(world.sent, 'chat').answer(refused);
    world.letGo('chat');
    await world.pass(second);
    await world.completes();
    expect(world.told().filter((line) => line.includes('pager'))).toEqual(['0m #1 r → pager open']);
  });

  test('that a rule sends to anyway hears of it once', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['chat', 'pager'] })], { fallbacks: { chat: 'pager' } });
    world.hold('chat');
    await world.fails();
    last(world.sent, 'chat').answer(refused);
    world.letGo('chat');
    await world.pass(second);
    await world.completes();
    expect(world.told().filter((line) => line.endsWith('pager recover'))).toHaveLength(1);
  });
});

test('while an edit waits no second one is planned: it says what is so when it goes', async () => {
  const world = createIncidentWorld([rule({ repeatMs: 12 * hour })]);
  await world.fails();
  world.hold('chat');
  for (let i = 0; i < 10; i++) {
    await world.pass(2 * minute);
    await world.fails();
  }
  await world.pass(2 * minute);
  // One is on its way without an answer, one waits behind it.
  expect(world.told().filter((line) => line.includes('count'))).toHaveLength(2);
  world.letGo('chat');
  last(world.sent, 'chat').answer({ kind: 'delivered', detail: 'edited' });
  await world.settle();
  expect(last(world.sent, 'chat').outgoing.incident).toMatchObject({ act: 'count', failures: 11 });
});

test('an edit that dies is no dead letter that waits for a person, says so, and goes to no fallback', async () => {
  const world = createIncidentWorld([rule({ repeatMs: 12 * hour })], { fallbacks: { chat: 'pager' } });
  await world.fails();
  world.hold('chat');
  await world.pass(2 * minute);
  await world.fails();
  await world.pass(second);
  last(world.sent, 'chat').answer(refused);
  await world.settle();
  expect(world.store.query(`SELECT status, detail FROM deliveries WHERE quiet = 1`)).toEqual([
    { status: 'dead', detail: 'only a quiet edit of what was told before: invalid_blocks' },
  ]);
  expect(createDeadLetters(world.store)()).toEqual([]);
  expect(world.told().filter((line) => line.includes('pager'))).toEqual([]);
});
