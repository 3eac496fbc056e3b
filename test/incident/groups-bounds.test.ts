import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { createStage, groupRule, minute, second, type Stage, type Told } from './groups-stage.ts';

const channels = ['chat', 'mail'];

/** What became of each failure, by the record: told by a message of its own, or the kind of decision. */
function accountOf({ sql }: Stage): Record<string, number> {
  const rows = sql.query<{ kind: string; n: number }>(
    `SELECT coalesce(d.kind, CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE event_seq = e.seq) THEN 'sent' ELSE 'lost' END) AS kind, count(*) AS n
       FROM events AS e LEFT JOIN decisions AS d ON d.event_seq = e.seq WHERE e.state = 'failed' GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
}

describe('1,000 failures within a minute', () => {
  const storms: { name: string; subjects: number; recovering: boolean; recover: boolean }[] = [
    { name: 'of 1,000 subjects', subjects: 1_000, recovering: false, recover: true },
    { name: 'of 7 subjects, again and again', subjects: 7, recovering: false, recover: true },
    { name: 'of 100 subjects, half of which recover meanwhile', subjects: 100, recovering: true, recover: true },
    {
      name: 'of 100 subjects, half of which recover meanwhile, which nobody wants to hear',
      subjects: 100,
      recovering: true,
      recover: false,
    },
  ];

  test.each(storms)('$name are at most three messages in a channel, and none is lost', ({ subjects, recovering, recover }) => {
    const stage = createStage([groupRule({ to: channels, recover })]);
    for (let i = 0; i < 1_000; i++) {
      stage.fail(i % subjects);
      if (recovering && i % 4 === 0) stage.complete((i + 50) % subjects);
      stage.pass(60);
    }
    stage.pass(5 * minute);
    const told = stage.told();
    expect(told.length).toBeGreaterThan(0);
    for (const channel of channels) expect(told.filter(({ to }) => to === channel).length).toBeLessThanOrEqual(3);
    const account = accountOf(stage);
    expect(Object.values(account).reduce((sum, n) => sum + n, 0)).toBe(1_000);
    expect(Object.keys(account).filter((kind) => !['grouped', 'cancelled', 'sent'].includes(kind))).toEqual([]);
    const waiting = stage.sql.query(`SELECT 1 FROM decisions WHERE kind = 'grouped' AND until IS NOT NULL`);
    expect(waiting).toEqual([]);
    if (!recovering) expect(told.at(-1)!.title).toMatch(/\b1000\b/);
  });
});

test('a message about thousands costs as few statements as one about ten', () => {
  const statementsFor = (count: number): number => {
    const stage = createStage();
    stage.failAll(Array.from({ length: count }, (_, i) => i));
    const { query } = stage.sql;
    let statements = 0;
    stage.sql.query = (...call) => (statements++, query(...call));
    stage.pass(minute);
    expect(stage.told()).toHaveLength(1);
    return statements;
  };
  expect(statementsFor(2_000)).toBe(statementsFor(12));
});

describe('whatever happens', () => {
  const subject = fc.integer({ min: 0, max: 6 });
  const step = fc.oneof(
    { weight: 4, arbitrary: subject.map((dataset) => ({ kind: 'fail' as const, dataset })) },
    { weight: 3, arbitrary: subject.map((dataset) => ({ kind: 'complete' as const, dataset })) },
    { weight: 3, arbitrary: fc.constantFrom(1, 10, 29, 60, 299, 400).map((seconds) => ({ kind: 'pass' as const, seconds })) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  );
  const waitMs = 30 * second;
  const everyMs = 5 * minute;

  /** Names of the datasets that a message tells of, with how often each failed. */
  function listed({ about, subject: of, text }: Told): Map<number, number> {
    if (about !== 'notice') return new Map([[Number(of.split('/')[1]), 1]]);
    const lines = [...text.matchAll(/dataset (\d+)(?:.*\((\d+) times\))?/g)];
    return new Map(lines.map(([, dataset, times = '1']) => [Number(dataset), Number(times)]));
  }

  test.each([true, false])('each failure that lasts is told in time, few messages, one end (recover: %s)', (recover) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const stage = createStage([groupRule({ to: channels, recover, waitMs, everyMs })]);
        const pending = new Set<number>();
        const broken = new Set<number>();
        let read = 0;
        /** Checks messages that have come since. */
        const look = () => {
          const told = stage.told().filter(({ to }) => to === 'mail');
          for (const message of told.slice(read)) {
            if (message.act !== 'open' && message.act !== 'remind') continue;
            const names = listed(message);
            expect([...pending].filter((dataset) => !names.has(dataset))).toEqual([]);
            expect(pending.size).toBeGreaterThan(0);
            pending.clear();
          }
          read = told.length;
        };
        const pass = (ms: number) => {
          stage.pass(ms);
          look();
        };
        for (const each of steps) {
          // Two things at one moment of Narrative's clock would have no order.
          pass(10);
          switch (each.kind) {
            case 'fail':
              stage.fail(each.dataset);
              pending.add(each.dataset);
              broken.add(each.dataset);
              break;
            case 'complete':
              stage.complete(each.dataset);
              pending.delete(each.dataset);
              broken.delete(each.dataset);
              break;
            case 'pass':
              pass(each.seconds * second);
              break;
            case 'restart':
              stage.restart();
              break;
          }
          look();
        }
        pass(everyMs);
        expect([...pending]).toEqual([]);
        for (const dataset of broken) stage.complete(dataset);
        stage.deliverAll();
        pass(3 * everyMs);

        const told = stage.told();
        for (const channel of channels) spaced(told.filter(({ to }) => to === channel));
        expect(stage.openGroups()).toEqual([]);
        totalsAreRight(told);
        if (recover) endsOnce(told);
        else expect(told.filter(({ act }) => act === 'recover')).toEqual([]);
        expect(accountOf(stage)).not.toHaveProperty('lost');
      }),
      { numRuns: 60 },
    );
  });

  /** Failures are told no oftener than `wait`, and the messages of one group no oftener than `every`. */
  function spaced(told: Told[]): void {
    const news = told.filter(({ act }) => act === 'open' || act === 'remind').map(({ at }) => at);
    news.slice(1).forEach((at, i) => expect(msBetween(news[i]!, at)).toBeGreaterThanOrEqual(waitMs));
    const ofGroups = told.filter(({ about, act }) => about === 'notice' && act !== 'recover');
    for (const group of Map.groupBy(ofGroups, ({ incident }) => incident).values()) {
      group.slice(1).forEach(({ at }, i) => expect(msBetween(group[i]!.at, at)).toBeGreaterThanOrEqual(everyMs));
    }
  }

  /** Of two times in seconds, without the error of their fractions. */
  function msBetween(from: number, to: number): number {
    return Math.round((to - from) * second);
  }

  function totalsAreRight(told: Told[]): void {
    for (const message of told) {
      if (message.about !== 'notice') continue;
      const counts = [...listed(message).values()];
      const failures = counts.reduce((sum, n) => sum + n, 0);
      const numbers = [...message.title.matchAll(/\d+/g)].map(Number);
      if (message.act === 'open') expect(numbers[0]).toBe(failures);
      if (message.act === 'remind') expect(numbers[1]).toBe(failures);
      if (message.act === 'count') expect(numbers[1]).toBe(counts.length);
      if (message.act === 'recover') {
        const all = /All (\d+)/.exec(message.title)?.[1] ?? (message.title.startsWith('Both') ? '2' : '1');
        expect(Number(all)).toBe(counts.length);
      }
    }
  }

  /** What was told at a destination, and is over by the end of the test, has one end there: its last message. */
  function endsOnce(told: Told[]): void {
    for (const story of Map.groupBy(told, ({ incident, to }) => `${incident} ${to}`).values()) {
      expect(story.filter(({ act }) => act === 'recover')).toHaveLength(1);
      expect(story.at(-1)!.act).toBe('recover');
      expect(story[0]!.about === 'notice' ? ['open'] : ['open', 'remind']).toContain(story[0]!.act);
    }
  }
});
