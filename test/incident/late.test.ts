import { describe, expect, test } from 'vitest';
import { createTimedStage, hour, minute, monday9, timedRule } from './timed-stage.ts';
import { createLateStore } from '../../src/store/late.ts';

const stuck = timedRule('stuck', { kind: 'late', afterMs: { pending: 20 * minute, running: 90 * minute } }, { recover: true });
const stuckQuietly = timedRule('stuck', { kind: 'late', afterMs: { pending: 20 * minute, running: 90 * minute } });

describe('a job that stays in a state', () => {
  test('is told of when its time is over, about the event that began it', () => {
    const stage = createTimedStage([stuck]);
    expect(stage.take({ id: 'a', state: 'running', dataset: 10736 })).toBe(true);
    stage.pass(90 * minute - 1);
    expect(stage.told()).toEqual([]);
    stage.pass(1);
    expect(stage.told()).toMatchObject([
      {
        to: 'chat',
        subject: 'late/a',
        rule: 'stuck',
        act: 'open',
        severity: 'warning',
        about: 'running',
        title: 'materialize-view still running after 1 h 30 min · dataset 10736',
      },
    ]);
    expect(stage.openIncidents()).toEqual(['late late/a']);
    stage.pass(48 * hour);
    expect(stage.told()).toHaveLength(1);
  });

  test('is not told of when its next state comes in time', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running' });
    stage.pass(89 * minute);
    expect(stage.take({ id: 'a', state: 'completed' })).toBe(true);
    stage.pass(24 * hour);
    expect(stage.told()).toEqual([]);
  });

  test('is given the time of each state anew', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'pending' });
    stage.pass(19 * minute);
    stage.take({ id: 'a', state: 'running' });
    stage.pass(89 * minute);
    expect(stage.told()).toEqual([]);
    stage.pass(minute);
    expect(stage.titles()).toEqual(['materialize-view still running after 1 h 30 min']);
  });

  test('has been in it since it was first said to be', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running' });
    stage.pass(60 * minute);
    expect(stage.take({ id: 'a', state: 'running' })).toBe(false);
    stage.pass(30 * minute);
    expect(stage.told()).toHaveLength(1);
  });

  test('is not watched when a later state is known already, even one that nobody watches', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'completed', at: monday9 });
    stage.take({ id: 'a', state: 'running', at: monday9 - minute });
    stage.take({ id: 'b', state: 'failed', at: monday9 });
    stage.take({ id: 'b', state: 'running', at: monday9 });
    stage.pass(24 * hour);
    expect(stage.told()).toEqual([]);
  });

  test('is not left by a state that is older', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running', at: monday9 });
    stage.take({ id: 'a', state: 'pending', at: monday9 - minute });
    stage.pass(90 * minute);
    expect(stage.titles()).toEqual(['materialize-view still running after 1 h 30 min']);
  });

  test('has left it when it has ended, whatever time that event bears', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running', at: monday9 });
    stage.take({ id: 'a', state: 'completed', at: monday9 - minute });
    stage.pass(24 * hour);
    expect(stage.told()).toEqual([]);
  });

  test('that we hear of too late has half a minute for its next state to follow', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running', at: monday9 - 5 * hour });
    stage.take({ id: 'b', state: 'running', at: monday9 - 90 * minute });
    stage.pass(10_000);
    stage.take({ id: 'b', state: 'completed', at: monday9 });
    stage.pass(19_999);
    expect(stage.told()).toEqual([]);
    stage.pass(1);
    expect(stage.told()).toMatchObject([{ subject: 'late/a', title: 'materialize-view still running after 5 h' }]);
  });

  test('is watched from now on if it says to have come to it in the future', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running', wrongAt: monday9 + 24 * hour });
    stage.pass(90 * minute);
    expect(stage.told()).toHaveLength(1);
  });

  test('may be in a state of any name', () => {
    const stage = createTimedStage([stuck]);
    expect(stage.take({ id: 'a', state: 'constructor' })).toBe(false);
    stage.pass(24 * hour);
    expect(stage.told()).toEqual([]);
  });
});

