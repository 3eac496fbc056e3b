import { describe, expect, test } from 'vitest';
import { loadRules } from '../../src/rules/load.ts';
import { parseMatch } from '../../src/rules/match-text.ts';
import { candidateOf, firstMismatch, type Matcher } from '../../src/rules/matcher.ts';
import { anySecret, appEvent, head, jobEvent, lineOf, problemsOf, relayEventFor, rulesOf, warningsOf } from './support.ts';

const matches = (matcher: Matcher, event: ReturnType<typeof jobEvent>) => firstMismatch(matcher, candidateOf(event)) === null;

describe('mutes', () => {
  test('are in the rule set with their times, from all files', () => {
    const files = [
      { path: 'b.yaml', text: 'version: 1\nmutes: [{ name: b, match: {}, from: "2026-03-01 18:00", reason: moving }]\n' },
      {
        path: 'a.yaml',
        text: `${head}mutes: [{ name: a, match: { job_types: ["models_*"] }, until: 2026-03-01T18:00+01:00, reason: " upgrade ", author: Platform }]\n`,
      },
    ];
    const loaded = loadRules(files, anySecret);
    if (!loaded.ok) throw new Error(loaded.problems.map(lineOf).join('\n'));
    const [first, second] = loaded.rules.mutes;
    expect(first).toMatchObject({
      name: 'a',
      fromMs: null,
      untilMs: Date.UTC(2026, 2, 1, 17),
      reason: 'upgrade',
      author: 'Platform',
    });
    expect(second).toMatchObject({ name: 'b', fromMs: Date.UTC(2026, 2, 1, 18), untilMs: null, author: null });
    expect(matches(first!.matcher, jobEvent({ type: 'models_x' }))).toBe(true);
    expect(matches(first!.matcher, jobEvent())).toBe(false);
    expect(matches(second!.matcher, appEvent())).toBe(true);
    expect(matches(second!.matcher, relayEventFor())).toBe(false);
  });

  test.each([
    ['{ name: a, match: {}, reason: x }', 'needs from, until or both'],
    ['{ name: a, match: {}, from: 2026-03-02T00:00Z, until: 2026-03-01T00:00Z, reason: x }', 'until: is not after from'],
    ['{ name: a, match: {}, from: 2026-03-01T00:00Z, until: 2026-03-01T00:00Z, reason: x }', 'until: is not after from'],
    ['{ name: a, match: {}, until: 2026-03-01, reason: x }', 'until: is no date and time'],
    ['{ name: a, match: {}, until: 2026-02-31T00:00Z, reason: x }', 'until: is no date and time'],
    ['{ name: a, match: {}, until: tomorrow, reason: x }', 'until: is no date and time'],
    ['{ name: a, match: {}, until: 20260301, reason: x }', 'until: must be a date and time'],
    ['{ name: a, match: {}, until: 2026-03-01T00:00Z }', 'reason: is missing'],
    ['{ name: a, match: {}, until: 2026-03-01T00:00Z, reason: " " }', 'reason: is empty'],
    ['{ name: a, until: 2026-03-01T00:00Z, reason: x }', 'match: is missing'],
    ['{ name: sil_1, match: {}, until: 2026-03-01T00:00Z, reason: x }', 'are those of silences made at run time'],
    ['{ name: a, match: { stats: [x] }, until: 2026-03-01T00:00Z, reason: x }', 'unknown key "stats" in mutes[0].match'],
  ])('%s is refused', (written, message) => {
    expect(problemsOf(`mutes: [${written}]`)).toEqual([expect.stringContaining(message)]);
  });

  test('have names of their own, and watch, incidents and mutes are defined once over all files', () => {
    const mute = '{ name: a, match: {}, until: 2026-03-01T00:00Z, reason: x }';
    const loaded = loadRules(
      [
        {
          path: 'a.yaml',
          text: `${head}mutes: [${mute}, ${mute}]\nwatch: {}\ndefaults: { incidents: {} }\nrules: [{ name: a }]\n`,
        },
        { path: 'b.yaml', text: `version: 1\nmutes: [${mute}]\nwatch: {}\ndefaults: { incidents: {} }\n` },
      ],
      anySecret,
    );
    expect(loaded.ok ? [] : loaded.problems.map(({ file, message }) => `${file} ${message}`)).toEqual([
      'a.yaml mute "a" is defined twice, first at a.yaml:3:17',
      'b.yaml mute "a" is defined twice, first at a.yaml:3:17',
      'b.yaml watch is defined twice, first at a.yaml:4:1',
      'b.yaml defaults.incidents is defined twice, first at a.yaml:5:13',
    ]);
  });

  test('that are over are worth a warning, where the time is known', () => {
    const body = `rules: [{ name: r }]
mutes:
  - { name: over, match: {}, until: 2026-03-01T00:00Z, reason: x }
  - { name: on, match: {}, until: 2026-03-01T00:01Z, reason: x }
  - { name: endless, match: {}, from: 2026-03-01T00:00Z, reason: x }
`;
    expect(warningsOf(body, Date.UTC(2026, 2, 1))).toEqual(['5:37 mute "over" is over since 2026-03-01T00:00Z']);
    expect(warningsOf(body)).toEqual([]);
  });

  test('warn of likely slips in what they match, as rules do', () => {
    expect(
      warningsOf(
        'rules: [{ name: r }]\nmutes: [{ name: a, match: { states: [faild] }, from: 2026-03-01T00:00Z, reason: x }]\nowners: [{ match: { job_types: [cost] }, mention: <!here> }]\n',
      ),
    ).toEqual(['4:38 Narrative documents no state "faild"', '5:33 Narrative documents no job type "cost"']);
  });
});

describe('a match that comes at run time', () => {
  test('is read as in the files, ids beyond 2^53 too, and can be kept as JSON', () => {
    const read = parseMatch({ states: ['failed'], dataset_ids: [1724919539450264600n, 7], not: { when: 'job.type == "costs"' } });
    if (!read.ok) throw new Error(read.problems.join('\n'));
    expect(JSON.parse(JSON.stringify(read.match))).toEqual({
      states: ['failed'],
      dataset_ids: ['1724919539450264600', 7],
      not: { when: 'job.type == "costs"' },
    });
    const again = parseMatch(JSON.parse(JSON.stringify(read.match)));
    for (const { matcher } of [read, again.ok ? again : read]) {
      expect(matches(matcher, jobEvent({ input: { dataset_id: 1724919539450264600n } }))).toBe(true);
      expect(matches(matcher, jobEvent({ type: 'costs', input: { dataset_id: 7 } }))).toBe(false);
    }
    expect(rulesOf('rules: []').mutes).toEqual([]);
  });

  test.each([
    [{ stats: ['failed'] }, ['unknown key "stats" (did you mean "states"?)']],
    [{ not: { stats: ['failed'] } }, ['unknown key "stats" in not (did you mean "states"?)']],
    [{ not: {} }, ['not: has no condition, so it excludes every event (name what it excludes, or leave not out)']],
    [{ states: [] }, ['states: an empty list matches nothing (leave the key out to match everything)']],
    [{ kind: 'jobs' }, ['kind: "jobs" is none of job, app, relay (did you mean "job"?)']],
    [{ when: 'job.tpye == "x"' }, ['when: job has no "tpye" (did you mean "type"?)']],
    ['failed', ['must be a mapping (key: value), not text']],
    [null, ['must be a mapping (key: value), not empty']],
  ])('%j is refused with what to do', (json, problems) => {
    expect(parseMatch(json)).toEqual({ ok: false, problems });
  });
});
