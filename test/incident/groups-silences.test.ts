/** A silence that comes when a group has told, and its message is still on its way out. */
import { describe, expect, test } from 'vitest';
import { createStage, groupRule, minute, type RuleSketch, type Stage } from './groups-stage.ts';

/** One failure, told alone a minute ago; its messages to these are caught by a silence that has just begun. */
function caught(where: string[], sketch: RuleSketch = {}): Stage {
  const stage = createStage([groupRule({ recover: true, ...sketch })]);
  stage.fail(1);
  stage.pass(minute);
  stage.silence(true);
  for (const to of where) stage.catchOnItsWay(to);
  return stage;
}

describe('what was told alone, and kept back on its way out', () => {
  test('is over before the silence is: nobody hears of it, not even that it is over', () => {
    const stage = caught(['chat']);
    expect(stage.said()).toEqual([]);
    stage.complete(1);
    stage.silence(false);
    stage.pass(20 * minute);
    expect(stage.said()).toEqual([]);
    expect([stage.count('groups'), stage.count('group_members')]).toEqual([0, 0]);
  });

  test('is told when the silence ends, as the first message, and so is its end', () => {
    const stage = caught(['chat']);
    stage.silence(false);
    stage.pass(minute);
    stage.complete(1);
    expect(stage.said()).toEqual([
      '90 s chat open: materialize-view/1 failed',
      '120 s chat recover: materialize-view/1 completed',
    ]);
  });

  test('is told then together with what else fails, and counts as often as it failed', () => {
    const stage = createStage([groupRule({ recover: true })]);
    stage.fail(1);
    stage.fail(1);
    stage.pass(minute);
    stage.silence(true);
    stage.catchOnItsWay('chat');
    stage.silence(false);
    stage.fail(2);
    stage.pass(minute);
    stage.complete(1);
    stage.complete(2);
    expect(stage.told()).toMatchObject([
      { act: 'open', about: 'notice', title: expect.stringMatching(/^3 failures of 2 subjects/) },
      { act: 'recover', about: 'notice' },
    ]);
  });

  test('at one of several destinations: its end is told at the others', () => {
    const stage = caught(['chat'], { to: ['chat', 'mail', 'pager'] });
    stage.complete(1);
    expect(stage.said()).toEqual([
      '30 s mail open: materialize-view/1 failed',
      '30 s pager open: materialize-view/1 failed',
      '60 s mail recover: materialize-view/1 completed',
      '60 s pager recover: materialize-view/1 completed',
    ]);
  });

  test('at one of several destinations is told there when the silence ends, and its end everywhere, once', () => {
    const stage = caught(['chat'], { to: ['chat', 'mail'] });
    stage.silence(false);
    stage.pass(minute);
    stage.fail(1);
    stage.pass(minute);
    stage.complete(1);
    expect(stage.said()).toEqual([
      '30 s mail open: materialize-view/1 failed',
      '90 s chat open: materialize-view/1 failed',
      '150 s chat remind: materialize-view/1 failed',
      '150 s mail remind: materialize-view/1 failed',
      '180 s mail recover: materialize-view/1 completed',
      '180 s chat recover: materialize-view/1 completed',
    ]);
    expect(stage.told().every(({ merged }) => merged.length === 0)).toBe(true);
  });

  test('at all of several destinations goes to no one', () => {
    const stage = caught(['mail', 'chat'], { to: ['chat', 'mail'] });
    stage.complete(1);
    expect(stage.said()).toEqual([]);
  });

  test('which failed again meanwhile is news to all', () => {
    const stage = createStage([groupRule({ recover: true, to: ['chat', 'mail'] })]);
    stage.fail(1);
    stage.pass(minute);
    stage.fail(1);
    stage.silence(true);
    stage.catchOnItsWay('chat');
    stage.silence(false);
    stage.pass(6 * minute);
    expect(stage.said().slice(1)).toEqual([
      '90 s chat remind: materialize-view/1 failed',
      '90 s mail remind: materialize-view/1 failed',
    ]);
  });

  test('was a reminder: whoever had heard of the beginning hears of the end', () => {
    const stage = createStage([groupRule({ recover: true })]);
    stage.fail(1);
    stage.pass(minute);
    stage.deliverAll();
    stage.fail(1);
    stage.pass(5 * minute);
    stage.silence(true);
    stage.catchOnItsWay('chat');
    stage.complete(1);
    expect(stage.said()).toEqual([
      '30 s chat open: materialize-view/1 failed',
      '360 s chat recover: materialize-view/1 completed',
    ]);
  });

  test('while another has joined it, and both were told together: the group tells the end', () => {
    const stage = createStage([groupRule({ recover: true })]);
    stage.fail(1);
    stage.pass(minute);
    stage.fail(2);
    stage.pass(5 * minute);
    stage.silence(true);
    stage.catchOnItsWay('chat');
    stage.complete(2);
    expect(stage.told().map(({ act, about }) => `${act} ${about}`)).toEqual(['open notice']);
    stage.complete(1);
    expect(stage.told().map(({ act, about }) => `${act} ${about}`)).toEqual(['open notice', 'recover notice']);
  });
});