describe('a job that was told of', () => {
  test.each([
    ['completed', 'materialize-view completed after 2 h 5 min running'],
    ['failed', 'materialize-view failed after 2 h 5 min running'],
    ['cancelled', 'materialize-view was cancelled after 2 h 5 min running'],
    ['pending_cancellation', 'materialize-view is waiting to be cancelled after 2 h 5 min running'],
  ])('is %s in the end, which is told where it was told that it is late', (state, title) => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running' });
    stage.pass(125 * minute);
    stage.take({ id: 'a', state });
    expect(stage.told().slice(1)).toMatchObject([{ to: 'chat', subject: 'late/a', act: 'recover', about: state, title }]);
    expect(stage.told()[1]!.incident).toBe(stage.told()[0]!.incident);
    expect(stage.openIncidents()).toEqual([]);
  });

  test('moves on in silence where the rule does not ask for more, and its incident ends', () => {
    const stage = createTimedStage([stuckQuietly]);
    stage.take({ id: 'a', state: 'running' });
    stage.pass(2 * hour);
    stage.take({ id: 'a', state: 'completed' });
    expect(stage.told()).toHaveLength(1);
    expect(stage.openIncidents()).toEqual([]);
  });

  test('may be late again in its next state', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'pending' });
    stage.pass(30 * minute);
    stage.take({ id: 'a', state: 'running' });
    stage.pass(2 * hour);
    expect(stage.titles()).toEqual([
      'materialize-view still pending after 20 min',
      'materialize-view is running after 30 min pending',
      'materialize-view still running after 1 h 30 min',
    ]);
    expect(new Set(stage.told().map(({ incident }) => incident)).size).toBe(2);
  });

  test('is over for each rule that told of it', () => {
    const soon = timedRule('soon', { kind: 'late', afterMs: { running: hour } }, { recover: true });
    const later = timedRule('later', { kind: 'late', afterMs: { running: 2 * hour } }, { recover: true, to: ['oncall'] });
    const stage = createTimedStage([soon, later]);
    stage.take({ id: 'a', state: 'running' });
    stage.pass(90 * minute);
    stage.take({ id: 'a', state: 'completed' });
    stage.pass(24 * hour);
    expect(stage.told().map(({ to, act }) => `${to} ${act}`)).toEqual(['chat open', 'chat recover']);
  });

  test('and is never heard of again is given up with its event', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'told', state: 'running' });
    stage.pass(2 * hour);
    stage.take({ id: 'watched', state: 'running' });
    const store = createLateStore(stage.sql);
    expect(store.forget(monday9, 100)).toBe(0);
    expect(store.forget(stage.now + 1, 100)).toBe(1);
    expect(stage.openIncidents()).toEqual([]);
    stage.pass(90 * minute);
    expect(stage.told().map(({ subject }) => subject)).toEqual(['late/told', 'late/watched']);
  });
});

