import { describe, expect, it } from 'vitest';
import { broken, delivered, refused, unreachable } from '../outbox/examples.ts';
import { createWatchWorld, hour, minute, second } from './watch-world.ts';

const destinations =
  'destinations: { oncall: { type: http, url: "https://example.com/oncall", pace: 20/m }, triage: { type: console } }\n';
const jobs = '  - { name: jobs, match: { states: [failed] }, send: [{ to: oncall }] }\n';
const withRules = (watch: string, more = '') => `${destinations}watch: ${watch}\nrules:\n${jobs}${more}`;

const withoutOncall = (rules: string) => rules.replace(/oncall: .*?, triage/, 'triage').replace('to: oncall', 'to: triage');

describe('a backlog', () => {
  const rules = withRules('{ backlog: 10m }');

  it('begins when a delivery has been open for too long, however often it was tried, and is over when it is delivered', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', unreachable);
    await world.event();
    await world.pass(9 * minute);
    expect(world.said()).toEqual([]);
    await world.pass(2 * minute);
    expect(world.said()).toEqual(['backlog failed oncall']);
    expect(world.facts()[0]!.detail).toMatch(/^Deliveries to oncall are stuck: 1 open, the oldest for 10 min/);
    world.answer('oncall', delivered);
    await world.pass(hour);
    expect(world.said()).toEqual(['backlog failed oncall', 'backlog completed oncall']);
  });

  it('is over only when nothing has waited for half as long', async () => {
    const world = createWatchWorld(withRules('{ backlog: 1h }'));
    const taking = new Set<string>();
    world.answer('oncall', ({ subject }) => (taking.has(subject.split('/').at(-1)!) ? delivered : unreachable));
    await world.event();
    await world.pass(25 * minute);
    await world.event();
    await world.pass(35 * minute);
    await world.event();
    await world.pass(minute);
    taking.add('10001');
    await world.pass(8 * minute);
    // The second waits for 44 min: too short to begin with, too long to end with.
    expect(world.heard).toHaveLength(1);
    expect(world.said()).toEqual(['backlog failed oncall']);
    taking.add('10002');
    await world.pass(8 * minute);
    expect(world.heard).toHaveLength(2);
    expect(world.said()).toEqual(['backlog failed oncall', 'backlog completed oncall']);
    expect(world.facts()[1]!.detail).toMatch(/^Deliveries to oncall get through again: the oldest has waited for 1\d min/);
  });

  it('is not over because its deliveries have died, and is when the next one gets through', async () => {
    const world = createWatchWorld(rules);
    await world.event();
    await world.pass(minute);
    world.answer('oncall', unreachable);
    await world.event();
    await world.pass(11 * minute);
    world.setClock(24 * hour);
    await world.pass(hour);
    expect(world.sql.query('SELECT status FROM deliveries')).toEqual([{ status: 'delivered' }, { status: 'dead' }]);
    expect(world.said()).toEqual(['backlog failed oncall']);
    world.answer('oncall', delivered);
    await world.event();
    await world.pass(10 * second);
    expect(world.said()).toEqual(['backlog failed oncall', 'backlog completed oncall']);
  });

  it('is not what waits at a broken destination, nor what is sent when that works again', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', broken);
    for (let i = 0; i < 30; i++) await world.event();
    await world.pass(2 * hour);
    world.answer('oncall', delivered);
    while (world.heard.length === 0) await world.pass(second);
    await world.pass(11 * second);
    // At its pace, that takes a while.
    expect(world.heard.length).toBeLessThan(30);
    expect(world.said()).toEqual(['destination-parked failed oncall', 'destination-parked completed oncall']);
    await world.pass(hour);
    expect(world.heard).toHaveLength(30);
    expect(world.said()).toHaveLength(2);
  });

  it('begins when nothing gets through although the destination is no longer broken', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', broken);
    await world.event();
    await world.event();
    await world.pass(2 * hour);
    world.sql.query('DELETE FROM parked');
    world.answer('oncall', unreachable);
    await world.pass(10 * minute);
    expect(world.said()).toEqual([
      'destination-parked failed oncall',
      'destination-parked completed oncall',
      'backlog failed oncall',
    ]);
  });

  it('does not end by the destination breaking', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', unreachable);
    await world.event();
    await world.pass(11 * minute);
    world.answer('oncall', ({ subject }) => (subject.endsWith('10001') ? delivered : broken));
    while (world.heard.length === 0) await world.pass(second);
    await world.event();
    await world.pass(hour);
    expect(world.said()).toEqual(['backlog failed oncall', 'destination-parked failed oncall']);
  });

  it('is not what an operator has just sent again, however long it was dead, and is when that does not get through either', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', refused);
    for (let i = 0; i < 20; i++) await world.event();
    await world.pass(12 * hour);
    world.answer('oncall', unreachable);
    await world.retryDead();
    await world.pass(9 * minute);
    expect(world.said()).toEqual([]);
    await world.pass(2 * minute);
    expect(world.said()).toEqual(['backlog failed oncall']);
    expect(world.facts()[0]!.detail).toContain('20 open, the oldest for 10 min');
  });

  it('is not what waited while the relay was down', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', unreachable);
    await world.event();
    world.answer('oncall', delivered);
    await world.restart(hour);
    await world.pass(hour);
    expect(world.said()).toEqual([]);
  });

  it('is noticed soon after a start where it does not go away', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', unreachable);
    await world.event();
    await world.restart(hour);
    await world.pass(3 * minute);
    expect(world.said()).toEqual(['backlog failed oncall']);
  });

  it('is over when its destination is gone from the rules, an attempt under way or not', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', unreachable);
    await world.event();
    await world.pass(11 * minute);
    world.answer('oncall', () => 'none');
    const states = () => world.sql.query<{ status: string }>('SELECT status FROM deliveries').map(({ status }) => status);
    while (states()[0] !== 'sending') await world.pass(second);
    await world.reload(withoutOncall(rules));
    expect(states()).toEqual(['sending']);
    await world.pass(5 * minute);
    expect(world.said()).toEqual(['backlog failed oncall', 'backlog completed oncall']);
    expect(world.facts()[1]!.detail).toBe('Destination oncall is gone from the rules: nothing is sent there.');
  });
});
