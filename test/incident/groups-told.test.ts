import { describe, expect, test } from 'vitest';
import { maxNoticeText } from '../../src/destination/destination.ts';
import { escapedLength } from '../../src/destination/text.ts';
import { deliveryId, eventId } from '../../src/event/id.ts';
import { createStage, groupRule, minute, second, type Stage } from './groups-stage.ts';

const recovering = (sketch: Parameters<typeof groupRule>[0] = {}) => groupRule({ recover: true, ...sketch });
const lastTold = (stage: Stage) => stage.told().at(-1)!;

describe('the message', () => {
  test('lists what failed as people know it, with what it said and how often', () => {
    const stage = createStage([groupRule({ by: ['job.type'] })]);
    stage.fail(10744, { says: 'executor lost\nat line 3' });
    for (let i = 0; i < 3; i++) stage.fail(10745, { says: `out of memory ${i}` });
    stage.fail(10746);
    stage.pass(minute);
    expect(lastTold(stage)).toMatchObject({
      title: '5 failures of 3 subjects · materialize-view',
      subject: 'group/failures/materialize-view',
    });
    expect(lastTold(stage).text.split('\n')).toEqual([
      '• dataset 10744: executor lost',
      '• dataset 10745: out of memory 2 (3 times)',
      '• dataset 10746',
    ]);
  });

  test('shows the first ten, and counts the others', () => {
    const stage = createStage();
    stage.failAll(Array.from({ length: 42 }, (_, i) => i));
    stage.pass(minute);
    const lines = lastTold(stage).text.split('\n');
    expect(lastTold(stage).title).toBe('42 failures · rule failures');
    expect(lines.slice(0, 2)).toEqual([
      '• materialize-view · dataset 0: executor lost',
      '• materialize-view · dataset 1: executor lost',
    ]);
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe('and 32 more');
  });

  test('names what is new first, and marks what has recovered', () => {
    const stage = createStage([recovering()]);
    stage.failAll(Array.from({ length: 12 }, (_, i) => i));
    stage.pass(minute);
    for (const dataset of [0, 1, 2]) stage.complete(dataset);
    stage.fail(99);
    stage.pass(5 * minute);
    const lines = lastTold(stage).text.split('\n');
    expect(lastTold(stage)).toMatchObject({ act: 'remind', title: '1 more failure, 13 in 1 min · rule failures' });
    expect(lines[0]).toBe('• materialize-view · dataset 99');
    expect(lines[9]).toBe('• materialize-view · dataset 11: executor lost');
    expect(lines[10]).toBe('and 3 more, 3 of them recovered');
    stage.complete(3);
    for (const dataset of [4, 5, 6]) stage.complete(dataset);
    stage.pass(5 * minute);
    expect(lastTold(stage).act).toBe('count');
    expect(lastTold(stage).text).toContain('• materialize-view · dataset 0: executor lost — recovered');
  });

  test.each([
    ['9', 1_000],
    ['&', 1_000],
    ['<', 1_000],
    // Where the lines alone would leave no room for the last one.
    ['&', 46],
  ])('stays within what every destination shows, whatever the failures say (%s, %i times)', (character, length) => {
    const stage = createStage([recovering()]);
    for (let i = 0; i < 22; i++) {
      for (let n = 0; n < 2; n++) stage.fail(`${i}${character.repeat(300)}`, { says: character.repeat(length) });
    }
    stage.pass(minute);
    for (let i = 0; i < 12; i++) stage.complete(`${i}${character.repeat(300)}`);
    stage.pass(5 * minute);
    for (const { text } of stage.told()) {
      const lines = text.split('\n');
      const listed = lines.filter((line) => line.startsWith('• '));
      expect(escapedLength(text)).toBeLessThanOrEqual(maxNoticeText);
      expect(listed.length).toBeGreaterThanOrEqual(character === '9' ? 8 : 2);
      expect(lines.at(-1)).toMatch(new RegExp(`^and ${22 - listed.length} more(, 12 of them recovered)?$`));
    }
    expect(stage.told().map(({ act }) => act)).toEqual(['open', 'count']);
  });

  test('has the highest severity and the owners of all its members, each once and ten at most', () => {
    const stage = createStage();
    const owner = (i: number) => ({ mention: `<!subteam^S${i}>`, runbook: null });
    stage.fail(1, { usual: 'warning', owners: [owner(1), owner(2)] });
    stage.fail(2, { usual: 'critical', owners: [owner(2)] });
    stage.pass(minute);
    expect(lastTold(stage)).toMatchObject({ severity: 'critical', owners: [owner(1), owner(2)] });
    stage.fail(3, { owners: Array.from({ length: 12 }, (_, i) => owner(i + 10)) });
    stage.pass(5 * minute);
    expect(lastTold(stage).owners).toHaveLength(10);
  });

  test('goes to each destination once, with its own severity, and without the words that the rule has for one event', () => {
    const rule = groupRule({ to: ['chat', 'pager'] });
    const send = [rule.send[0]!, { ...rule.send[1]!, severity: 'critical' as const, message: { title: 'one broke' } }];
    const stage = createStage([{ ...rule, send }]);
    stage.failAll([1, 2]);
    stage.pass(minute);
    expect(stage.told().map(({ to, severity }) => [to, severity])).toEqual([
      ['chat', 'error'],
      ['pager', 'critical'],
    ]);
    expect(
      stage.sql.query<{ spec: string }>('SELECT spec FROM deliveries').every(({ spec }) => !spec.includes('one broke')),
    ).toBe(true);
  });

  test('its end is good news, unless the rule says how severe', () => {
    const rule = recovering({ to: ['chat', 'pager'] });
    const stage = createStage([{ ...rule, send: [rule.send[0]!, { ...rule.send[1]!, severity: 'critical' }] }]);
    stage.failAll([1, 2]);
    stage.pass(minute);
    stage.complete(1);
    stage.complete(2);
    expect(stage.told().filter(({ act }) => act === 'recover')).toMatchObject([
      { to: 'chat', severity: 'info' },
      { to: 'pager', severity: 'critical' },
    ]);
  });
});

