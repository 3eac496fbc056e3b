import { describe, expect, test } from 'vitest';
import { createDecisionStore } from '../../src/store/decisions.ts';
import { createTimedStage, hour, minute, timedRule } from './timed-stage.ts';

const everyDay = [1, 2, 3, 4, 5, 6, 7];
const morning = (at = '08:30', days = everyDay, timezone = 'UTC') => timedRule('morning', { kind: 'digest', at, timezone, days });
const march = (day: number, time: string) => Date.parse(`2026-03-${String(day).padStart(2, '0')}T${time}:00Z`);

describe('a digest', () => {
  test('tells at its time what came since the last one', () => {
    const stage = createTimedStage([morning()]);
    stage.passUntil(march(3, '08:30'));
    stage.take({ state: 'completed', dataset: 1, durationS: 60 });
    stage.take({ state: 'completed', dataset: 10736, durationS: 4320 });
    stage.take({ state: 'failed', dataset: 2, durationS: 20 });
    stage.take({ state: 'cancelled' });
    for (let i = 0; i < 10; i++) stage.take({ state: 'completed', type: 'datasets_deliver_data', durationS: 10 + i });
    stage.take({ state: 'completed', type: 'forecast', dataset: 7, durationS: 300 });
    stage.passUntil(march(4, '08:30') - 1);
    expect(stage.told()).toEqual([]);
    stage.pass(1);
    expect(stage.told()).toMatchObject([
      {
        to: 'chat',
        subject: 'digest/morning',
        rule: 'morning',
        act: null,
        incident: null,
        severity: 'info',
        about: null,
        title: 'Digest: 13 completed, 1 failed, 1 cancelled since yesterday 08:30',
      },
    ]);
    expect(stage.told()[0]!.text).toBe(
      [
        '10 datasets_deliver_data · mean 15 s, longest 19 s',
        '\u20074 materialize-view, 1 failed · mean 18 min 20 s, longest 1 h 12 min',
        '\u20071 forecast · 5 min',
        '',
        'Slowest:',
        '1 h 12 min – materialize-view, dataset 10736',
        '5 min – forecast, dataset 7',
        '1 min – materialize-view, dataset 1',
      ].join('\n'),
    );
  });

  test('tells nothing where nothing was collected, and each event once', () => {
    const stage = createTimedStage([morning()]);
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()).toEqual([]);
    stage.take({ state: 'completed' });
    stage.passUntil(march(6, '12:00'));
    expect(stage.titles()).toEqual(['Digest: 1 completed since yesterday 08:30']);
  });

  test('on weekdays tells on Monday what came since Friday', () => {
    const stage = createTimedStage([morning('08:30', [1, 2, 3, 4, 5])], { startAt: march(6, '08:00') });
    stage.passUntil(march(7, '12:00'));
    stage.take({ state: 'completed' });
    stage.passUntil(march(9, '12:00'));
    expect(stage.titles()).toEqual(['Digest: 1 completed since Fri 08:30']);
  });

  test('comes at the time of day of its zone, when clocks are changed too', () => {
    const stage = createTimedStage([morning('08:30', everyDay, 'Europe/Berlin')], { startAt: march(27, '12:00') });
    stage.take({ state: 'completed' });
    stage.passUntil(march(28, '07:30'));
    expect(stage.told()).toHaveLength(1);
    stage.take({ state: 'completed' });
    stage.passUntil(march(29, '06:30') - 1);
    expect(stage.told()).toHaveLength(1);
    stage.pass(1);
    expect(stage.told()).toHaveLength(2);
  });

  test('counts the job types beyond the tenth', () => {
    const stage = createTimedStage([morning()]);
    for (let i = 0; i < 13; i++) stage.take({ state: 'completed', type: `type-${i}` });
    stage.passUntil(march(3, '12:00'));
    expect(stage.told()[0]!.text!.split('\n').slice(10, 11)).toEqual(['… and 3 more job types']);
  });

  test('leaves with each event why it was not sent', () => {
    const stage = createTimedStage([morning()]);
    stage.take({ state: 'completed' });
    const { seq } = stage.sql.query<{ seq: number }>('SELECT seq FROM events')[0]!;
    expect(createDecisionStore(stage.sql).of(seq)).toEqual([
      { rule: 'morning', kind: 'collected', until: null, detail: 'collected, told in the digest at 08:30 (UTC)' },
    ]);
  });

  test('of ten thousand events is told whole, and its entries are gone', () => {
    const stage = createTimedStage([morning()]);
    stage.sql.query(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
       INSERT INTO collected SELECT 'morning', i, 'type-' || (i % 9), iif(i % 100 = 0, 'failed', 'completed'), i, i / 7.0 FROM n`,
    );
    stage.passUntil(march(3, '12:00'));
    expect(stage.titles()).toEqual(['Digest: 9900 completed, 100 failed since yesterday 09:00']);
    expect(stage.sql.query('SELECT * FROM collected')).toEqual([]);
  });
});

describe('over a restart', () => {
  test('what was collected is kept', () => {
    const stage = createTimedStage([morning()]);
    stage.take({ state: 'completed' });
    stage.restartAt(march(3, '08:00'));
    stage.take({ state: 'completed' });
    stage.pass(hour);
    expect(stage.titles()).toEqual(['Digest: 2 completed since yesterday 09:00']);
  });

  test('a digest whose time has passed is told once', () => {
    const stage = createTimedStage([morning()]);
    stage.take({ state: 'completed' });
    stage.restartAt(march(5, '12:00'));
    stage.pass(minute);
    stage.restartAt(march(5, '13:00'));
    stage.passUntil(march(7, '12:00'));
    expect(stage.titles()).toEqual(['Digest: 1 completed since Mon 09:00']);
  });

  test('a digest is not out of sight when a clock that was years ahead is put right', () => {
    const stage = createTimedStage([morning()]);
    stage.restartAt(Date.UTC(2031, 2, 2));
    stage.setClock(march(2, '12:00'));
    stage.take({ state: 'completed' });
    stage.passUntil(march(3, '12:00'));
    expect(stage.titles()).toEqual(['Digest: 1 completed since yesterday 12:00']);
  });
});

describe('a rule', () => {
  test('with another time of day tells what it had collected at the new one', () => {
    const stage = createTimedStage([morning()]);
    stage.take({ state: 'completed' });
    stage.reload([morning('18:00')]);
    stage.passUntil(march(2, '18:00'));
    expect(stage.titles()).toEqual(['Digest: 1 completed since 09:00']);
  });

  test('that comes back within a day finds what it had collected', () => {
    const stage = createTimedStage([morning()]);
    stage.take({ state: 'completed' });
    stage.reload([]);
    stage.passUntil(march(3, '08:59'));
    expect(stage.told()).toEqual([]);
    stage.reload([morning()]);
    stage.passUntil(march(4, '12:00'));
    expect(stage.titles()).toEqual(['Digest: 1 completed since Mon 09:00']);
  });

  test('that is gone for longer loses it', () => {
    const stage = createTimedStage([morning()]);
    stage.take({ state: 'completed' });
    stage.reload([]);
    stage.restartAt(march(3, '08:00'));
    stage.passUntil(march(3, '09:00'));
    expect(stage.sql.query('SELECT * FROM collected')).toEqual([]);
    expect(stage.sql.query('SELECT * FROM ticks')).toEqual([]);
  });

  test('that expects something now, under the same name, is another rule', () => {
    const stage = createTimedStage([morning()]);
    stage.take({ state: 'completed' });
    const trigger = {
      kind: 'expect',
      state: 'completed',
      by: '06:00',
      from: null,
      datasets: null,
      timezone: 'UTC',
      days: everyDay,
    } as const;
    stage.reload([timedRule('morning', trigger)]);
    stage.passUntil(march(3, '12:00'));
    expect(stage.titles()).toEqual(['Not completed by 06:00 (UTC): morning']);
    expect(stage.sql.query('SELECT * FROM collected')).toEqual([]);
  });
});
