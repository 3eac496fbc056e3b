import { describe, expect, it } from 'vitest';
import { createWatchWorld, hour, minute, second } from './watch-world.ts';

const destinations =
  'destinations: { oncall: { type: http, url: "https://example.com/oncall", pace: 20/m }, triage: { type: console } }\n';
const jobs = '  - { name: jobs, match: { states: [failed] }, send: [{ to: oncall }] }\n';
const withRules = (watch: string, more = '') => `${destinations}watch: ${watch}\nrules:\n${jobs}${more}`;

describe('unverified requests', () => {
  const rules = withRules('{ unverified: 5/m }');

  it('are told when so many come within a minute, wherever the minute begins', async () => {
    const world = createWatchWorld(rules);
    await world.refuse(20, 15 * second);
    expect(world.said()).toEqual([]);
    await world.pass(33 * second);
    await world.refuse(5, 14 * second);
    await world.pass(10 * second);
    expect(world.said()).toEqual(['unverified failed production']);
    expect(world.facts()[0]!.detail).toMatch(/^5 requests in a minute for the subscription production /);
  });

  it('are counted for each subscription and for the common address by themselves', async () => {
    const world = createWatchWorld(rules);
    for (let i = 0; i < 4; i++) {
      world.watch.unverified('production');
      world.watch.unverified('staging');
    }
    for (let i = 0; i < 5; i++) world.watch.unverified('');
    await world.pass(10 * second);
    expect(world.facts()).toMatchObject([{ topic: 'unverified', about: null, state: 'failed' }]);
  });

  it('are one trouble for as long as they come, and over after ten quiet minutes', async () => {
    const world = createWatchWorld(rules);
    await world.refuse(600, 2 * second);
    await world.pass(9 * minute);
    expect(world.said()).toEqual(['unverified failed production']);
    // A few are no flood.
    await world.refuse(4, 10 * second);
    await world.pass(minute);
    expect(world.said()).toEqual(['unverified failed production', 'unverified completed production']);
  });

  it('stay told for ten quiet minutes after a restart too, which forgets what was counted', async () => {
    const world = createWatchWorld(rules);
    await world.refuse(5, second);
    await world.pass(10 * second);
    await world.restart();
    await world.pass(9 * minute);
    expect(world.said()).toEqual(['unverified failed production']);
    await world.pass(2 * minute);
    expect(world.said()).toEqual(['unverified failed production', 'unverified completed production']);
  });

  it('of before the clock was set back are not counted with those after it', async () => {
    const world = createWatchWorld(rules);
    await world.refuse(4, second);
    world.setClock(-hour);
    await world.refuse(4, 5 * minute);
    expect(world.said()).toEqual([]);
  });
});

describe('no events', () => {
  const rules = withRules('{ no_events: 1h }');

  it('are told after the time that the rules give, and over with the next event', async () => {
    const world = createWatchWorld(rules);
    await world.event();
    await world.pass(hour - 10 * second);
    expect(world.said()).toEqual([]);
    await world.pass(20 * second);
    expect(world.said()).toEqual(['no-events failed']);
    expect(world.facts()[0]!.detail).toMatch(/^No event has come for 1 h: check in Narrative/);
    await world.pass(4 * hour);
    await world.event();
    await world.pass(10 * second);
    expect(world.said()).toEqual(['no-events failed', 'no-events completed']);
  });

  it('count from the start where there never was one', async () => {
    const world = createWatchWorld(rules);
    await world.pass(hour + minute);
    expect(world.said()).toEqual(['no-events failed']);
    expect(world.facts()[0]!.detail).toContain('since the relay was started');
    // A restart is no event.
    await world.restart();
    await world.pass(minute);
    expect(world.said()).toEqual(['no-events failed']);
  });

  it('count from the last one across a restart, after a moment for what was held up meanwhile', async () => {
    const world = createWatchWorld(rules);
    await world.event();
    await world.restart(2 * hour);
    await world.pass(minute);
    expect(world.said()).toEqual([]);
    await world.pass(2 * minute);
    expect(world.said()).toEqual(['no-events failed']);
  });

  it('are not told where the rules give no time, and end when it is taken away', async () => {
    const silent = createWatchWorld(withRules('{ backlog: 10m }'));
    await silent.pass(12 * hour);
    expect(silent.said()).toEqual([]);
    const world = createWatchWorld(rules);
    await world.pass(2 * hour);
    await world.reload(withRules('{ backlog: 10m }'));
    await world.pass(10 * second);
    expect(world.said()).toEqual(['no-events failed', 'no-events completed']);
  });

  it('neither end nor wait for ever when the clock is set back', async () => {
    const world = createWatchWorld(rules);
    await world.pass(5 * hour);
    await world.event();
    await world.pass(10 * second);
    world.setClock(-4 * hour);
    await world.restart();
    await world.pass(90 * minute);
    expect(world.said()).toEqual(['no-events failed', 'no-events completed', 'no-events failed']);
    // The time of the last event comes for the second time, and nothing came with it.
    await world.pass(4 * hour);
    expect(world.said()).toHaveLength(3);
  });
});

