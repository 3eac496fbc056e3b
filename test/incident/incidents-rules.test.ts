/** Rules that change while something is broken: what was promised is kept, and the end reaches everybody who heard of the beginning. */
import { expect, test } from 'vitest';
import { createIncidentWorld, hour, minute, rule } from './world.ts';

test('a rule that is gone still says the end, under its old name', async () => {
  const world = createIncidentWorld([rule({ name: 'old', recover: true, to: ['pager'] })]);
  await world.fails();
  world.replaceRules([]);
  await world.pass(minute);
  await world.completes();
  expect(world.told()).toEqual(['0m #1 old → pager open', '1m #2 old → pager recover']);
});

test('a rule that is gone still tells what it held, and reminds of what it counted', async () => {
  const world = createIncidentWorld([
    rule({ name: 'held', holdMs: 5 * minute, to: ['pager'] }),
    rule({ name: 'told', repeatMs: hour }),
  ]);
  await world.fails();
  await world.pass(minute);
  await world.fails();
  world.replaceRules([]);
  await world.fails();
  await world.pass(2 * hour);
  expect(world.told()).toEqual([
    '0m #1 told → chat open',
    '1m #2 told → chat count',
    '5m #2 held → pager open',
    '60m #2 told → chat remind',
  ]);
});

test('a rule that was renamed tells anew under its new name, and the end is said by both', async () => {
  const world = createIncidentWorld([rule({ name: 'old', recover: true, to: ['pager'] })]);
  await world.fails();
  world.replaceRules([rule({ name: 'new', recover: true, to: ['pager', 'chat'] })]);
  await world.pass(minute);
  await world.fails();
  await world.pass(minute);
  await world.completes();
  expect(world.told()).toEqual([
    '0m #1 old → pager open',
    '1m #2 new → pager open',
    '1m #2 new → chat open',
    '2m #3 new → pager recover',
    '2m #3 new → chat recover',
  ]);
});

test('a rule that is added while something is broken tells of the next failure, and of the end', async () => {
  const world = createIncidentWorld([]);
  await world.fails();
  world.replaceRules([rule({ holdMs: 5 * minute, recover: true, to: ['pager'] })]);
  await world.pass(minute);
  expect(world.told()).toEqual([]);
  await world.fails();
  await world.pass(10 * minute);
  await world.completes();
  expect(world.told()).toEqual(['6m #2 r → pager open', '11m #3 r → pager recover']);
  expect(world.sent[0]!.outgoing.incident).toMatchObject({ failures: 2 });
});

test('a rule that is added says nothing of an end whose beginning it did not tell', async () => {
  const world = createIncidentWorld([]);
  await world.fails();
  world.replaceRules([rule({ recover: true, to: ['pager'] })]);
  await world.pass(minute);
  await world.completes();
  expect(world.told()).toEqual([]);
});

test('a destination that was taken out of a rule hears of the end: it was told of the beginning', async () => {
  const world = createIncidentWorld([rule({ recover: true, to: ['pager', 'chat'] })]);
  await world.fails();
  world.replaceRules([rule({ recover: true, to: ['chat', 'team'] })]);
  await world.pass(minute);
  await world.fails();
  await world.pass(minute);
  await world.completes();
  expect(world.told().slice(2)).toEqual([
    '1m #2 r → chat remind',
    '1m #2 r → team remind',
    '2m #3 r → pager recover',
    '2m #3 r → chat recover',
    '2m #3 r → team recover',
  ]);
});

test('a rule that lost its policy sends the next failure, and with it what it held', async () => {
  const world = createIncidentWorld([rule({ holdMs: 5 * minute, to: ['pager'] })]);
  await world.fails();
  world.replaceRules([rule({ to: ['pager'] })]);
  await world.pass(minute);
  await world.fails();
  await world.pass(hour);
  expect(world.told()).toEqual(['1m #2 r → pager message']);
  expect(world.decisions(1)).toEqual(['r: repeat']);
});

test('a new time to repeat counts from the next failure; a reminder that is to come is not postponed', async () => {
  const world = createIncidentWorld([rule({ repeatMs: hour, to: ['pager'] })]);
  await world.fails();
  await world.pass(minute);
  await world.fails();
  world.replaceRules([rule({ repeatMs: 10 * hour, to: ['pager'] })]);
  await world.pass(9 * minute);
  await world.fails();
  await world.pass(2 * hour);
  await world.fails();
  await world.pass(20 * hour);
  expect(world.told()).toEqual(['0m #1 r → pager open', '60m #3 r → pager remind', '660m #4 r → pager remind']);
});

test('a destination that was renamed while an alert was held is told under its new name', async () => {
  const world = createIncidentWorld([rule({ holdMs: 5 * minute, to: ['gone'] })]);
  await world.fails();
  world.replaceRules([rule({ holdMs: 5 * minute, to: ['pager'] })]);
  await world.pass(5 * minute);
  expect(world.told()).toEqual(['5m #1 r → pager open']);
});