describe('a silence', () => {
  const untilTen = { name: 'maintenance', untilMs: monday9 + hour };
  const late = (stage: ReturnType<typeof createTimedStage>) => {
    stage.take({ id: 'a', state: 'pending' });
    stage.pass(20 * minute);
  };

  test('keeps a late job back until it ends, and says so', () => {
    const stage = createTimedStage([stuck]);
    stage.silence(untilTen);
    late(stage);
    expect([stage.told(), stage.openIncidents()]).toEqual([[], []]);
    expect(stage.sql.query('SELECT rule, kind, until FROM decisions')).toEqual([
      { rule: 'stuck', kind: 'silenced', until: untilTen.untilMs },
    ]);
    stage.passUntil(untilTen.untilMs);
    expect(stage.titles()).toEqual(['materialize-view still pending after 1 h']);
  });

  test('that outlasts the trouble leaves nothing to tell, not its end either', () => {
    const stage = createTimedStage([stuck]);
    stage.silence(untilTen);
    late(stage);
    stage.take({ id: 'a', state: 'completed' });
    stage.pass(24 * hour);
    expect(stage.told()).toEqual([]);
  });

  test('without an end is asked again, and one that is lifted early keeps nothing back', () => {
    const stage = createTimedStage([stuck]);
    stage.silence({ name: 'mute', untilMs: null });
    late(stage);
    stage.pass(3 * hour);
    expect(stage.told()).toEqual([]);
    stage.silence(null);
    stage.pass(minute);
    expect(stage.told()).toHaveLength(1);
  });

  test('that catches it on its way out is made up for, and its end goes only to who heard of it', () => {
    const heard = createTimedStage([stuck]);
    late(heard);
    heard.silenceOnItsWayOut(untilTen);
    heard.passUntil(untilTen.untilMs);
    expect(heard.told()).toHaveLength(2);
    expect(heard.openIncidents()).toEqual(['late late/a']);
    const unheard = createTimedStage([stuck]);
    late(unheard);
    unheard.silenceOnItsWayOut(untilTen);
    unheard.take({ id: 'a', state: 'completed' });
    expect(unheard.told().map(({ act }) => act)).toEqual(['open']);
    expect(unheard.openIncidents()).toEqual([]);
  });

  test('keeps alerts back, and forwards the event at once and only once', () => {
    const stage = createTimedStage([timedRule('stuck', stuck.trigger, { recover: true, to: ['airflow', 'chat'] })]);
    stage.silence(untilTen);
    late(stage);
    const short = () => stage.told().map(({ to, act, title }) => `${to} ${act}: ${title}`);
    expect(short()).toEqual(['airflow open: materialize-view still pending after 20 min']);
    expect(stage.sql.query('SELECT rule, kind FROM decisions')).toEqual([{ rule: 'stuck', kind: 'silenced' }]);
    stage.restartAt(stage.now + minute);
    stage.pass(24 * hour);
    expect(short().slice(1)).toEqual(['chat open: materialize-view still pending after 1 h']);
    expect(stage.sql.query('SELECT rule, kind FROM decisions')).toEqual([]);
    stage.take({ id: 'a', state: 'completed' });
    expect(stage.told().slice(2)).toMatchObject([
      { to: 'airflow', act: 'recover' },
      { to: 'chat', act: 'recover' },
    ]);
    expect(new Set(stage.told().map(({ incident }) => incident)).size).toBe(1);
  });

  test('that outlasts the trouble: its end goes where the event was forwarded, and not where it was kept back', () => {
    const stage = createTimedStage([timedRule('stuck', stuck.trigger, { recover: true, to: ['airflow', 'chat'] })]);
    stage.silence(untilTen);
    late(stage);
    stage.take({ id: 'a', state: 'completed' });
    stage.pass(24 * hour);
    expect(stage.told().map(({ to, act }) => `${to} ${act}`)).toEqual(['airflow open', 'airflow recover']);
    expect(stage.openIncidents()).toEqual([]);
  });

  test('that catches one of several on its way out makes up for that one alone', () => {
    const begin = () => {
      const stage = createTimedStage([timedRule('stuck', stuck.trigger, { recover: true, to: ['chat', 'oncall'] })]);
      late(stage);
      stage.silenceOnItsWayOut(untilTen);
      return stage;
    };
    const short = (stage: ReturnType<typeof begin>) => stage.told().map(({ to, act }) => `${to} ${act}`);
    const outlasted = begin();
    outlasted.passUntil(untilTen.untilMs);
    expect(short(outlasted)).toEqual(['chat open', 'oncall open', 'chat open']);
    outlasted.take({ id: 'a', state: 'completed' });
    expect(short(outlasted).slice(3)).toEqual(['chat recover', 'oncall recover']);
    const over = begin();
    over.take({ id: 'a', state: 'completed' });
    expect(short(over)).toEqual(['chat open', 'oncall open', 'oncall recover']);
  });

  test('that catches one rule makes up for it although another has told of the same event', () => {
    const rules = [
      timedRule('soon', { kind: 'late', afterMs: { pending: 10 * minute } }, { recover: true }),
      timedRule('later', { kind: 'late', afterMs: { pending: 20 * minute } }, { recover: true }),
    ];
    const stage = createTimedStage(rules);
    stage.take({ id: 'a', state: 'pending' });
    stage.pass(15 * minute);
    stage.sql.query(`UPDATE deliveries SET status = 'delivered'`);
    stage.pass(5 * minute);
    stage.silenceOnItsWayOut(untilTen);
    stage.passUntil(untilTen.untilMs);
    expect(stage.told().map(({ rule, act }) => `${rule} ${act}`)).toEqual(['soon open', 'later open', 'later open']);
  });

  test('does not hold back what forwards events', () => {
    const stage = createTimedStage([timedRule('stuck', stuck.trigger, { recover: true, to: ['airflow'] })]);
    stage.silence(untilTen);
    late(stage);
    expect(stage.told()).toHaveLength(1);
  });
});

