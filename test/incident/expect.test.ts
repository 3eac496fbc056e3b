import { describe, expect, test } from 'vitest';
import type { Trigger } from '../../src/rules/rule.ts';
import { createTimedStage, hour, minute, timedRule } from './timed-stage.ts';

type Expected = Extract<Trigger, { kind: 'expect' }>;

const everyDay = [1, 2, 3, 4, 5, 6, 7];
const nightly = (changes: Partial<Expected> = {}, options: { recover?: boolean; to?: string[] } = {}) =>
  timedRule(
    'nightly',
    {
      kind: 'expect',
      state: 'completed',
      by: '06:00',
      from: '20:00',
      datasets: null,
      timezone: 'UTC',
      days: everyDay,
      ...changes,
    },
    { recover: true, ...options },
  );

const march = (day: number, time: string) => Date.parse(`2026-03-${String(day).padStart(2, '0')}T${time}:00Z`);
/** Half a minute after the deadline, what was in time has arrived. */
const looked = 30_000;

describe('what has not happened by its deadline', () => {
  test('is told, in an incident of its own', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(3, '06:00') + looked - 1);
    expect(stage.told()).toEqual([]);
    stage.pass(1);
    expect(stage.told()).toMatchObject([
      {
        to: 'chat',
        subject: 'expect/nightly',
        rule: 'nightly',
        act: 'open',
        severity: 'error',
        title: 'Not completed by 06:00 (UTC): nightly',
        text: 'Not seen completed yet',
        fields: [{ label: 'Expected', value: 'Mon 2 Mar 20:00 – Tue 3 Mar 06:00 (UTC)' }],
      },
    ]);
    expect(stage.openIncidents()).toEqual(['expect expect/nightly']);
  });

  test('is not told when it happened in its window', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(2, '20:00'));
    stage.take({ state: 'completed' });
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toEqual([]);
  });

  test('is told when it happened before its window, and when that was', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(2, '19:59'));
    stage.take({ state: 'completed' });
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toMatchObject([{ act: 'open', text: 'Last completed Mon 2 Mar 19:59' }]);
  });

  test('goes by when it happened, whenever the event comes', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(3, '06:00') + 20_000);
    stage.take({ state: 'completed', at: march(3, '05:59') });
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toEqual([]);
  });

  test('is expected at the time of day of its zone, on its days', () => {
    const stage = createTimedStage([nightly({ timezone: 'America/New_York', days: [1, 2, 3, 4, 5] })]);
    const deadlines: string[] = [];
    for (let day = 3; day <= 10; day++) {
      const before = stage.told().length;
      stage.passUntil(march(day, '23:00'));
      if (stage.told().length > before) deadlines.push(stage.told().at(-1)!.fields![0]!.value);
    }
    // Daylight saving time begins on Sunday the 8th.
    expect(deadlines.map((each) => each.split(' – ')[1])).toEqual([
      'Tue 3 Mar 06:00 (America/New_York)',
      'Wed 4 Mar 06:00 (America/New_York)',
      'Thu 5 Mar 06:00 (America/New_York)',
      'Fri 6 Mar 06:00 (America/New_York)',
      'Mon 9 Mar 06:00 (America/New_York)',
      'Tue 10 Mar 06:00 (America/New_York)',
    ]);
  });

  test('is told again at the next deadline, as a reminder of the same incident', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(4, '12:00'));
    const [first, second] = stage.told();
    expect([first!.act, second!.act]).toEqual(['open', 'remind']);
    expect(second!.incident).toBe(first!.incident);
    expect(stage.openIncidents()).toHaveLength(1);
  });
});

