/** Silences keep alerts back, at planning and on their way out, and nothing gets lost by it. */
import { describe, expect, test } from 'vitest';
import { createIncidentWorld, hour, minute, rule } from './world.ts';

describe('a silence when an alert is planned', () => {
  test('keeps it back, and it stays visible with the reason', async () => {
    const world = createIncidentWorld([rule({ recover: true })]);
    await world.silence(hour);
    expect(await world.fails()).toMatchObject({ outcome: 'suppressed', deliveries: 0, decisions: [{ kind: 'silenced' }] });
    expect(world.told()).toEqual(['0m #1 r → chat open (suppressed)']);
    expect(world.decisionsOn(1)[0]!.detail).toBe('silenced by silence-1 until 2026-03-02 10:12 UTC');
    expect(world.sent).toEqual([]);
  });

  test('ends with the incident still open: what it kept back is told, once', async () => {
    const world = createIncidentWorld([rule({ recover: true })]);
    await world.silence(hour);
    await world.fails();
    await world.pass(20 * minute);
    await world.fails();
    await world.pass(5 * hour);
    expect(world.told().slice(2)).toEqual(['60m #2 r → chat open']);
    expect([world.decisions(2), world.outcomeOf(2)]).toEqual([[], 'routed']);
  });

  test('ends after the incident: nobody ever hears of it, not even that it is over', async () => {
    const world = createIncidentWorld([rule({ recover: true })]);
    await world.silence(hour);
    await world.fails();
    await world.pass(10 * minute);
    await world.completes();
    await world.pass(5 * hour);
    expect(world.sent).toEqual([]);
    expect([world.decisions(1), world.outcomeOf(1)]).toEqual([['r: cancelled'], 'suppressed']);
  });

  test('lets the end through, for those who heard of the beginning', async () => {
    const world = createIncidentWorld([rule({ recover: true })]);
    await world.fails();
    await world.pass(minute);
    await world.silence(null);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 r → chat open', '1m #2 r → chat remind (suppressed)', '2m #3 r → chat recover']);
  });

  test('that is lifted tells at once what it kept back', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager'] })]);
    await world.silence(null);
    await world.fails();
    await world.pass(7 * minute);
    await world.liftSilences();
    expect(world.told().slice(1)).toEqual(['7m #1 r → pager open']);
  });

  test('that another one outlasts keeps it back until that one ends, and shows it once', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager'] })]);
    await world.silence(10 * minute);
    await world.fails();
    await world.silence(30 * minute);
    for (let i = 0; i < 3; i++) await world.reviewSilences();
    await world.pass(hour);
    expect(world.told()).toEqual(['0m #1 r → pager open (suppressed)', '30m #1 r → pager open']);
  });

  test('is for the subjects that it names', async () => {
    const world = createIncidentWorld([rule({})]);
    await world.silence(null, 'a');
    await world.fails('a');
    await world.fails('b');
    expect(world.told()).toEqual(['0m #1 r → chat open (suppressed)', '0m #2 r → chat message']);
  });

  test('keeps back what its hold lets go, and what is to be reminded of', async () => {
    const rules = [rule({ name: 'held', holdMs: 5 * minute, to: ['pager'] }), rule({ name: 'repeated', repeatMs: 10 * minute })];
    const world = createIncidentWorld(rules);
    await world.fails();
    await world.pass(minute);
    await world.silence(hour);
    await world.fails();
    await world.pass(30 * minute);
    expect(world.told()).toEqual([
      '0m #1 repeated → chat open',
      '1m #2 repeated → chat count',
      '5m #2 held → pager open (suppressed)',
      '10m #2 repeated → chat remind (suppressed)',
    ]);
    await world.pass(hour);
    expect(world.told().slice(4)).toEqual(['61m #2 held → pager open', '61m #2 repeated → chat remind']);
  });

  test('starts no time of repeat: nobody was told', async () => {
    const world = createIncidentWorld([rule({ repeatMs: 10 * hour, to: ['pager'] })]);
    await world.silence(10 * minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    await world.pass(hour);
    await world.fails();
    expect(world.told().at(-1)).toBe('61m #3 r → pager open');
  });
});