describe('a timer', () => {
  test('survives a restart', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running' });
    stage.take({ id: 'b', state: 'running' });
    stage.restartAt(monday9 + hour);
    stage.take({ id: 'b', state: 'completed' });
    stage.pass(30 * minute);
    expect(stage.told()).toMatchObject([{ subject: 'late/a' }]);
    stage.restartAt(monday9 + 2 * hour);
    stage.take({ id: 'a', state: 'completed' });
    expect(stage.told().map(({ act }) => act)).toEqual(['open', 'recover']);
  });

  test('that ran out while the relay was down is late once, after what comes behind the outage', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running' });
    stage.take({ id: 'b', state: 'running' });
    stage.restartAt(monday9 + 5 * hour);
    stage.pass(29_999);
    stage.take({ id: 'b', state: 'completed', at: monday9 + hour });
    expect(stage.told()).toEqual([]);
    stage.pass(1);
    stage.restartAt(monday9 + 9 * hour);
    stage.pass(24 * hour);
    expect(stage.titles()).toEqual(['materialize-view still running after 5 h']);
  });

  test('goes by what the rule said then, though it is gone meanwhile', () => {
    const stage = createTimedStage([stuck]);
    stage.take({ id: 'a', state: 'running' });
    stage.reload([]);
    stage.pass(90 * minute);
    stage.take({ id: 'a', state: 'completed' });
    expect(stage.told().map(({ rule, act }) => `${rule} ${act}`)).toEqual(['stuck open', 'stuck recover']);
  });

  test('set by a clock that was ahead is set anew when the clock is put right', () => {
    const stage = createTimedStage([stuck], { startAt: monday9 + 6 * hour });
    stage.take({ id: 'a', state: 'running', at: monday9 });
    stage.setClock(monday9);
    stage.pass(90 * minute);
    expect(stage.told()).toHaveLength(1);
  });

  test('set in a transaction that failed is none, and one cleared in it still runs', () => {
    const stage = createTimedStage([stuck]);
    stage.takeInVain({ id: 'b', state: 'running' });
    stage.take({ id: 'a', state: 'running' });
    stage.takeInVain({ id: 'a', state: 'completed', at: monday9 + minute });
    stage.pass(2 * hour);
    stage.take({ id: 'a', state: 'completed' });
    expect(stage.told().map(({ subject, act }) => `${subject} ${act}`)).toEqual(['late/a open', 'late/a recover']);
  });
});

test('an event costs no statement where no rule is timed and no job is watched', () => {
  const stage = createTimedStage([]);
  expect(stage.statementsToNote({ state: 'running' })).toBe(0);
});

test('many that are due at once are all told, in steps', () => {
  const stage = createTimedStage([stuck]);
  for (let i = 0; i < 250; i++) stage.take({ id: `job-${i}`, state: 'running' });
  stage.pass(2 * hour);
  expect(new Set(stage.told().map(({ subject }) => subject)).size).toBe(250);
  expect(stage.told()).toHaveLength(250);
});

test('a job whose event is past its retention is left out, and the log says so', () => {
  const stage = createTimedStage([stuck]);
  stage.take({ id: 'a', state: 'running' });
  stage.take({ id: 'b', state: 'running' });
  stage.sql.query(`DELETE FROM events WHERE job_id = 'a'`);
  stage.pass(2 * hour);
  expect(stage.told()).toMatchObject([{ subject: 'late/b' }]);
  expect(stage.warnings).toEqual(['a late job is not told of: its event is past its retention']);
});
