import { describe, expect, test } from 'vitest';
import { createStage, groupRule, minute, second, type Stage } from './groups-stage.ts';

const recovering = (sketch: Parameters<typeof groupRule>[0] = {}) => groupRule({ recover: true, ...sketch });

interface Scenario {
  name: string;
  rules?: ReturnType<typeof groupRule>[];
  play: (stage: Stage) => void;
  said: string[];
}

const scenarios: Scenario[] = [
  {
    name: 'one failure waits, and is then told as it would have been',
    play: (stage) => {
      stage.fail(1);
      stage.pass(10 * minute);
    },
    said: ['30 s chat open: materialize-view/1 failed'],
  },
  {
    name: 'failures that come together are one message',
    play: (stage) => {
      stage.fail(1);
      stage.pass(20 * second);
      stage.fail(2);
      stage.pass(10 * minute);
    },
    said: ['30 s chat open: 2 failures in 20 s · rule failures'],
  },
  {
    name: 'what follows is told after `every`, and a quiet time ends the storm',
    play: (stage) => {
      stage.failAll([1, 2]);
      stage.pass(minute);
      stage.fail(3);
      stage.fail(4);
      stage.pass(10 * minute);
      stage.fail(5);
      stage.fail(6);
      stage.pass(minute);
    },
    said: [
      '30 s chat open: 2 failures · rule failures',
      '330 s chat remind: 2 more failures, 4 in 1 min · rule failures',
      '690 s chat open: 2 failures · rule failures',
    ],
  },
  {
    name: 'one that fails again in its group is counted, and named as a reminder',
    play: (stage) => {
      stage.fail(1);
      stage.fail(2);
      stage.fail(1);
      stage.pass(minute);
      stage.fail(2);
      stage.pass(5 * minute);
    },
    said: [
      '30 s chat open: 3 failures of 2 subjects · rule failures',
      '330 s chat remind: 1 more failure, 4 in 1 min · rule failures',
    ],
  },
  {
    name: 'alone in its group, it fails again: again a message of its own',
    play: (stage) => {
      stage.fail(1);
      stage.pass(minute);
      stage.fail(1);
      stage.pass(5 * minute);
    },
    said: ['30 s chat open: materialize-view/1 failed', '330 s chat remind: materialize-view/1 failed'],
  },
  {
    name: 'a second one joins the first that was told alone: both are told together',
    play: (stage) => {
      stage.fail(1);
      stage.pass(minute);
      stage.fail(2);
      stage.pass(5 * minute);
    },
    said: ['30 s chat open: materialize-view/1 failed', '330 s chat open: 2 failures in 1 min · rule failures'],
  },
  {
    name: 'what is over before it was told is not told',
    play: (stage) => {
      stage.fail(1);
      stage.fail(2);
      stage.complete(1);
      stage.complete(2);
      stage.pass(minute);
    },
    said: [],
  },
  {
    name: 'of two, one is over before the first message: the other is told alone',
    play: (stage) => {
      stage.fail(1);
      stage.fail(2);
      stage.complete(1);
      stage.pass(minute);
    },
    said: ['30 s chat open: materialize-view/2 failed'],
  },
  {
    name: 'after all left untold, the next failure has the whole wait',
    play: (stage) => {
      stage.fail(1);
      stage.pass(20 * second);
      stage.complete(1);
      stage.fail(2);
      stage.fail(3);
      stage.pass(minute);
    },
    said: ['50 s chat open: 2 failures · rule failures'],
  },
  {
    name: 'when all have recovered, that is told once, at once',
    rules: [recovering({ to: ['mail'] })],
    play: (stage) => {
      stage.failAll([1, 2, 3]);
      stage.pass(20 * minute);
      for (const dataset of [2, 1]) stage.complete(dataset);
      stage.pass(52 * minute);
      stage.complete(3);
      stage.pass(20 * minute);
    },
    said: ['30 s mail open: 3 failures · rule failures', '4320 s mail recover: All 3 recovered after 1 h 12 min · rule failures'],
  },
  {
    name: 'recoveries in between are counted where a message can be edited',
    rules: [recovering({ to: ['chat', 'mail'] })],
    play: (stage) => {
      stage.failAll([1, 2, 3]);
      stage.pass(minute);
      stage.complete(1);
      stage.pass(20 * minute);
      stage.complete(2);
      stage.pass(10 * second);
      stage.complete(3);
      stage.pass(20 * minute);
    },
    said: [
      '30 s chat open: 3 failures · rule failures',
      '30 s mail open: 3 failures · rule failures',
      '330 s chat count: 1 of 3 recovered · rule failures',
      '1260 s chat count: 2 of 3 recovered · rule failures',
      '1270 s chat recover: All 3 recovered after 21 min 10 s · rule failures',
      '1270 s mail recover: All 3 recovered after 21 min 10 s · rule failures',
    ],
  },
  {
    name: 'recoveries that a reminder has shown are not counted again',
    rules: [recovering()],
    play: (stage) => {
      stage.failAll([1, 2, 3]);
      stage.pass(minute);
      stage.complete(1);
      stage.fail(4);
      stage.pass(20 * minute);
    },
    said: ['30 s chat open: 3 failures · rule failures', '330 s chat remind: 1 more failure, 4 in 1 min · rule failures'],
  },
  {
    name: 'a storm lasts from its first failure, also of what failed again',
    play: (stage) => {
      stage.fail(1);
      stage.pass(10 * second);
      stage.fail(2);
      stage.pass(10 * second);
      stage.fail(1);
      stage.pass(minute);
    },
    said: ['30 s chat open: 3 failures of 2 subjects in 20 s · rule failures'],
  },
  {
    name: 'without `recover`, nothing is said of those that complete',
    play: (stage) => {
      stage.failAll([1, 2]);
      stage.pass(minute);
      stage.complete(1);
      stage.complete(2);
      stage.pass(20 * minute);
    },
    said: ['30 s chat open: 2 failures · rule failures'],
  },
  {
    name: 'what was told alone recovers alone',
    rules: [recovering({ to: ['chat', 'mail'] })],
    play: (stage) => {
      stage.fail(1);
      stage.pass(20 * minute);
      stage.complete(1);
      stage.pass(20 * minute);
    },
    said: [
      '30 s chat open: materialize-view/1 failed',
      '30 s mail open: materialize-view/1 failed',
      '1200 s chat recover: materialize-view/1 completed',
      '1200 s mail recover: materialize-view/1 completed',
    ],
  },
  {
    name: 'what was told alone, without `recover`: a message that can be edited shows its end',
    rules: [groupRule({ to: ['chat', 'mail'] })],
    play: (stage) => {
      stage.fail(1);
      stage.pass(20 * minute);
      stage.complete(1);
      stage.pass(20 * minute);
    },
    said: [
      '30 s chat open: materialize-view/1 failed',
      '30 s mail open: materialize-view/1 failed',
      '1200 s chat count: materialize-view/1 completed',
    ],
  },
  {
    name: 'told alone in group after group: its end is told once',
    rules: [groupRule({ to: ['chat'] })],
    play: (stage) => {
      for (let i = 0; i < 3; i++) {
        stage.fail(1);
        stage.pass(20 * minute);
      }
      stage.complete(1);
    },
    said: [
      '30 s chat open: materialize-view/1 failed',
      '1230 s chat remind: materialize-view/1 failed',
      '2430 s chat remind: materialize-view/1 failed',
      '3600 s chat count: materialize-view/1 completed',
    ],
  },
  {
    name: 'one that has not recovered fails again when the storm is over: its group goes on, after a new wait',
    rules: [recovering({ to: ['mail'] })],
    play: (stage) => {
      stage.failAll([1, 2]);
      stage.pass(60 * minute);
      stage.fail(1);
      stage.fail(3);
      stage.pass(20 * minute);
      for (const dataset of [1, 2, 3]) stage.complete(dataset);
    },
    said: [
      '30 s mail open: 2 failures · rule failures',
      '3630 s mail remind: 2 more failures, 4 in 1 h · rule failures',
      '4800 s mail recover: All 3 recovered after 1 h 20 min · rule failures',
    ],
  },
  {
    name: 'values of `by` tell groups apart',
    rules: [groupRule({ by: ['job.type'] })],
    play: (stage) => {
      for (const type of ['costs', 'forecast']) for (const dataset of [1, 2]) stage.fail(dataset, { type });
      stage.pass(minute);
    },
    said: ['30 s chat open: 2 failures · costs', '30 s chat open: 2 failures · forecast'],
  },
  {
    name: 'a rule that was changed begins another group, and the old one ends by what it said',
    rules: [recovering({ to: ['mail'] })],
    play: (stage) => {
      stage.failAll([1, 2]);
      stage.reload([recovering({ to: ['pager'] })]);
      stage.failAll([3, 4]);
      stage.pass(minute);
      stage.reload([]);
      for (const dataset of [1, 2, 3, 4]) stage.complete(dataset);
    },
    said: [
      '30 s mail open: 2 failures · rule failures',
      '30 s pager open: 2 failures · rule failures',
      '60 s mail recover: Both recovered after 1 min · rule failures',
      '60 s pager recover: Both recovered after 1 min · rule failures',
    ],
  },
  {
    name: 'what forwards events gets each of them at once',
    rules: [recovering({ to: ['http', 'mail'] })],
    play: (stage) => {
      stage.failAll([1, 2]);
      stage.pass(minute);
      stage.complete(1);
    },
    said: [
      '0 s http open: materialize-view/1 failed',
      '0 s http open: materialize-view/2 failed',
      '30 s mail open: 2 failures · rule failures',
      '60 s http recover: materialize-view/1 completed',
    ],
  },
  {
    name: 'what is held joins when its hold is over, and not if it completes before',
    rules: [groupRule({ holdMs: 10 * minute })],
    play: (stage) => {
      stage.failAll([1, 2, 3]);
      stage.pass(9 * minute);
      stage.complete(3);
      stage.pass(20 * minute);
    },
    said: ['630 s chat open: 2 failures · rule failures'],
  },
  {
    name: 'a relay that was down when the time came tells it late, once',
    play: (stage) => {
      stage.failAll([1, 2]);
      stage.restart(20 * minute);
      stage.restart(20 * minute);
    },
    said: ['1200 s chat open: 2 failures · rule failures'],
  },
  {
    name: 'a clock that is set back does not put the message off',
    play: (stage) => {
      stage.failAll([1, 2]);
      stage.setClockBack(60 * minute);
      stage.pass(30 * second);
    },
    said: ['-3570 s chat open: 2 failures · rule failures'],
  },
];

describe('groups', () => {
  test.each(scenarios)('$name', ({ rules, play, said }) => {
    const stage = createStage(rules);
    play(stage);
    expect(stage.said()).toEqual(said);
  });
});

test('the end of a group says that there is something to send; an end that only counts says when', () => {
  const stage = createStage([recovering()]);
  stage.failAll([1, 2]);
  stage.pass(10 * minute);
  const end = (dataset: number) =>
    stage.sql.transaction(() => stage.groups.ended(`materialize-view/${dataset}`, stage.now, stage.now));
  expect(end(1)).toEqual({ timed: true, toSend: false, sending: [] });
  expect(end(2)).toEqual({ timed: false, toSend: true, sending: [] });
  expect(end(2)).toEqual({ timed: false, toSend: false, sending: [] });
});