describe('a rule with no policy, silenced', () => {
  test('tells the last failure once when the silence ends, and then each again', async () => {
    const world = createIncidentWorld([rule({ to: ['pager'] })]);
    await world.silence(10 * minute);
    await world.fails();
    await world.fails();
    await world.pass(20 * minute);
    await world.fails();
    await world.pass(hour);
    expect(world.told().slice(2)).toEqual(['10m #2 r → pager open', '20m #3 r → pager message']);
  });

  test('tells nothing twice when it fails again in the moment in which the silence is over', async () => {
    const world = createIncidentWorld([rule({ to: ['pager'] })]);
    await world.silence(10 * minute);
    await world.fails();
    // Nobody has looked at the timers yet.
    world.turnClock(11 * minute);
    await world.fails();
    await world.pass(hour);
    expect(world.told().slice(1)).toEqual(['11m #2 r → pager message']);
  });

  test('is silent for good about what is no failure', async () => {
    const world = createIncidentWorld([rule({ states: ['running'] })]);
    await world.fails();
    await world.silence(minute);
    await world.event({ state: 'running' });
    await world.pass(hour);
    expect(world.told()).toEqual(['0m #2 r → chat message (suppressed)']);
  });
});

describe('what forwards events', () => {
  test('is served as if there was no silence, from the failure to the end', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['chat', 'http'] })]);
    await world.silence(null);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 r → http open', '0m #1 r → chat open (suppressed)', '1m #2 r → http recover']);
  });

  test('is served once, and not again when the silence ends', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['chat', 'http'] }), rule({ name: 'each', to: ['http'] })]);
    await world.silence(10 * minute);
    await world.fails();
    await world.pass(hour);
    expect(world.told()).toEqual(['0m #1 r → http open', '0m #1 r → chat open (suppressed)', '10m #1 r → chat open']);
  });

  test('gets the failure that comes before the timers notice that the silence is over', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager', 'http'] })]);
    await world.silence(10 * minute);
    await world.fails();
    world.turnClock(11 * minute);
    await world.fails();
    expect(world.told().slice(2)).toEqual(['11m #2 r → pager open', '11m #2 r → http open']);
  });

  test('keeps to the times of its rule, whatever is silent', async () => {
    const world = createIncidentWorld([rule({ holdMs: 5 * minute, repeatMs: hour, to: ['http'] })]);
    await world.silence(null);
    await world.fails();
    await world.pass(10 * minute);
    await world.fails();
    await world.pass(2 * hour);
    expect(world.told()).toEqual(['5m #1 r → http open', '65m #2 r → http remind']);
  });
});