describe('the incident', () => {
  test('is one for the group, from the first failure to the last recovery', () => {
    const stage = createStage([recovering()]);
    const start = stage.now;
    stage.fail(1, { at: start - 10 * second });
    stage.fail(2);
    stage.pass(minute);
    const id = lastTold(stage).incident;
    expect(stage.incident(id)).toMatchObject({
      kind: 'group',
      openedAt: start - 10 * second,
      lastAt: start,
      failures: 2,
      endedAt: null,
    });
    stage.complete(1, { at: start + 5 * minute });
    const by = stage.complete(2, { at: start + 3 * minute });
    expect(stage.incident(id)).toMatchObject({ endedAt: start + 5 * minute, endedBy: by });
    expect(lastTold(stage).incident).toBe(id);
  });

  test('what was told alone is part of its subject’s own', () => {
    const stage = createStage([recovering()]);
    const seq = stage.fail(1);
    stage.pass(minute);
    expect(lastTold(stage)).toMatchObject({ subject: 'materialize-view/1', incident: seq, about: 'failed' });
    expect(stage.openGroups()).toEqual([]);
  });

  test('told alone in several groups, its end is one delivery of one rule', () => {
    const stage = createStage();
    for (let i = 0; i < 3; i++) {
      stage.fail(1);
      stage.pass(20 * minute);
    }
    stage.complete(1);
    expect(stage.told().filter(({ about }) => about === 'completed')).toMatchObject([{ rule: 'failures', merged: [] }]);
  });

  test('without `recover` it ends when the storm does', () => {
    const stage = createStage();
    stage.failAll([1, 2]);
    stage.pass(minute);
    stage.deliverAll();
    expect(stage.openGroups()).toEqual(['group/failures']);
    stage.pass(5 * minute);
    expect(stage.openGroups()).toEqual([]);
  });

  test('but not before its message is out, which would tell of a storm that is over', () => {
    const stage = createStage();
    stage.failAll([1, 2]);
    stage.pass(20 * minute);
    expect(stage.openGroups()).toEqual(['group/failures']);
    stage.deliverAll();
    stage.pass(5 * minute);
    expect(stage.openGroups()).toEqual([]);
  });

  test('two that are open at once have subjects of their own: the end of one must not resolve the other', () => {
    const stage = createStage([recovering({ to: ['pager'] })]);
    stage.failAll([1, 2]);
    stage.pass(20 * minute);
    stage.failAll([3, 4]);
    stage.pass(minute);
    const [first, second_] = stage.told();
    expect(first!.subject).toBe('group/failures');
    expect(second_!.subject).toBe(`group/failures/${eventId(second_!.incident!)}`);
    for (const dataset of [3, 4]) stage.complete(dataset);
    expect(lastTold(stage)).toMatchObject({ act: 'recover', subject: second_!.subject, incident: second_!.incident });
    expect(stage.openGroups()).toEqual(['group/failures']);
  });

  test('a recovery of what two groups told is the end of both', () => {
    const stage = createStage([recovering({ to: ['mail'] })]);
    stage.failAll([1, 2]);
    stage.pass(20 * minute);
    stage.failAll([3, 1]);
    stage.pass(minute);
    for (const dataset of [1, 2, 3]) stage.complete(dataset);
    expect(stage.openGroups()).toEqual([]);
    expect(stage.told().filter(({ act }) => act === 'recover')).toHaveLength(2);
  });
});

