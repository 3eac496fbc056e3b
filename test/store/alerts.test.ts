import { beforeEach, describe, expect, test } from 'vitest';
import { createAlertStore, type Alert, type AlertStore } from '../../src/store/alerts.ts';
import { migrate } from '../../src/store/migrations.ts';
import { openMemorySql } from './memory-sql.ts';

let alerts: AlertStore;

beforeEach(() => {
  const sql = openMemorySql();
  migrate(sql);
  alerts = createAlertStore(sql);
});

const alert = (changes: Partial<Alert> = {}): Alert => ({
  subject: 's',
  rule: 'r',
  incident: 7,
  phase: 'told',
  dueAt: null,
  armedAt: 0,
  editAt: null,
  editedAt: null,
  toldAt: null,
  toldHere: false,
  untold: 0,
  eventSeq: 7,
  silence: null,
  spec: { policy: null, send: [], usual: 'error', owners: [], groupKey: null },
  ...changes,
});
const send = {
  to: 'chat',
  severity: null,
  change: false,
  broadcast: true,
  message: { title: 't' },
} as Alert['spec']['send'][number];
const full = alert({
  phase: 'silenced',
  dueAt: 500,
  armedAt: 400,
  editAt: 450,
  editedAt: 300,
  toldAt: 200,
  toldHere: true,
  untold: 3,
  eventSeq: 12,
  silence: 'night',
  spec: {
    policy: { holdMs: 1, repeatMs: null, recover: true, group: { by: ['job.type'], waitMs: 1, everyMs: 2 } },
    send: [send],
    usual: 'critical',
    owners: [{ mention: '<!here>', runbook: null }],
    groupKey: '["x"]',
    told: [send],
  },
});

test('comes back as it was put, and a later state takes its place', () => {
  alerts.put(alert());
  expect(alerts.find('s', 'r')).toEqual(alert());
  alerts.put(full);
  expect(alerts.of('s')).toEqual([full]);
  alerts.remove('s', 'r');
  expect(alerts.find('s', 'r')).toBeNull();
});

test('is one for each rule and subject, and those of a subject come by the names of their rules', () => {
  for (const [subject, rule] of [
    ['s', 'b'],
    ['s', 'a'],
    ['t', 'a'],
  ] as const)
    alerts.put(alert({ subject, rule }));
  expect(alerts.of('s').map(({ rule }) => rule)).toEqual(['a', 'b']);
  alerts.remove('s', 'a');
  expect([alerts.of('s').length, alerts.of('t').length]).toEqual([1, 1]);
});

describe('what is due', () => {
  beforeEach(() => {
    alerts.put(alert({ rule: 'late', dueAt: 300 }));
    alerts.put(alert({ rule: 'early', dueAt: 100 }));
    alerts.put(alert({ rule: 'never' }));
    alerts.put(alert({ rule: 'edited', editAt: 50 }));
  });

  test('comes when its time has come, the longest due first, so many at a time', () => {
    const names = (found: Alert[]) => found.map(({ rule }) => rule);
    expect([
      names(alerts.due(99, 10)),
      names(alerts.due(100, 10)),
      names(alerts.due(300, 10)),
      names(alerts.due(300, 1)),
    ]).toEqual([[], ['early'], ['early', 'late'], ['early']]);
    expect([names(alerts.dueEdits(49, 10)), names(alerts.dueEdits(50, 10)), names(alerts.dueEdits(50, 0))]).toEqual([
      [],
      ['edited'],
      [],
    ]);
  });

  test('is next when the first of both is', () => {
    expect(alerts.nextAt()).toBe(50);
    alerts.remove('s', 'edited');
    expect(alerts.nextAt()).toBe(100);
    for (const rule of ['early', 'late']) alerts.remove('s', rule);
    expect(alerts.nextAt()).toBeNull();
  });
});

describe('after the clock was set back', () => {
  test('what was to come in ten minutes still does, and what was armed before by this clock stays', () => {
    alerts.put(alert({ rule: 'ahead', dueAt: 10_600, armedAt: 10_000, editAt: 10_100 }));
    alerts.put(alert({ rule: 'right', dueAt: 10_600, armedAt: 900 }));
    alerts.rearm(1_000);
    expect(alerts.find('s', 'ahead')).toMatchObject({ dueAt: 1_600, armedAt: 1_000, editAt: 1_000 });
    expect(alerts.find('s', 'right')).toMatchObject({ dueAt: 10_600, armedAt: 900 });
    alerts.rearm(1_000);
    expect(alerts.find('s', 'ahead')).toMatchObject({ dueAt: 1_600, armedAt: 1_000 });
  });

  test('nobody was told in the future', () => {
    alerts.put(alert({ rule: 'ahead', toldAt: 10_000 }));
    alerts.put(alert({ rule: 'right', toldAt: 900 }));
    alerts.rearm(1_000);
    expect(alerts.of('s').map(({ toldAt }) => toldAt)).toEqual([1_000, 900]);
  });
});

test('a look at silences makes what is silenced due, and nothing else', () => {
  alerts.put(alert({ rule: 'held', phase: 'held', dueAt: 900 }));
  alerts.put(alert({ rule: 'silenced', phase: 'silenced', dueAt: null }));
  alerts.put(alert({ rule: 'told' }));
  alerts.reviewSilenced(100);
  expect(alerts.due(100, 10).map(({ rule }) => rule)).toEqual(['silenced']);
});
