/** Silences and mutes on a real store, with a clock that a test sets. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createSilences, type NewSilence } from '../../src/incident/silences.ts';
import type { Log, Sql } from '../../src/ports.ts';
import type { Matcher } from '../../src/rules/matcher.ts';
import { parseMatch } from '../../src/rules/match-text.ts';
import type { Routable } from '../../src/rules/plan.ts';
import type { Mute } from '../../src/rules/rule-set.ts';
import { migrate } from '../../src/store/migrations.ts';
import { createSilenceStore } from '../../src/store/silences.ts';
import { jobEvent } from '../rules/support.ts';
import { openMemorySql } from '../store/memory-sql.ts';

const start = Date.parse('2026-03-02T09:00:00Z');
const minute = 60_000;

let sql: Sql;
let now: number;
let mutes: readonly Mute[];
let happened: string[];
let errors: object[];

const clock = { now: () => now };
const log: Log = { debug() {}, info() {}, warn() {}, error: (fields) => void errors.push(fields) };

beforeEach(() => {
  sql = openMemorySql();
  migrate(sql);
  now = start;
  mutes = [];
  happened = [];
  errors = [];
});

/** As after a restart: all that it knows is in the store. */
function open(onChange = (_now: number) => void happened.push('looked again')) {
  return createSilences({ sql, clock, log, mutes: () => mutes, onChange, wake: () => void happened.push('woken') });
}

const of10736 = { dataset_ids: ['10736'] };
const event = jobEvent({ input: { dataset_id: 10736 } });
const other = jobEvent({ input: { dataset_id: 999 } });

function silence(changes: Partial<NewSilence> = {}): NewSilence {
  return { match: of10736, fromMs: now, untilMs: now + 60 * minute, reason: 'backfill', author: 'alex', ...changes };
}

function mute(name: string, match: object, fromMs: number | null, untilMs: number | null): Mute {
  return { name, matcher: matcherOf(match), fromMs, untilMs, reason: 'known', author: null };
}

function matcherOf(match: object): Matcher {
  const parsed = parseMatch(match);
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return parsed.matcher;
}

const relayEvent: Routable = {
  subscription: 'relay',
  narrative: {
    kind: 'relay',
    type: 'relay.backlog',
    narrative_id: null,
    subscription_id: null,
    company_id: null,
    created_at: null,
    relay: { topic: 'backlog', state: 'failed', about: 'data-eng', detail: 'waits' },
  },
};