describe('the record', () => {
  const detailsOn = (stage: Stage, seq: number) =>
    stage.decisionsOn(seq).map(({ kind, until, detail }) => ({ kind, until, detail }));

  test('of a failure says until when it waits, and then where it was told', () => {
    const stage = createStage([groupRule({ by: ['job.type'] })]);
    const seq = stage.fail(1);
    stage.fail(2);
    const until = stage.now + 30 * second;
    const detail = 'grouped: told at 2026-03-02 09:12 UTC, together with what else fails (materialize-view)';
    expect(detailsOn(stage, seq)).toEqual([{ kind: 'grouped', until, detail }]);
    expect(stage.outcomeOf(seq)).toBe('routed');
    stage.pass(minute);
    const notice = stage.sql.query<{ seq: number }>('SELECT event_seq AS seq FROM deliveries')[0]!.seq;
    expect(detailsOn(stage, seq)).toEqual([
      { kind: 'grouped', until: null, detail: `grouped: told in ${deliveryId({ eventSeq: notice, n: 1 })}, with 1 more` },
    ]);
    expect(stage.outcomeOf(seq)).toBe('routed');
  });

  test('of one that was told alone is its delivery', () => {
    const stage = createStage();
    const seq = stage.fail(1);
    stage.pass(minute);
    expect(stage.decisionsOn(seq)).toEqual([]);
    expect(stage.sql.query('SELECT 1 FROM deliveries WHERE event_seq = ?', seq)).toHaveLength(1);
  });

  test('of one that a later failure stands for says so', () => {
    const stage = createStage();
    const seq = stage.fail(1);
    stage.fail(1);
    stage.pass(minute);
    expect(stage.decisionsOn(seq)).toMatchObject([
      { kind: 'grouped', detail: 'grouped: counted with a later failure of materialize-view/1' },
    ]);
  });

  test('of one that was over before it was told says that it was cancelled', () => {
    const stage = createStage();
    const seq = stage.fail(1);
    stage.fail(2);
    stage.complete(1);
    expect(stage.outcomeOf(seq)).toBe('suppressed');
    const detail = 'cancelled: materialize-view/1 completed at 2026-03-02 09:12 UTC, before its group was told';
    expect(detailsOn(stage, seq)).toEqual([{ kind: 'cancelled', until: null, detail }]);
  });

  test.each([1, 2])('of %i that a silence kept back and a group told says that they were told', (count) => {
    const stage = createStage();
    stage.silence(true);
    const [seq] = Array.from({ length: count }, (_, i) => stage.fail(i));
    stage.pass(minute);
    expect(stage.outcomeOf(seq!)).toBe('suppressed');
    stage.silence(false);
    stage.pass(minute);
    expect(stage.told()).toHaveLength(1);
    expect(stage.outcomeOf(seq!)).toBe('routed');
  });

  test('a group in which nothing was told leaves nothing', () => {
    const stage = createStage();
    stage.fail(1);
    stage.complete(1);
    expect([stage.count('groups'), stage.count('group_members')]).toEqual([0, 0]);
  });
});

describe('what an alert brings with it', () => {
  test('failures that it stands for are counted', () => {
    const stage = createStage();
    const rule = groupRule();
    const eventSeq = stage.fail(1);
    const member = {
      rule: rule.name,
      policy: rule.incident!,
      group: rule.incident!.group!,
      key: '[]',
      send: rule.send,
      subject: 'other',
    };
    const alert = { ...member, incident: eventSeq, eventSeq, act: 'open' as const, usual: 'error' as const, owners: [] };
    stage.sql.transaction(() => stage.groups.add({ ...alert, failures: 3 }, stage.now));
    stage.pass(minute);
    expect(lastTold(stage).title).toBe('4 failures of 2 subjects · rule failures');
    expect(lastTold(stage).text).toContain('other (3 times)');
  });
});

describe('forgetting', () => {
  const future = Number.MAX_SAFE_INTEGER;
  const forgetAll = (stage: Stage, before: number) => {
    for (let rounds = 0; rounds < 100; rounds++) if (stage.sql.transaction(() => stage.groups.forget(before, 5)) < 5) return;
    throw new Error('there is always more to forget');
  };

  test('takes groups that are over, in steps, and leaves those that are young', () => {
    const stage = createStage();
    stage.failAll(Array.from({ length: 12 }, (_, i) => i));
    stage.pass(minute);
    stage.deliverAll();
    stage.pass(20 * minute);
    for (let i = 0; i < 12; i++) stage.complete(i);
    forgetAll(stage, stage.now - 60 * minute);
    expect(stage.count('group_members')).toBe(12);
    forgetAll(stage, future);
    expect([stage.count('groups'), stage.count('group_members')]).toEqual([0, 0]);
  });

  test('leaves what may still be told, and lets go of it when its subjects are forgotten', () => {
    const stage = createStage([recovering()]);
    stage.failAll([1, 2]);
    stage.pass(20 * minute);
    stage.complete(1);
    stage.pass(20 * minute);
    forgetAll(stage, future);
    expect([stage.count('groups'), stage.count('group_members')]).toEqual([1, 2]);
    stage.sql.query('DELETE FROM subjects');
    forgetAll(stage, future);
    expect([stage.count('groups'), stage.count('group_members')]).toEqual([0, 0]);
    expect(stage.openGroups()).toEqual([]);
  });
});
