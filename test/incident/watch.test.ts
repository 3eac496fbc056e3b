import { describe, expect, it } from 'vitest';
import type { AttemptOutcome } from '../../src/destination/destination.ts';
import { broken, delivered, unreachable } from '../outbox/examples.ts';
import { createWatchWorld, hour, minute, second } from './watch-world.ts';

const destinations = `
destinations:
  oncall: { type: http, url: "https://example.com/oncall", fallback: triage }
  triage: { type: console }
`;
const jobs = '  - { name: jobs, match: { states: [failed] }, send: [{ to: oncall }] }\n';
const rules = `${destinations}watch: { backlog: 10m, unverified: 5/m, no_events: 6h }
rules:
${jobs}  - { name: relay-itself, match: { kind: relay }, recover: true, send: [{ to: triage }] }
`;
const withoutNoEvents = rules.replace(', no_events: 6h', '');

describe('a broken destination', () => {
  it('is told once while it is broken, with what to do, and once when it works again', async () => {
    const world = createWatchWorld(withoutNoEvents);
    world.answer('oncall', broken);
    await world.event();
    await world.pass(2 * hour);
    expect(world.said()).toEqual(['destination-parked failed oncall']);
    expect(world.facts()[0]!.detail).toContain('channel_not_found');
    expect(world.facts()[0]!.detail).toContain('check that its channel or address exists');
    world.answer('oncall', delivered);
    await world.pass(30 * minute);
    expect(world.said()).toEqual(['destination-parked failed oncall', 'destination-parked completed oncall']);
    expect(world.heard.filter(({ rule }) => rule === 'relay-itself')).toMatchObject([
      { to: 'triage', act: 'open' },
      { to: 'triage', act: 'recover', title: 'Destination oncall works again: what waited for it is being sent.' },
    ]);
  });

  it('says what to do about a token', async () => {
    const world = createWatchWorld(withoutNoEvents);
    world.answer('oncall', { kind: 'destination-broken', reason: 'credential', detail: 'token_revoked' });
    await world.event();
    await world.pass(minute);
    expect(world.facts()[0]!.detail).toContain('check its token or key');
  });

  it('is over when it is gone from the rules', async () => {
    const world = createWatchWorld(withoutNoEvents);
    world.answer('oncall', broken);
    await world.event();
    await world.pass(minute);
    await world.reload(withoutNoEvents.replace(/^ {2}oncall.*\n/m, '').replace('to: oncall', 'to: triage'));
    await world.pass(5 * minute);
    expect(world.said()).toEqual(['destination-parked failed oncall', 'destination-parked completed oncall']);
    expect(world.facts()[1]!.detail).toContain('Destination oncall is gone from the rules');
  });
});

describe('what was told', () => {
  it('is not told again after a restart, and its end is still noticed', async () => {
    const world = createWatchWorld(withoutNoEvents);
    world.answer('oncall', broken);
    await world.event();
    await world.pass(minute);
    await world.restart(minute);
    await world.pass(20 * minute);
    expect(world.said()).toEqual(['destination-parked failed oncall']);
    world.answer('oncall', delivered);
    await world.restart();
    await world.pass(20 * minute);
    expect(world.said()).toEqual(['destination-parked failed oncall', 'destination-parked completed oncall']);
  });

  it('is told once, wherever in telling it the store gave up', async () => {
    for (let statements = 1; statements <= 30; statements++) {
      const world = createWatchWorld(withoutNoEvents);
      await world.pass(5 * second);
      for (let i = 0; i < 5; i++) world.watch.unverified('production');
      world.sql.break(statements);
      await world.pass(10 * second);
      world.sql.mend();
      await world.pass(minute);
      expect(world.said(), `broken after ${statements} statements`).toEqual(['unverified failed production']);
      expect(world.open()).toEqual(['relay/unverified/production']);
    }
  });

  it('ends and begins again by a clock that was set back to before it', async () => {
    const world = createWatchWorld(withoutNoEvents);
    await world.refuse(5, second);
    await world.pass(10 * second);
    world.setClock(-hour);
    await world.pass(11 * minute);
    expect(world.said()).toEqual(['unverified failed production', 'unverified completed production']);
    expect(world.open()).toEqual([]);
    world.setClock(-hour);
    await world.refuse(5, second);
    await world.pass(10 * second);
    expect(world.said().at(-1)).toBe('unverified failed production');
    expect(world.open()).toEqual(['relay/unverified/production']);
  });

  it('is not told every ten seconds when the store does not keep it', async () => {
    const world = createWatchWorld(withoutNoEvents, { faulty: true });
    world.answer('oncall', broken);
    await world.event();
    await world.pass(90 * minute);
    expect(world.errors.filter((message) => message.startsWith('the store does not show what was just told'))).toHaveLength(2);
  });
});

describe('alerts about the relay that go astray', () => {
  const unreachableFor = (...names: string[]) => names.map((name): [string, AttemptOutcome] => [name, unreachable]);
  const everywhere = `${destinations}watch: { backlog: 10m }
rules:
${jobs}  - { name: relay-itself, match: { kind: relay }, send: [{ to: oncall }, { to: triage }] }
`;

  it('begin each trouble once, and end it once, when nothing can be delivered for so long that they die', async () => {
    const world = createWatchWorld(everywhere);
    for (const [name, outcome] of unreachableFor('oncall', 'triage')) world.answer(name, outcome);
    await world.event();
    await world.pass(hour);
    for (let days = 0; days < 3; days++) {
      world.setClock(23 * hour);
      await world.pass(hour);
    }
    // That the alert about oncall can't be told to triage is a trouble of triage's; and there it ends.
    expect(world.said()).toEqual(['backlog failed oncall', 'backlog failed triage']);
    for (const name of ['oncall', 'triage']) world.answer(name, delivered);
    await world.event();
    await world.pass(30 * minute);
    expect(world.said().toSorted()).toEqual([
      'backlog completed oncall',
      'backlog completed triage',
      'backlog failed oncall',
      'backlog failed triage',
    ]);
    expect(world.open().filter((subject) => subject.startsWith('relay/'))).toEqual([]);
  });

  it('begin each trouble once when every destination is broken', async () => {
    const world = createWatchWorld(everywhere);
    for (const name of ['oncall', 'triage']) world.answer(name, broken);
    await world.event();
    await world.pass(12 * hour);
    expect(world.said()).toEqual(['destination-parked failed oncall', 'destination-parked failed triage']);
  });

  it('never go to the destination that they are about', async () => {
    const world = createWatchWorld(everywhere);
    world.answer('oncall', broken);
    await world.event();
    await world.pass(minute);
    world.answer('oncall', delivered);
    await world.pass(hour);
    expect(world.heard.filter(({ rule }) => rule === 'relay-itself').map(({ to }) => to)).toEqual(['triage', 'triage']);
  });
});

describe('subjects of jobs', () => {
  it('are none of the watch, even where they look like its own', async () => {
    const world = createWatchWorld(`${destinations}defaults: { subject: "relay/{{ job.input.dataset_id }}" }\nrules:\n${jobs}`);
    await world.event();
    await world.pass(2 * hour);
    expect(world.said()).toEqual([]);
    expect(world.open()).toEqual(['job/relay/10001']);
  });
});