describe('datasets', () => {
  const three = nightly({ datasets: ['10736', '10744', '999'] });

  test('are expected each', () => {
    const stage = createTimedStage([three]);
    stage.passUntil(march(2, '22:00'));
    for (const dataset of [10736, 10744, 999]) stage.take({ state: 'completed', dataset });
    stage.passUntil(march(3, '21:00'));
    stage.take({ state: 'completed', dataset: 10744 });
    stage.passUntil(march(4, '12:00'));
    expect(stage.told()).toMatchObject([
      {
        title: 'Not completed by 06:00 (UTC): 2 of 3 datasets',
        text: 'Dataset 999: last completed Mon 2 Mar 22:00\nDataset 10736: last completed Mon 2 Mar 22:00',
      },
    ]);
  });

  test('come one by one; it is over with the last', () => {
    const stage = createTimedStage([three]);
    stage.passUntil(march(3, '06:10'));
    for (const dataset of [10736, 999]) stage.take({ state: 'completed', dataset });
    expect(stage.told()).toHaveLength(1);
    stage.pass(32 * minute);
    stage.take({ state: 'completed', dataset: 10744 });
    expect(stage.told()[1]).toMatchObject({ act: 'recover', title: 'All 3 datasets completed: the last at 06:42, 42 min late' });
    expect(stage.openIncidents()).toEqual([]);
  });

  test('are listed up to the tenth, and counted', () => {
    const datasets = Array.from({ length: 14 }, (_, i) => String(100 + i));
    const stage = createTimedStage([nightly({ datasets })]);
    stage.passUntil(march(3, '12:00'));
    const lines = stage.told()[0]!.text!.split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[9]).toBe('Dataset 109: not seen completed yet');
    expect(lines[10]).toBe('… and 4 more');
  });

  test('one alone is named', () => {
    const stage = createTimedStage([nightly({ datasets: ['10736'] })]);
    stage.passUntil(march(3, '06:42'));
    stage.take({ state: 'completed', dataset: 10736 });
    expect(stage.titles()).toEqual([
      'Not completed by 06:00 (UTC): dataset 10736',
      'Completed at 06:42, 42 min late: dataset 10736',
    ]);
  });

  test('that a rule takes in or leaves out later are expected, or no longer', () => {
    const stage = createTimedStage([nightly({ datasets: ['1', '2'] })]);
    stage.passUntil(march(2, '21:00'));
    stage.take({ state: 'completed', dataset: 1 });
    stage.reload([nightly({ datasets: ['1', '3'] })]);
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toMatchObject([
      { title: 'Not completed by 06:00 (UTC): 1 of 2 datasets', text: 'Dataset 3: not seen completed yet' },
    ]);
    stage.reload([nightly({ datasets: ['1'] })]);
    expect(stage.told()[1]).toMatchObject({ act: 'recover', title: 'No longer expected: nightly' });
    expect(stage.openIncidents()).toEqual([]);
  });
});

describe('what comes after its deadline', () => {
  test('is told, and how late it is', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(3, '06:42'));
    stage.take({ state: 'completed' });
    expect(stage.told()[1]).toMatchObject({
      to: 'chat',
      act: 'recover',
      subject: 'expect/nightly',
      incident: stage.told()[0]!.incident,
      title: 'Completed at 06:42, 42 min late: nightly',
    });
  });

  test('ends the incident in silence where the rule does not ask for more', () => {
    const stage = createTimedStage([nightly({}, { recover: false })]);
    stage.passUntil(march(3, '06:42'));
    stage.take({ state: 'completed' });
    expect(stage.told()).toHaveLength(1);
    expect(stage.openIncidents()).toEqual([]);
  });

  test('may have happened in time: then only the news is late', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(3, '06:10'));
    stage.take({ state: 'completed', at: march(3, '05:58') });
    expect(stage.titles()[1]).toBe('Completed at 05:58, in time; heard of at 06:10: nightly');
  });

  test('is late since the first deadline that it missed', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(4, '08:00'));
    stage.take({ state: 'completed' });
    expect(stage.titles().at(-1)).toBe('Completed at Wed 4 Mar 08:00, 1 d 2 h late: nightly');
  });

  test('counts for that deadline and not for the next, where windows follow one another', () => {
    const stage = createTimedStage([nightly({ from: null })]);
    stage.passUntil(march(3, '06:05'));
    stage.take({ state: 'completed' });
    stage.passUntil(march(4, '12:00'));
    expect(stage.told().map(({ act }) => act)).toEqual(['open', 'recover', 'open']);
  });

  test('counts for both, where it is in the window of the next', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(3, '22:00'));
    stage.take({ state: 'completed' });
    stage.passUntil(march(4, '12:00'));
    expect(stage.told().map(({ act }) => act)).toEqual(['open', 'recover']);
  });

  test('and before anybody looked, is there: nobody hears of it, and it is used up', () => {
    const stage = createTimedStage([nightly({ from: null })]);
    stage.passUntil(march(3, '06:00') + 20_000);
    stage.take({ state: 'completed' });
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toEqual([]);
    stage.passUntil(march(4, '12:00'));
    expect(stage.told()).toHaveLength(1);
  });

  test('is not an old event that comes late', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(3, '07:00'));
    stage.take({ state: 'completed', at: march(2, '12:00') });
    expect(stage.told()).toHaveLength(1);
    expect(stage.openIncidents()).toHaveLength(1);
  });
});

