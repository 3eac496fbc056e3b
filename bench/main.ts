/**
 * `npm run bench`: what the relay promises about speed and size, measured in one run and compared in that run.
 * `--full` adds a store with a million events; `--strict` exits with 1 if a target is missed. `npm run bench -- lists` measures only
 * what operators ask of such a store, and keeps no results.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startPagerDutyStandIn } from '../src/demo/pagerduty-stand-in.ts';
import { startSlackStandIn } from '../src/demo/slack-stand-in.ts';
import { measureLists } from './lists.ts';
import { describeMachine } from './machine.ts';
import { createMeasurements } from './measurements.ts';
import { isMet, printReport, writeResults, type Row } from './report.ts';
import { measureRules } from './rules.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { full: { type: 'boolean', default: false }, strict: { type: 'boolean', default: false } },
});

const onlyLists = positionals.length === 1 && positionals[0] === 'lists';
if (positionals.length > 0 && !onlyLists) {
  throw new Error(`there is no measurement "${positionals.join(' ')}": say lists, or nothing for all of them`);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

const startedAt = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'relay-bench-'));
const slack = await startSlackStandIn();
const pagerDuty = await startPagerDutyStandIn();
try {
  const machine = describeMachine(folder);
  const surroundings = { folder, slack, pagerDuty, progress };
  const measurements = createMeasurements(surroundings);
  const all = async (): Promise<Row[]> => [
    ...(await measurements.start()),
    ...(await measurements.ingest()),
    ...(await measurements.latency()),
    ...measureRules(progress),
    ...(options.full ? await measurements.million() : []),
    ...(options.full ? await measureLists(surroundings) : []),
  ];
  const rows = onlyLists ? await measureLists(surroundings) : await all();
  progress('');
  printReport({ ...machine, took: `${Math.round((performance.now() - startedAt) / 1000)} s` }, rows);
  if (!onlyLists) writeResults(resolve(import.meta.dirname, 'results.json'), machine, rows);
  if (options.strict && !rows.every(isMet)) process.exitCode = 1;
} finally {
  await Promise.all([slack.close(), pagerDuty.close()]);
  rmSync(folder, { recursive: true, force: true });
}