describe('a failing template', () => {
  const rules = withRules('{ backlog: 10m }', '  - { name: worded, match: { states: [failed] }, send: [{ to: triage }] }\n');

  it('is told with its first error, for its rule, and over after an hour without', async () => {
    const world = createWatchWorld(rules);
    world.watch.templateFailed('worded', 'undefined variable: job.nothing', null);
    await world.pass(50 * minute);
    world.watch.templateFailed('worded', 'undefined variable: job.nothing', null);
    await world.pass(50 * minute);
    expect(world.said()).toEqual(['template-error failed worded']);
    expect(world.facts()[0]!.detail).toContain('(undefined variable: job.nothing)');
    await world.pass(20 * minute);
    expect(world.said()).toEqual(['template-error failed worded', 'template-error completed worded']);
  });

  it('stays told for an hour after a restart too', async () => {
    const world = createWatchWorld(rules);
    world.watch.templateFailed('worded', 'undefined variable: job.nothing', null);
    await world.pass(minute);
    await world.restart();
    await world.pass(50 * minute);
    expect(world.said()).toEqual(['template-error failed worded']);
    await world.pass(20 * minute);
    expect(world.said()).toEqual(['template-error failed worded', 'template-error completed worded']);
  });

  it('in the wording of alerts about the relay itself begins no circle', async () => {
    const endless = '{% for i in (1..1000000) %}{{ relay.detail }}{% endfor %}';
    const itself = `  - { name: itself, match: { kind: relay }, send: [{ to: triage, message: { title: "${endless}" } }] }\n`;
    const world = createWatchWorld(withRules('{ backlog: 10m }', itself));
    await world.refuse(20, second, '');
    await world.pass(4 * hour);
    expect(world.said()).toEqual([
      'unverified failed',
      'template-error failed itself',
      'unverified completed',
      'template-error completed itself',
    ]);
    expect(world.heard).toHaveLength(4);
  });
});

describe('what is said', () => {
  it('fits a title, with the longest names there may be', async () => {
    const name = 'n'.repeat(64);
    const rule = 'r'.repeat(100);
    const world = createWatchWorld(
      `destinations: { ${name}: { type: console } }\nwatch: { no_events: 1h }\nrules: [{ name: jobs, send: [{ to: ${name} }] }]`,
    );
    world.answer(name, { kind: 'destination-broken', reason: 'channel', detail: 'd'.repeat(5_000) });
    world.watch.templateFailed(rule, 'e'.repeat(5_000), null);
    await world.refuse(20, second, name);
    await world.event();
    await world.pass(2 * hour);
    expect(world.facts().map(({ topic }) => topic)).toEqual(
      expect.arrayContaining(['destination-parked', 'template-error', 'unverified', 'no-events']),
    );
    for (const { detail } of world.facts()) expect.soft(detail.length, detail).toBeLessThanOrEqual(300);
  });
});