describe('a deadline', () => {
  test('is remembered over a restart, with what has happened for it', () => {
    const stage = createTimedStage([nightly({ datasets: ['1', '2'] })]);
    stage.passUntil(march(2, '21:00'));
    stage.take({ state: 'completed', dataset: 1 });
    stage.restartAt(march(3, '05:59'));
    stage.pass(2 * minute);
    expect(stage.told()).toMatchObject([{ text: 'Dataset 2: not seen completed yet' }]);
    stage.restartAt(march(3, '07:00'));
    stage.take({ state: 'completed', dataset: 2 });
    expect(stage.told().map(({ act }) => act)).toEqual(['open', 'recover']);
  });

  test('that passed while the relay was down is looked at once, late, which is said', () => {
    const stage = createTimedStage([nightly()]);
    stage.restartAt(march(3, '07:11'));
    stage.pass(29_999);
    expect(stage.told()).toEqual([]);
    stage.pass(31_000);
    expect(stage.told()).toHaveLength(1);
    expect(stage.told()[0]!.text!.split('\n')[0]).toBe(
      'Looked at 07:11, 1 h 11 min after the deadline: the relay was not running then and may not have heard of everything.',
    );
    stage.restartAt(march(3, '08:00'));
    stage.passUntil(march(3, '23:00'));
    expect(stage.told()).toHaveLength(1);
  });

  test('that passed while the relay was down is met by what comes behind the outage', () => {
    const stage = createTimedStage([nightly()]);
    stage.restartAt(march(3, '07:11'));
    stage.pass(10_000);
    stage.take({ state: 'completed', at: march(3, '05:00') });
    stage.passUntil(march(3, '23:00'));
    expect(stage.told()).toEqual([]);
  });

  test('is the only one told of several that passed: the last', () => {
    const stage = createTimedStage([nightly()]);
    stage.restartAt(march(6, '09:00'));
    stage.pass(10_000);
    stage.take({ state: 'completed', at: march(4, '05:00') });
    stage.pass(hour);
    expect(stage.told()).toMatchObject([{ fields: [{ value: 'Thu 5 Mar 20:00 – Fri 6 Mar 06:00 (UTC)' }] }]);
    expect(stage.told()[0]!.text).toContain('Earlier deadlines passed unseen as well.\nLast completed Wed 4 Mar 05:00');
  });

  test('of several that passed is met by what came in its own window, whatever was missing before', () => {
    const stage = createTimedStage([nightly({ from: null })]);
    stage.passUntil(march(3, '12:00'));
    stage.restartAt(march(6, '09:00'));
    stage.pass(10_000);
    stage.take({ state: 'completed', at: march(6, '05:00') });
    stage.pass(hour);
    expect(stage.told().map(({ act }) => act)).toEqual(['open', 'recover']);
  });

  test('is looked at once though the clock is set back over it', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(3, '06:01'));
    stage.setClock(march(3, '05:30'));
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toHaveLength(1);
  });

  test('is not out of sight when a clock that was years ahead is put right', () => {
    const stage = createTimedStage([nightly()]);
    stage.restartAt(Date.UTC(2031, 2, 2));
    stage.pass(hour);
    const before = stage.told().length;
    stage.setClock(march(2, '12:00'));
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toHaveLength(before + 1);
  });
});

describe('a rule', () => {
  test('that is new begins with the window under way, unless more than half of it is over', () => {
    const early = createTimedStage([nightly()], { startAt: march(3, '00:59') });
    early.passUntil(march(3, '12:00'));
    expect(early.told()).toHaveLength(1);
    const late = createTimedStage([nightly()], { startAt: march(3, '01:01') });
    late.passUntil(march(3, '12:00'));
    expect(late.told()).toEqual([]);
    late.passUntil(march(4, '12:00'));
    expect(late.told()).toHaveLength(1);
  });

  test('that is read again unchanged keeps what has happened', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(2, '21:00'));
    stage.take({ state: 'completed' });
    stage.reload([nightly()]);
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toEqual([]);
  });

  test('with another deadline goes by that one, and still knows what has happened', () => {
    const stage = createTimedStage([nightly()]);
    stage.passUntil(march(2, '21:00'));
    stage.take({ state: 'completed' });
    stage.reload([nightly({ by: '07:00' })]);
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toEqual([]);
    stage.passUntil(march(4, '07:00') + looked - 1);
    expect(stage.told()).toEqual([]);
    stage.pass(1);
    expect(stage.titles()).toEqual(['Not completed by 07:00 (UTC): nightly']);
  });

  test('that is gone expects nothing, and what stood alarmed is closed', () => {
    const stage = createTimedStage([nightly({}, { to: ['oncall'] })]);
    stage.passUntil(march(3, '12:00'));
    stage.reload([]);
    expect(stage.told().map(({ to, act }) => `${to} ${act}`)).toEqual(['oncall open', 'oncall recover']);
    expect(stage.openIncidents()).toEqual([]);
    stage.passUntil(march(5, '12:00'));
    expect(stage.told()).toHaveLength(2);
  });

  test('that sends elsewhere by now still ends its incident where it was told', () => {
    const stage = createTimedStage([nightly({}, { to: ['oncall'] })]);
    stage.passUntil(march(3, '07:00'));
    stage.reload([nightly({}, { to: ['chat'] })]);
    stage.take({ state: 'completed' });
    expect(stage.told().map(({ to, act }) => `${to} ${act}`)).toEqual(['oncall open', 'oncall recover']);
  });
});