describe('what is covered', () => {
  test('what matches, and nothing else', () => {
    const silences = open();
    const { id, untilMs } = silences.add(silence(), now);
    expect(silences.covering(event, now)).toEqual({ name: id, untilMs });
    expect(silences.covering(other, now)).toBeNull();
  });

  test('from its beginning up to its end, which is no longer silent', () => {
    const silences = open();
    silences.add(silence({ fromMs: start + 10, untilMs: start + 20 }), now);
    const silent = [9, 10, 19, 20].map((ms) => silences.covering(event, start + ms) !== null);
    expect(silent).toEqual([false, true, true, false]);
  });

  test('by whichever lasts longest, whether it stands in the files or not', () => {
    mutes = [mute('nightly', of10736, null, start + 30 * minute), mute('weekend', {}, start - minute, start + 90 * minute)];
    const silences = open();
    const short = silences.add(silence({ untilMs: start + 20 * minute }), now);
    expect(silences.covering(event, now)).toEqual({ name: 'weekend', untilMs: start + 90 * minute });
    const long = silences.add(silence({ untilMs: start + 120 * minute }), now);
    expect(silences.covering(event, now)).toEqual({ name: long.id, untilMs: long.untilMs });
    mutes = [...mutes, mute('broken-for-good', of10736, start - minute, null)];
    expect(silences.covering(event, now)).toEqual({ name: 'broken-for-good', untilMs: null });
    expect(short.id).toMatch(/^sil_/);
  });

  test('by the mutes of the rules that are in force, also after a reload', () => {
    const silences = open();
    expect(silences.covering(event, now)).toBeNull();
    mutes = [mute('nightly', of10736, null, start + minute)];
    expect(silences.covering(event, now)).toMatchObject({ name: 'nightly' });
    mutes = [];
    expect(silences.covering(event, now)).toBeNull();
  });

  test('not what the relay says about itself, unless it is asked for', () => {
    const silences = open();
    silences.add(silence({ match: {} }), now);
    expect(silences.covering(event, now)).not.toBeNull();
    expect(silences.covering(relayEvent, now)).toBeNull();
    const { id } = silences.add(silence({ match: { kind: 'relay' } }), now);
    expect(silences.covering(relayEvent, now)).toMatchObject({ name: id });
  });

  test('without a look at the match of what is not in its time', () => {
    const evaluate = () => {
      throw new Error('this was matched');
    };
    const matcher: Matcher = { kind: null, lists: [], when: { source: '', evaluate }, not: null };
    const base = { matcher, reason: 'r', author: null };
    mutes = [
      { ...base, name: 'over', fromMs: null, untilMs: start },
      { ...base, name: 'to-come', fromMs: start + 1, untilMs: null },
    ];
    expect(open().covering(event, start)).toBeNull();
    mutes = [{ ...base, name: 'in-time', fromMs: null, untilMs: null }];
    expect(() => open().covering(event, start)).toThrow('this was matched');
  });

  test('as a plain look at each of them would say', () => {
    const at = fc.integer({ min: -5, max: 10 });
    const entry = fc.record({ dataset: fc.constantFrom('10736', '999', '*'), from: at, length: fc.integer({ min: 1, max: 8 }) });
    const ended = fc.option(fc.nat({ max: 5 }), { nil: null });
    fc.assert(
      fc.property(fc.array(entry), fc.array(fc.tuple(entry, ended)), fc.nat({ max: 12 }), (written, made, later) => {
        sql = openMemorySql();
        migrate(sql);
        now = start;
        mutes = written.map(({ dataset, from, length }, i) =>
          mute(`m${i}`, { dataset_ids: [dataset] }, start + from, start + from + length),
        );
        const silences = open();
        const expected: { dataset: string; from: number; until: number }[] = written.map(({ dataset, from, length }) => ({
          dataset,
          from,
          until: from + length,
        }));
        for (const [{ dataset, from, length }, end] of made) {
          now = start;
          const begin = Math.max(0, from);
          const times = { fromMs: start + from, untilMs: start + begin + length };
          const { id } = silences.add(silence({ match: { dataset_ids: [dataset] }, ...times }), now);
          if (end !== null) {
            now = start + end;
            silences.expire(id, now);
          }
          expected.push({ dataset, from: begin, until: end === null ? begin + length : Math.min(end, begin + length) });
        }
        now = start + Math.max(later, 5);
        const inTime = expected.filter(
          ({ dataset, from, until }) => dataset !== '999' && from <= now - start && until > now - start,
        );
        const longest = inTime.length === 0 ? null : start + Math.max(...inTime.map(({ until }) => until));
        expect(silences.covering(event, now)?.untilMs ?? null).toBe(longest);
        // And the same after a restart.
        expect(open().covering(event, now)?.untilMs ?? null).toBe(longest);
      }),
    );
  });
});

