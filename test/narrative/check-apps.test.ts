import { describe, expect, test } from 'vitest';
import { appEvents, type ArrivingApp } from '../../src/narrative/check-apps.ts';
import { loadRules } from '../../src/rules/load.ts';

function told(rules: string, arriving: ArrivingApp[]) {
  const text = `version: 1\nsubscriptions: { eu: { secrets: [{ env: A }] }, us: { secrets: [{ env: B }] } }\n${rules}`;
  const loaded = loadRules([{ path: 'rules/a.yaml', text }], () => 'obviously-fake');
  if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
  return appEvents(loaded.rules.demands(), arriving, 2);
}

const facebook = (by: string | null): ArrivingApp => ({ id: '8', by });
const rule = (match: string) => `rules: [{ name: a, match: ${match} }]`;

describe('events of connectors', () => {
  test('that a rule names need a subscription for the app', () => {
    expect(told(rule('{ app_ids: [8, 11] }'), [facebook('eu')])).toMatchObject({
      verdict: 'warning',
      detail: 'rules match events of app 11, and no subscription for it delivers here',
    });
    expect(told(rule('{ app_ids: [8] }'), [facebook('eu')])).toMatchObject({ verdict: 'ok', detail: 'of app 8' });
  });

  test('have to come by the subscription that the rule is bound to', () => {
    const bound = rule('{ app_ids: [8], subscriptions: [eu] }');
    expect(told(bound, [facebook('us')])).toMatchObject({
      verdict: 'warning',
      detail: 'rules match events of app 8, and no subscription for it delivers to eu',
    });
    expect(told(bound, [facebook('eu')])?.verdict).toBe('ok');
    expect(told(bound, [facebook(null)])?.verdict).toBe('ok');
  });

  test('that a rule is about need a subscription for some app', () => {
    expect(told(rule('{ kind: app }'), [])).toMatchObject({
      verdict: 'warning',
      detail: expect.stringContaining('of connectors') as string,
    });
    expect(told(rule('{ kind: app }'), [facebook('us')])?.verdict).toBe('ok');
  });

  test('that are matched only by the way need none', () => {
    expect(told(rule('{ states: [failed] }'), [])?.verdict).toBe('skipped');
    expect(told(rule('{ states: [failed] }'), [facebook('us')])?.verdict).toBe('ok');
    expect(told('unmatched: { send: [{ to: console }] }', [])?.verdict).toBe('skipped');
  });

  test('that one rule names are missed, whatever others match by the way', () => {
    const both = 'rules: [{ name: a, match: { app_ids: [8] } }, { name: b, match: { states: [failed] } }]';
    expect(told(both, [{ id: '11', by: 'eu' }])).toMatchObject({
      verdict: 'warning',
      detail: expect.stringContaining('of app 8,') as string,
    });
  });

  test('that no rule matches are nobody’s concern', () => expect(told(rule('{ kind: job }'), [])).toBeNull());
});
