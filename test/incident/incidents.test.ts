/** What people hear of a subject that fails, under each policy. `5m #1 r → chat open`: when, of which event, by which rule, where. */
import { describe, expect, test } from 'vitest';
import { createIncidentWorld, hour, minute, rule, second } from './world.ts';

describe('a rule with no policy', () => {
  test('sends each failure as a message of its own, and nothing when it completes', async () => {
    const world = createIncidentWorld([rule({})]);
    await world.fails();
    await world.pass(minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 r → chat message', '1m #2 r → chat message']);
    expect(world.open()).toEqual([]);
  });

  test('has an incident all the same, from the first failure to the completion', async () => {
    const world = createIncidentWorld([rule({})]);
    await world.fails();
    await world.fails('b');
    await world.fails();
    expect(world.open()).toEqual([
      { incident: 1, subject: 'a', failures: 2 },
      { incident: 2, subject: 'b', failures: 1 },
    ]);
    await world.pass(minute);
    await world.completes();
    expect(world.open()).toEqual([{ incident: 2, subject: 'b', failures: 1 }]);
    await world.pass(minute);
    await world.fails();
    expect(world.open().at(-1)).toEqual({ incident: 5, subject: 'a', failures: 1 });
  });
});

describe('hold', () => {
  const held = [rule({ holdMs: 5 * minute, to: ['pager'] })];

  test('tells after its time when the subject has not completed', async () => {
    const world = createIncidentWorld(held);
    expect(await world.fails()).toMatchObject({ outcome: 'routed', deliveries: 0, decisions: [{ rule: 'r', kind: 'held' }] });
    await world.pass(5 * minute - 1);
    expect(world.told()).toEqual([]);
    expect(world.decisionsOn(1)[0]!.detail).toBe('held until 2026-03-02 09:17 UTC, cancelled if a completes');
    await world.pass(1);
    expect(world.told()).toEqual(['5m #1 r → pager open']);
    expect([world.decisions(1), world.outcomeOf(1)]).toEqual([[], 'routed']);
  });

  test('says nothing at all when the subject completes before, and the record says why', async () => {
    const world = createIncidentWorld(held);
    await world.fails();
    await world.pass(4 * minute);
    await world.completes();
    await world.pass(hour);
    expect(world.told()).toEqual([]);
    expect([world.decisions(1), world.outcomeOf(1)]).toEqual([['r: cancelled'], 'suppressed']);
    expect(world.decisionsOn(1)[0]!.detail).toBe('cancelled: a completed at 2026-03-02 09:16 UTC, before its hold was over');
  });

  test('counts what fails meanwhile, does not begin anew, and tells of the last failure', async () => {
    const world = createIncidentWorld(held);
    await world.fails();
    await world.pass(3 * minute);
    await world.fails();
    expect(world.untold()).toEqual({ 'r / a': 2 });
    await world.pass(2 * minute);
    expect(world.told()).toEqual(['5m #2 r → pager open']);
    expect([world.decisions(1), world.outcomeOf(1), world.open()[0]!.failures]).toEqual([['r: repeat'], 'suppressed', 2]);
  });

  test('sends each further failure once the incident was told', async () => {
    const world = createIncidentWorld(held);
    await world.fails();
    await world.pass(6 * minute);
    await world.fails();
    await world.fails();
    expect(world.told()).toEqual(['5m #1 r → pager open', '6m #2 r → pager remind', '6m #3 r → pager remind']);
  });

  test('holds the next incident again', async () => {
    const world = createIncidentWorld(held);
    await world.fails();
    await world.pass(6 * minute);
    await world.completes();
    await world.pass(minute);
    await world.fails();
    expect(world.told()).toHaveLength(1);
    await world.pass(5 * minute);
    expect(world.told().at(-1)).toBe('12m #3 r → pager open');
  });

  test('is over for each subject for itself', async () => {
    const world = createIncidentWorld(held);
    await world.fails('a');
    await world.pass(2 * minute);
    await world.fails('b');
    await world.completes('a');
    await world.pass(hour);
    expect(world.told()).toEqual(['7m #2 r → pager open']);
  });

  test('says nothing when failure and completion come in one transaction', async () => {
    const world = createIncidentWorld(held);
    await world.together({ state: 'failed', ago: 10 }, { state: 'completed' });
    await world.pass(hour);
    expect([world.told(), world.decisions(1)]).toEqual([[], ['r: cancelled']]);
  });

  test('keeps its time when the second failure comes in the transaction of the first', async () => {
    const world = createIncidentWorld(held);
    await world.together({ state: 'failed', ago: 10 }, { state: 'failed' });
    await world.pass(hour);
    expect(world.told()).toEqual(['5m #2 r → pager open']);
  });
});

describe('repeat', () => {
  const repeated = [rule({ repeatMs: hour, to: ['pager'] })];

  test('counts further failures, and reminds once when its time is over since the last message', async () => {
    const world = createIncidentWorld(repeated);
    await world.fails();
    await world.pass(10 * minute);
    expect(await world.fails()).toMatchObject({
      outcome: 'suppressed',
      deliveries: 0,
      decisions: [{ rule: 'r', kind: 'repeat' }],
    });
    await world.pass(20 * minute);
    await world.fails();
    expect(world.untold()).toEqual({ 'r / a': 2 });
    await world.pass(30 * minute - 1);
    expect(world.told()).toEqual(['0m #1 r → pager open']);
    await world.pass(1);
    expect(world.told()).toEqual(['0m #1 r → pager open', '60m #3 r → pager remind']);
    expect([world.untold(), world.outcomeOf(3), world.outcomeOf(2)]).toEqual([{}, 'routed', 'suppressed']);
  });

  test('does not remind of what has not failed again, neither then nor later', async () => {
    const world = createIncidentWorld(repeated);
    await world.fails();
    await world.pass(10 * hour);
    expect(world.told()).toEqual(['0m #1 r → pager open']);
  });

  test('begins anew with each reminder', async () => {
    const world = createIncidentWorld(repeated);
    await world.fails();
    for (let i = 0; i < 15; i++) {
      await world.pass(10 * minute);
      await world.fails();
    }
    expect(world.told().map((line) => line.split(' ')[0])).toEqual(['0m', '60m', '120m']);
  });

  test('reminds at once when it fails again after its time', async () => {
    const world = createIncidentWorld(repeated);
    await world.fails();
    await world.pass(hour);
    await world.fails();
    expect(world.told()).toEqual(['0m #1 r → pager open', '60m #2 r → pager remind']);
  });

  test('without recover a new incident within its time is only counted, and told when that is over if it still fails', async () => {
    const world = createIncidentWorld(repeated);
    await world.fails();
    await world.pass(10 * minute);
    await world.completes();
    await world.pass(10 * minute);
    await world.fails();
    expect([world.told().length, world.decisions(3)]).toEqual([1, ['r: repeat']]);
    await world.pass(40 * minute);
    expect(world.told()).toEqual(['0m #1 r → pager open', '60m #3 r → pager open']);
  });

  test('without recover a new incident that ends within its time is never told', async () => {
    const world = createIncidentWorld(repeated);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    await world.pass(20 * minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    await world.pass(10 * hour);
    expect(world.told()).toEqual(['0m #1 r → pager open']);
  });

  test('without recover a new incident after its time is told at once', async () => {
    const world = createIncidentWorld(repeated);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    await world.pass(59 * minute);
    await world.fails();
    expect(world.told().at(-1)).toBe('60m #3 r → pager open');
  });

  test('sends nothing more when the subject completes before the reminder', async () => {
    const world = createIncidentWorld(repeated);
    await world.fails();
    await world.pass(minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    await world.pass(10 * hour);
    expect(world.told()).toEqual(['0m #1 r → pager open']);
  });
});

describe('recover', () => {
  test('says that it is over, wherever the beginning was told, and sends each failure', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager', 'http'] })]);
    await world.fails();
    await world.pass(minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual([
      '0m #1 r → pager open',
      '0m #1 r → http open',
      '1m #2 r → pager remind',
      '1m #2 r → http remind',
      '2m #3 r → pager recover',
      '2m #3 r → http recover',
    ]);
  });

  test('says nothing of a completion that ends nothing', async () => {
    const world = createIncidentWorld([rule({ recover: true })]);
    await world.completes();
    await world.fails('b');
    await world.completes();
    expect(world.told()).toEqual(['0m #2 r → chat open']);
  });

  test('says it once, and of the next incident again', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager'] })]);
    for (const state of ['failed', 'completed', 'completed', 'failed', 'completed']) {
      await world.event({ state });
      await world.pass(minute);
    }
    expect(world.told()).toEqual([
      '0m #1 r → pager open',
      '1m #2 r → pager recover',
      '3m #4 r → pager open',
      '4m #5 r → pager recover',
    ]);
  });

  test('shares a delivery with the completion that the rule sends anyway', async () => {
    const world = createIncidentWorld([rule({ recover: true, states: ['failed', 'completed'] })]);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 r → chat open', '1m #2 r → chat recover', '2m #3 r → chat message']);
  });
});

describe('hold and recover', () => {
  const both = [rule({ holdMs: 5 * minute, recover: true, to: ['pager'] })];

  test('nobody ever hears of what recovers while it is held', async () => {
    const world = createIncidentWorld(both);
    await world.fails();
    await world.pass(4 * minute);
    await world.completes();
    await world.pass(hour);
    expect(world.told()).toEqual([]);
  });

  test('who was told after the hold hears of the end', async () => {
    const world = createIncidentWorld(both);
    await world.fails();
    await world.pass(10 * minute);
    await world.completes();
    expect(world.told()).toEqual(['5m #1 r → pager open', '10m #2 r → pager recover']);
  });
});

describe('repeat and recover', () => {
  const both = [rule({ repeatMs: hour, recover: true, to: ['pager'] })];

  test('a new incident is told at once, since everybody heard that the last one was over', async () => {
    const world = createIncidentWorld(both);
    await world.fails();
    await world.pass(minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    await world.pass(minute);
    await world.fails();
    await world.pass(59 * minute);
    expect(world.told()).toEqual(['0m #1 r → pager open', '2m #3 r → pager recover', '3m #4 r → pager open']);
  });
});

describe('hold and repeat', () => {
  const both = [rule({ holdMs: 5 * minute, repeatMs: hour, to: ['pager'] })];

  test('reminds when the time is over since the message, not since the failure', async () => {
    const world = createIncidentWorld(both);
    await world.fails();
    await world.pass(10 * minute);
    await world.fails();
    await world.pass(2 * hour);
    expect(world.told()).toEqual(['5m #1 r → pager open', '65m #2 r → pager remind']);
  });

  test('a new incident within the time waits for it to be over', async () => {
    const world = createIncidentWorld(both);
    await world.fails();
    await world.pass(10 * minute);
    await world.completes();
    await world.pass(minute);
    await world.fails();
    await world.pass(2 * hour);
    expect(world.told()).toEqual(['5m #1 r → pager open', '65m #3 r → pager open']);
  });

  test('a new incident near the end of that time is held all the same, and not longer when it fails again', async () => {
    const world = createIncidentWorld(both);
    await world.fails();
    await world.pass(10 * minute);
    await world.completes();
    await world.pass(53 * minute);
    await world.fails();
    await world.pass(3 * minute);
    await world.fails();
    await world.pass(hour);
    expect(world.told()).toEqual(['5m #1 r → pager open', '68m #4 r → pager open']);
  });
});

describe('hold, repeat and recover', () => {
  test('a night of it: held, told, counted, reminded, recovered; and a short one of which nobody hears', async () => {
    const world = createIncidentWorld([rule({ holdMs: 5 * minute, repeatMs: hour, recover: true, to: ['pager'] })]);
    await world.fails();
    await world.pass(20 * minute);
    await world.fails();
    await world.pass(100 * minute);
    await world.completes();
    await world.pass(minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    await world.pass(10 * hour);
    expect(world.told()).toEqual(['5m #1 r → pager open', '65m #2 r → pager remind', '120m #3 r → pager recover']);
  });
});

describe('the order of things at Narrative', () => {
  const rules = [rule({ recover: true, to: ['pager'] }), rule({ name: 'each', to: ['chat'] })];

  test('a failure older than the last completion is late: it opens nothing, and rules without a policy send it', async () => {
    const world = createIncidentWorld(rules);
    await world.completes();
    expect(await world.fails('a', { ago: minute })).toMatchObject({ decisions: [{ rule: 'r', kind: 'late' }] });
    expect([world.told(), world.open()]).toEqual([['0m #2 each → chat message'], []]);
    expect(world.decisionsOn(2)[0]!.detail).toBe('late: a had completed at 2026-03-02 09:12 UTC, after this failure');
  });

  test('a late failure changes nothing about the incident that is open', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager'] })]);
    await world.completes('a', { ago: 10 * minute });
    await world.fails();
    await world.fails('a', { ago: 20 * minute });
    expect([world.open()[0]!.failures, world.told()]).toEqual([1, ['0m #2 r → pager open']]);
  });

  test('a completion older than the last failure closes nothing', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager'] })]);
    await world.fails();
    await world.pass(minute);
    await world.completes('a', { ago: 2 * minute });
    expect([world.open().length, world.told()]).toEqual([1, ['0m #1 r → pager open']]);
    await world.completes();
    expect([world.open().length, world.told().length]).toEqual([0, 2]);
  });

  test.each([['failed', 'completed'] as const, ['completed', 'failed'] as const])(
    'of a failure and a completion at the same time the failure counts, when they come as %s, %s',
    async (...states) => {
      const world = createIncidentWorld([rule({ recover: true, to: ['pager'] })]);
      for (const state of states) await world.event({ state });
      expect(world.open()).toMatchObject([{ subject: 'a', failures: 1 }]);
      expect(world.told().map((line) => line.slice(-4))).toEqual(['open']);
    },
  );

  test('parallel jobs: what completed last decides, in whatever order we hear of them', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager'] })]);
    await world.fails('a', { jobId: 'one', ago: 3 * minute });
    await world.fails('a', { jobId: 'two', ago: minute });
    await world.completes('a', { jobId: 'three', ago: 2 * minute });
    expect(world.open()).toMatchObject([{ failures: 2 }]);
    await world.completes('a', { jobId: 'four' });
    await world.fails('a', { jobId: 'five', ago: 2 * minute });
    expect(world.open()).toEqual([]);
    expect(world.told().map((line) => line.split(' → pager ')[1])).toEqual(['open', 'remind', 'recover']);
  });

  test('a failure that is older than the first one moves the beginning', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager'] })]);
    await world.fails();
    await world.fails('a', { ago: 20 * minute });
    expect(world.sent.at(-1)!.outgoing.incident).toMatchObject({ act: 'remind', failures: 2 });
    const { sinceMs, lastMs } = world.sent.at(-1)!.outgoing.incident!;
    expect(lastMs - sinceMs).toBe(20 * minute);
  });

  test.each(['cancelled', 'pending_cancellation', 'running'])('%s neither opens nor closes', async (state) => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager'], states: ['failed', state] })]);
    await world.event({ state });
    expect(world.open()).toEqual([]);
    await world.fails();
    await world.event({ state });
    expect(world.open()).toHaveLength(1);
    expect(world.told().map((line) => line.split(' → pager ')[1])).toEqual(['message', 'open', 'message']);
  });
});