describe('a silence that comes after an alert was planned', () => {
  /** The first failure is on its way and unanswered, so the second waits behind it in its lane, and the silence finds it there. */
  async function caught(...rules: Parameters<typeof createIncidentWorld>[0]) {
    const world = createIncidentWorld(rules);
    world.hold('chat');
    await world.event({ subject: 'a', state: 'running' });
    world.letGo('chat');
    return world;
  }
  const ahead = rule({ name: 'ahead', states: ['running'] });

  async function answer(world: Awaited<ReturnType<typeof caught>>) {
    world.sent[0]!.answer({ kind: 'delivered', detail: '200 OK' });
    await world.settle();
  }

  test('keeps it back on its way out, and it is told when the silence ends', async () => {
    const world = await caught(ahead, rule({ recover: true }));
    await world.fails();
    await world.silence(10 * minute);
    await answer(world);
    expect(world.told().slice(1)).toEqual(['0m #2 r → chat open (suppressed)']);
    expect([world.decisions(2), world.untold()]).toEqual([['r: silenced'], { 'r / a': 1 }]);
    await world.pass(hour);
    expect(world.told().slice(2)).toEqual(['10m #2 r → chat open']);
    expect(world.decisions(2)).toEqual([]);
  });

  test('and outlasts the incident: nobody hears of it, and a failure soon after is told at once', async () => {
    const world = await caught(ahead, rule({ repeatMs: 10 * hour }));
    await world.fails();
    await world.silence(10 * minute);
    await answer(world);
    await world.pass(minute);
    await world.completes();
    await world.pass(hour);
    expect(world.told().slice(1)).toEqual(['0m #2 r → chat open (suppressed)']);
    await world.fails();
    expect(world.told().at(-1)).toBe('61m #4 r → chat open');
  });

  test('and outlasts the incident: who did not hear of the beginning does not hear of the end, others do', async () => {
    const world = await caught(ahead, rule({ recover: true, to: ['chat', 'pager', 'http'] }));
    await world.fails();
    await world.silence(10 * minute);
    await answer(world);
    await world.pass(minute);
    await world.completes();
    await world.pass(hour);
    expect(world.told().slice(1)).toEqual([
      '0m #2 r → chat open (suppressed)',
      '0m #2 r → pager open',
      '0m #2 r → http open',
      '1m #3 r → pager recover',
      '1m #3 r → http recover',
    ]);
  });

  test('is made up for where it was kept back, and others hear nothing twice', async () => {
    const world = await caught(ahead, rule({ recover: true, to: ['chat', 'pager', 'http'] }));
    await world.fails();
    await world.silence(10 * minute);
    await answer(world);
    await world.pass(hour);
    expect(world.told().slice(1)).toEqual([
      '0m #2 r → chat open (suppressed)',
      '0m #2 r → pager open',
      '0m #2 r → http open',
      '10m #2 r → chat open',
    ]);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    expect(world.told().slice(5)).toEqual([
      '60m #3 r → chat remind',
      '60m #3 r → pager remind',
      '60m #3 r → http remind',
      '61m #4 r → chat recover',
      '61m #4 r → pager recover',
      '61m #4 r → http recover',
    ]);
  });

  test('and another that outlasts it: still only those hear of it who have not', async () => {
    const world = await caught(ahead, rule({ recover: true, to: ['chat', 'pager'] }));
    await world.fails();
    await world.silence(10 * minute);
    await answer(world);
    await world.silence(30 * minute);
    await world.pass(hour);
    expect(world.told().slice(1)).toEqual(['0m #2 r → chat open (suppressed)', '0m #2 r → pager open', '30m #2 r → chat open']);
  });

  test('is news to all where it failed again meanwhile', async () => {
    const world = await caught(ahead, rule({ recover: true, to: ['chat', 'pager'] }));
    await world.fails();
    await world.silence(10 * minute);
    await answer(world);
    await world.pass(minute);
    await world.fails();
    await world.pass(hour);
    const suppressed = ['1m #3 r → chat remind (suppressed)', '1m #3 r → pager remind (suppressed)'];
    expect(world.told().slice(3)).toEqual([...suppressed, '10m #3 r → chat remind', '10m #3 r → pager remind']);
  });

  test('is news to all where it had failed again before it was kept back', async () => {
    const world = await caught(ahead, rule({ repeatMs: 5 * hour, to: ['chat', 'pager'] }));
    await world.fails();
    await world.fails();
    await world.silence(10 * minute);
    await answer(world);
    await world.pass(hour);
    expect(world.told().slice(-2)).toEqual(['10m #3 r → chat remind', '10m #3 r → pager remind']);
  });

  test('with no policy, and a failure that is told meanwhile: what that one told is not told again', async () => {
    const world = createIncidentWorld([
      rule({ name: 'ahead', states: ['running'], to: ['chat', 'pager'] }),
      rule({ to: ['chat', 'pager'] }),
    ]);
    const catchOne = async (name: string) => {
      world.hold(name);
      const already = world.sent.length;
      await world.event({ state: 'running', jobId: name });
      await world.fails();
      await world.silence(10 * minute);
      world.letGo(name);
      world.sent
        .slice(already)
        .find(({ destination }) => destination === name)!
        .answer({ kind: 'delivered', detail: '200 OK' });
      await world.settle();
    };
    await catchOne('chat');
    world.turnClock(11 * minute);
    // Nobody has looked at the timers yet.
    await catchOne('pager');
    await world.pass(hour);
    expect(world.told().filter((told) => told.includes('r → ') && told.includes(' open'))).toEqual(['21m #4 r → pager open']);
  });

  test('with no policy, one after the other: what was told in the first is not told again in the second', async () => {
    const world = createIncidentWorld([
      rule({ name: 'ahead', states: ['running'], to: ['chat', 'pager'] }),
      rule({ to: ['chat', 'pager'] }),
    ]);
    const catchOne = async (name: string) => {
      world.hold(name);
      const already = world.sent.length;
      await world.event({ state: 'running', jobId: name });
      await world.fails();
      await world.silence(10 * minute);
      world.letGo(name);
      world.sent
        .slice(already)
        .find(({ destination }) => destination === name)!
        .answer({ kind: 'delivered', detail: '200 OK' });
      await world.pass(hour);
    };
    await catchOne('chat');
    await catchOne('pager');
    expect(world.told().filter((told) => told.includes('r → ') && told.includes(' open'))).toEqual([
      '10m #2 r → chat open',
      '70m #4 r → pager open',
    ]);
  });

  test('does not cut short what its rule holds by now', async () => {
    const world = await caught(ahead, rule({}));
    await world.fails();
    world.replaceRules([rule({ holdMs: 5 * minute })]);
    await world.fails();
    await world.silence(2 * minute);
    await answer(world);
    await world.pass(hour);
    expect(world.told().slice(1)).toEqual(['0m #2 r → chat message (suppressed)', '5m #3 r → chat open']);
  });

  test('keeps a reminder back, and whoever had heard of the beginning hears of the end', async () => {
    const world = createIncidentWorld([rule({ recover: true })]);
    await world.fails();
    world.hold('chat');
    await world.fails();
    await world.fails();
    await world.silence(10 * minute);
    world.letGo('chat');
    world.sent.at(-1)!.answer({ kind: 'delivered', detail: '200 OK' });
    await world.pass(minute);
    expect(world.told().at(-1)).toBe('0m #3 r → chat remind (suppressed)');
    await world.completes();
    expect(world.told().at(-1)).toBe('1m #4 r → chat recover');
  });

  test('makes a rule with no policy tell when it ends, wherever it was kept back', async () => {
    const world = createIncidentWorld([
      rule({ name: 'ahead', states: ['running'], to: ['chat', 'pager'] }),
      rule({ to: ['chat', 'pager'] }),
    ]);
    world.hold('chat');
    world.hold('pager');
    await world.event({ state: 'running' });
    await world.fails();
    await world.silence(10 * minute);
    for (const { answer: answerIt } of world.sent) answerIt({ kind: 'delivered', detail: '200 OK' });
    world.letGo('chat');
    world.letGo('pager');
    await world.pass(hour);
    expect(world.told().slice(2)).toEqual([
      '0m #2 r → chat message (suppressed)',
      '0m #2 r → pager message (suppressed)',
      '10m #2 r → chat open',
      '10m #2 r → pager open',
    ]);
  });

  test('is for all the rules that share the delivery', async () => {
    const world = await caught(ahead, rule({ name: 'first', to: ['chat'] }), rule({ name: 'second', repeatMs: hour }));
    await world.fails();
    await world.silence(10 * minute);
    await answer(world);
    expect(world.decisions(2)).toEqual(['first: silenced', 'second: silenced']);
    await world.pass(20 * minute);
    await world.fails();
    expect(world.told().slice(2)).toEqual([
      '10m #2 first → chat open',
      '20m #3 first → chat message',
      '20m #3 second → chat count',
    ]);
  });

  test('announces nothing later of what is no failure, nor of a failure that is over', async () => {
    const world = await caught(ahead, rule({ name: 'each', states: ['running', 'failed'] }));
    await world.fails();
    await world.event({ state: 'running', jobId: 'other' });
    await world.silence(10 * minute);
    await world.pass(minute);
    await world.completes();
    await answer(world);
    await world.pass(hour);
    expect(world.told().slice(1)).toEqual(['0m #2 each → chat message (suppressed)', '0m #3 ahead → chat message (suppressed)']);
  });

  test('leaves updates that nobody notices alone, so that what stands in the channel stays true', async () => {
    const world = createIncidentWorld([rule({ repeatMs: hour })]);
    await world.fails();
    await world.silence(null);
    await world.pass(minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 r → chat open', '1m #2 r → chat count', '2m #3 r → chat count']);
  });
});
