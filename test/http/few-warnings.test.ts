/** The log tells of what strangers do without being filled by it. */
import { expect, test } from 'vitest';
import { createFewWarnings } from '../../src/http/few-warnings.ts';
import type { Log } from '../../src/ports.ts';
import { startOperatorStage } from './operator-api-stage.ts';

function world() {
  const clock = { ms: Date.UTC(2026, 2, 1), now: () => clock.ms };
  const lines: object[] = [];
  const log: Log = { debug: () => {}, info: () => {}, warn: (fields) => void lines.push(fields), error: () => {} };
  const warn = createFewWarnings({ log, clock }, 'refused');
  return { clock, lines, warn: (times: number) => Array.from({ length: times }, (_, n) => warn({ n })) };
}

test('the first of a minute is logged, then each tenfold, with how many were not', () => {
  const { clock, lines, warn } = world();
  warn(1_000);
  expect(lines).toEqual([{ n: 0 }, { n: 9, more: 8 }, { n: 99, more: 89 }, { n: 999, more: 899 }]);
  warn(5);
  clock.ms += 60_000;
  warn(1);
  expect(lines.at(-1)).toEqual({ n: 0, more: 5 });
  clock.ms += 60_000;
  warn(1);
  expect(lines.at(-1)).toEqual({ n: 0 });
});

test('a clock that is set back keeps nothing silent', () => {
  const { clock, lines, warn } = world();
  warn(1);
  clock.ms -= 3_600_000;
  warn(1);
  expect(lines).toEqual([{ n: 0 }, { n: 0 }]);
});

test('so it is with wrong tokens of the operator API', async ({ onTestFinished }) => {
  const stage = await startOperatorStage();
  onTestFinished(() => stage.stop());
  const refused = () =>
    stage.relay.logLines().filter(({ msg }) => msg === 'operator API: a request with a wrong token was refused');
  for (let i = 0; i < 10; i++)
    expect((await stage.ask('GET', '/stats', undefined, { authorization: 'Bearer wrong' })).status).toBe(401);
  expect(refused()).toHaveLength(2);
  expect(refused()[1]).toMatchObject({ level: 'warn', more: 8 });
});