describe('several rules', () => {
  test('with one destination share a delivery; the strongest act counts, and the first rule gives the wording', async () => {
    const first = rule({ name: 'first', repeatMs: hour, to: ['pager'] });
    const second = rule({ name: 'second', recover: true, to: ['pager', 'chat'] });
    const world = createIncidentWorld([first, second]);
    await world.fails();
    await world.pass(minute);
    await world.fails();
    await world.completes('a', { ago: -1 }); // A millisecond ahead of us.
    expect(world.told()).toEqual([
      '0m #1 first → pager open',
      '0m #1 second → chat open',
      '1m #2 second → pager remind',
      '1m #2 second → chat remind',
      '1m #3 second → pager recover',
      '1m #3 second → chat recover',
    ]);
  });

  test('whose holds are over at the same time share a delivery too', async () => {
    const rules = ['first', 'second'].map((name) => rule({ name, holdMs: minute, to: ['pager'] }));
    const world = createIncidentWorld(rules);
    await world.fails();
    await world.pass(minute);
    expect(world.told()).toEqual(['1m #1 first → pager open']);
  });

  test('tell each in its own time', async () => {
    const rules = [
      rule({ name: 'team', to: ['chat'] }),
      rule({ name: 'night', holdMs: 10 * minute, recover: true, to: ['pager'] }),
    ];
    const world = createIncidentWorld(rules);
    await world.fails();
    await world.pass(20 * minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 team → chat message', '10m #1 night → pager open', '20m #2 night → pager recover']);
  });
});

describe('a destination that can edit what it said', () => {
  test('gets what is counted as a quiet update, at most one a minute, and the end too', async () => {
    const world = createIncidentWorld([rule({ repeatMs: hour, to: ['chat', 'pager'] })]);
    await world.fails();
    await world.pass(10 * second);
    for (let i = 0; i < 12; i++) {
      await world.fails();
      await world.pass(10 * second);
    }
    await world.pass(10 * minute);
    await world.completes();
    expect(world.told()).toEqual([
      '0m #1 r → chat open',
      '0m #1 r → pager open',
      '1m #6 r → chat count',
      '2m #12 r → chat count',
      '3m #13 r → chat count',
      `${130 / 60 + 10}m #14 r → chat count`,
    ]);
  });

  test('gets the numbers as they are when it is sent, and what it answered about its first message', async () => {
    const world = createIncidentWorld([rule({ repeatMs: hour, recover: true })]);
    await world.fails();
    await world.pass(5 * minute);
    await world.fails();
    await world.pass(5 * minute);
    await world.completes();
    const [open, count, recover] = world.sent.map(({ outgoing }) => outgoing);
    expect([open!.root, open!.incident]).toMatchObject([null, { act: 'open', failures: 1, endedMs: null }]);
    expect([count!.root, count!.incident]).toMatchObject([{ root: open!.deliveryId }, { act: 'count', failures: 2 }]);
    expect([recover!.root, recover!.incident]).toMatchObject([{ root: open!.deliveryId }, { act: 'recover', failures: 2 }]);
    expect(recover!.incident!.endedMs! - recover!.incident!.sinceMs).toBe(10 * minute);
  });

  test('gets one update of two rules that count', async () => {
    const world = createIncidentWorld(['first', 'second'].map((name) => rule({ name, repeatMs: hour })));
    await world.fails();
    await world.pass(5 * minute);
    await world.fails();
    expect(world.told()).toEqual(['0m #1 first → chat open', '5m #2 first → chat count']);
  });
});

test('what stood in the channel at the end of one incident is left alone at the end of the next, of which nobody was told', async () => {
  const world = createIncidentWorld([rule({ repeatMs: hour })]);
  for (const state of ['failed', 'completed', 'failed', 'completed']) {
    await world.event({ state });
    await world.pass(minute);
  }
  await world.pass(2 * hour);
  expect(world.told()).toEqual(['0m #1 r → chat open', '1m #2 r → chat count']);
});

describe('what the relay says about itself', () => {
  test('follows the same policies', async () => {
    const world = createIncidentWorld([rule({ holdMs: minute, recover: true, to: ['pager'] })]);
    await world.raise({ topic: 'backlog', state: 'failed', about: 'team' });
    await world.pass(2 * minute);
    await world.raise({ topic: 'backlog', state: 'completed', about: 'team' });
    expect(world.told()).toEqual(['1m #1 r → pager open', '2m #2 r → pager recover']);
  });

  test('is kept from the destination that it is about, from the beginning to the end', async () => {
    const world = createIncidentWorld([rule({ recover: true, to: ['pager', 'chat'] }), rule({ name: 'only', to: ['pager'] })]);
    await world.raise({ topic: 'destination-parked', state: 'failed', about: 'pager' });
    await world.pass(minute);
    await world.raise({ topic: 'destination-parked', state: 'completed', about: 'pager' });
    expect(world.told()).toEqual(['0m #1 r → chat open', '1m #2 r → chat recover']);
    expect(world.decisions(1)).toEqual(['only: itself', 'r: itself']);
    expect(world.decisionsOn(1)[0]!.detail).toBe('not sent to pager, which it is about');
  });
});
