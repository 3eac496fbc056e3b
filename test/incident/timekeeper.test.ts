import { expect, test } from 'vitest';
import type { Duty } from '../../src/incident/duty.ts';
import { createTimekeeper } from '../../src/incident/timekeeper.ts';
import { createBreakableSql } from '../store/breakable-sql.ts';
import { openMemorySql } from '../store/memory-sql.ts';

/** Timers in a table, as every duty has them. */
function stage() {
  const sql = createBreakableSql(openMemorySql());
  sql.query('CREATE TABLE timers (duty TEXT, at INTEGER, armed_at INTEGER)');
  const turns: (() => void)[] = [];
  const logged: { message: string; fields: object }[] = [];
  const note = (fields: object, message: string) => void logged.push({ message, fields });
  const log = { debug: note, info: note, warn: note, error: note };
  const ran: string[] = [];
  let now = 0;
  let armed: number | null = null;
  let works = 0;
  const alarm = { arm: (atMs: number) => void (armed = atMs), disarm: () => void (armed = null) };

  /** Takes one timer at a time; `act` may break it. */
  function duty(name: string, act: (now: number) => void = () => {}): Duty {
    const next = () => sql.query<{ at: number | null }>('SELECT min(at) AS at FROM timers WHERE duty = ?', name)[0]!.at;
    return {
      name,
      nextAt: next,
      run(at) {
        sql.query('DELETE FROM timers WHERE duty = ? AND at = ?', name, next());
        act(at);
        ran.push(`${name} at ${at}`);
      },
      rearm: (at) =>
        void sql.query(
          'UPDATE timers SET at = ? + at - armed_at, armed_at = ? WHERE duty = ? AND armed_at > ?',
          at,
          at,
          name,
          at,
        ),
    };
  }

  const begin = (...duties: Duty[]) =>
    createTimekeeper({
      sql,
      clock: { now: () => now },
      alarm,
      afterTurn: (work) => void turns.push(work),
      log,
      duties,
      onWork: () => void (works += 1),
    });

  return {
    sql,
    logged,
    ran,
    turns,
    duty,
    begin,
    at: (name: string, at: number) => void sql.query('INSERT INTO timers VALUES (?, ?, ?)', name, at, now),
    setClock: (to: number) => void (now = to),
    get armed() {
      return armed;
    },
    get works() {
      return works;
    },
    turn() {
      for (const work of turns.splice(0)) work();
    },
  };
}

test('calls each duty when its time comes, and sleeps until the next', () => {
  const on = stage();
  const timekeeper = on.begin(on.duty('a'), on.duty('b'));
  on.at('a', 100);
  on.at('b', 50);
  timekeeper.start();
  on.turn();
  expect([on.ran, on.armed, on.works]).toEqual([[], 50, 0]);
  on.setClock(50);
  timekeeper.run();
  expect([on.ran, on.armed, on.works]).toEqual([['b at 50'], 100, 1]);
  on.setClock(100);
  timekeeper.run();
  expect([on.ran, on.armed, on.works]).toEqual([['b at 50', 'a at 100'], null, 2]);
});

test('does late, and once, what was due while nobody was there', () => {
  const on = stage();
  on.at('a', 100);
  on.setClock(5_000);
  on.begin(on.duty('a')).start();
  on.turn();
  expect([on.ran, on.armed]).toEqual([['a at 5000'], null]);
});

test('is woken once a turn, however often it is called', () => {
  const on = stage();
  const timekeeper = on.begin(on.duty('a'));
  for (let i = 0; i < 5; i++) timekeeper.wake();
  expect(on.turns).toHaveLength(1);
});

test('lets others have their turn when one duty has no end of work, and goes on at once', () => {
  const on = stage();
  for (let i = 0; i < 50; i++) on.at('busy', i);
  on.at('other', 10);
  on.setClock(100);
  const timekeeper = on.begin(on.duty('busy'), on.duty('other'));
  timekeeper.run();
  const first = on.ran.indexOf('other at 100');
  expect(first).toBe(20);
  expect(on.armed).toBeLessThanOrEqual(100);
  timekeeper.run();
  timekeeper.run();
  expect([on.ran.length, on.armed]).toEqual([51, null]);
});

test('a duty that fails is undone, holds up no other, and is tried again after a rest', () => {
  const on = stage();
  let fails = true;
  const bad = on.duty('bad', () => {
    if (fails) throw new Error('no');
  });
  on.at('bad', 10);
  on.at('good', 10);
  on.setClock(10);
  const timekeeper = on.begin(bad, on.duty('good'));
  timekeeper.run();
  expect([on.ran, on.armed]).toEqual([['good at 10'], 30_010]);
  expect(on.logged).toMatchObject([{ fields: { duty: 'bad', err: { message: 'no' } } }]);
  on.setClock(20_000);
  timekeeper.run();
  expect([on.ran, on.logged.length, on.armed]).toEqual([['good at 10'], 1, 30_010]);
  fails = false;
  on.setClock(30_010);
  timekeeper.run();
  expect([on.ran, on.armed]).toEqual([['good at 10', 'bad at 30010'], null]);
});

test('a rest does not outlast a clock that is set back', () => {
  const on = stage();
  let fails = true;
  const bad = on.duty('bad', () => {
    if (fails) throw new Error('no');
  });
  on.setClock(10_000_000);
  on.at('bad', 10_000_000);
  const timekeeper = on.begin(bad);
  timekeeper.run();
  fails = false;
  on.setClock(1_000);
  timekeeper.run();
  expect(on.ran).toEqual(['bad at 1000']);
});

test('a store that can not be read is asked again soon, and what is due is done then', () => {
  const on = stage();
  on.at('a', 10);
  on.setClock(10);
  const timekeeper = on.begin(on.duty('a'));
  on.sql.break();
  timekeeper.run();
  expect([on.ran, on.armed]).toEqual([[], 30_010]);
  on.sql.mend();
  on.setClock(30_010);
  timekeeper.run();
  expect(on.ran).toEqual(['a at 30010']);
});

test('a clock that is behind what it showed before sets timers anew: what was to come in 500 ms still does', () => {
  const on = stage();
  const timekeeper = on.begin(on.duty('a'));
  on.setClock(1_000_000);
  on.at('a', 1_000_500);
  timekeeper.run();
  on.setClock(100);
  timekeeper.wake();
  on.turn();
  expect(on.armed).toBe(600);
});

test('a start sets timers of a clock that was ahead anew', () => {
  const on = stage();
  on.setClock(1_000_000);
  on.at('a', 1_000_500);
  on.setClock(100);
  on.begin(on.duty('a')).start();
  on.turn();
  expect(on.armed).toBe(600);
});

test('does nothing more once it was stopped', () => {
  const on = stage();
  const timekeeper = on.begin(on.duty('a'));
  timekeeper.start();
  on.at('a', 10);
  on.turn();
  timekeeper.stop();
  expect(on.armed).toBeNull();
  on.setClock(10);
  timekeeper.run();
  timekeeper.wake();
  on.turn();
  expect([on.ran, on.armed]).toEqual([[], null]);
});