describe('a silence', () => {
  test('is pending, then active, then over, and is listed so', () => {
    const silences = open();
    const { id } = silences.add(silence({ fromMs: start + 10, untilMs: start + 20 }), now);
    const states = [0, 10, 20].map((ms) => {
      now = start + ms;
      return [silences.find(id, now)?.state, silences.list({ all: false }, now).length, silences.list({ all: true }, now).length];
    });
    expect(states).toEqual([
      ['pending', 1, 1],
      ['active', 1, 1],
      ['expired', 0, 1],
    ]);
  });

  test('tells all that was said when it was made', () => {
    const silences = open();
    const made = silences.add(silence(), now);
    const all = { match: of10736, fromMs: start, untilMs: start + 60 * minute, reason: 'backfill', author: 'alex' };
    expect(made).toEqual({ id: made.id, state: 'active', createdMs: start, ...all });
    expect(silences.find(made.id, now)).toEqual(made);
  });

  test('does not claim to have begun before it was made', () => {
    expect(open().add(silence({ fromMs: start - minute }), now).fromMs).toBe(start);
  });

  test('survives a restart', () => {
    const { id } = open().add(silence(), now);
    expect(open().covering(event, now)).toMatchObject({ name: id });
  });

  test('is over at once when it is expired, and the time of that stays', () => {
    const silences = open();
    const { id } = silences.add(silence(), now);
    now += 5;
    expect(silences.expire(id, now)).toMatchObject({ id, state: 'expired', untilMs: start + 5 });
    expect(silences.covering(event, now)).toBeNull();
    now += 5;
    expect(silences.expire(id, now)).toMatchObject({ id, state: 'expired', untilMs: start + 5 });
    expect(open().covering(event, now)).toBeNull();
  });

  test('never begins when it is expired before', () => {
    const silences = open();
    const { id } = silences.add(silence({ fromMs: start + 10 }), now);
    expect(silences.expire(id, now)).toMatchObject({ state: 'expired' });
    expect(silences.covering(event, start + 10)).toBeNull();
  });

  test.each(['sil_00000000000', 'sil_short', 'evt_1M7ZPRB9M00', ''])('%j is none', (id) => {
    const silences = open();
    silences.add(silence(), now);
    expect([silences.find(id, now), silences.expire(id, now)]).toEqual([null, null]);
    expect(silences.covering(event, now)).not.toBeNull();
  });

  test('has an id of its own, whatever the clock does', () => {
    const ids = [1, 2, 3, 4].map(() => {
      now -= minute;
      return open().add(silence(), now).id;
    });
    expect(new Set(ids).size).toBe(4);
    expect(
      open()
        .list({ all: true }, now)
        .map(({ id }) => id),
    ).toEqual(ids.toReversed());
  });

  test('is forgotten some time after its end', () => {
    const silences = open();
    const old = silences.add(silence({ untilMs: start + 10 }), now);
    const later = silences.add(silence({ untilMs: start + 20 }), now);
    now = start + 100;
    expect(silences.forget(start + 20)).toBe(1);
    expect([silences.find(old.id, now), silences.find(later.id, now)?.id]).toEqual([null, later.id]);
  });

  test('that another version wrote is told of, and does not stand in the way of the others', () => {
    createSilenceStore(sql).add({ ...silence(), id: 7, match: '{"moon_phase":["full"]}', createdMs: start });
    const silences = open();
    expect(errors).toEqual([{ silence: 'sil_00000000007', problems: [expect.stringContaining('moon_phase')] }]);
    expect(silences.covering(event, now)).toBeNull();
    silences.add(silence(), now);
    expect(silences.covering(event, now)).not.toBeNull();
    expect(silences.list({ all: false }, now)).toHaveLength(2);
  });
});

describe('a change', () => {
  test('has what was kept back looked at again, and then what is due done', () => {
    const silences = open();
    const { id } = silences.add(silence(), now);
    expect(happened.splice(0)).toEqual(['looked again', 'woken']);
    silences.expire(id, now);
    expect(happened.splice(0)).toEqual(['looked again', 'woken']);
    silences.expire(id, now);
    silences.expire('sil_00000000000', now);
    silences.list({ all: true }, now);
    expect(happened).toEqual([]);
  });

  test('happens together with that look, or not at all', () => {
    const { id } = open().add(silence(), now);
    const failing = open(() => {
      throw new Error('the store is full');
    });
    expect(() => failing.add(silence({ match: {} }), now)).toThrow('the store is full');
    expect(() => failing.expire(id, now)).toThrow('the store is full');
    expect(failing.list({ all: true }, now).map((each) => [each.id, each.state])).toEqual([[id, 'active']]);
    expect([failing.covering(event, now)?.name, failing.covering(other, now)]).toEqual([id, null]);
  });

  test('is in force when what is due is done', () => {
    const covered: (string | undefined)[] = [];
    const silences = createSilences({
      sql,
      clock,
      log,
      mutes: () => [],
      onChange: () => {},
      wake: () => void covered.push(silences.covering(event, now)?.name),
    });
    const { id } = silences.add(silence(), now);
    silences.expire(id, now);
    expect(covered).toEqual([id, undefined]);
  });
});
