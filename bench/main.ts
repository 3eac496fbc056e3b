/**
 * `npm run bench`: what the relay promises about speed and size, measured in one run and compared in that run.
 * `--full` adds a store with a million events; `--strict` exits with 1 if a target is missed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startPagerDutyStandIn } from '../src/demo/pagerduty-stand-in.ts';
import { startSlackStandIn } from '../src/demo/slack-stand-in.ts';
import { describeMachine } from './machine.ts';
import { createMeasurements } from './measurements.ts';
import { isMet, printReport, writeResults, type Row } from './report.ts';
import { measureRules } from './rules.ts';

const { values: options } = parseArgs({
  options: { full: { type: 'boolean', default: false }, strict: { type: 'boolean', default: false } },
});

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

const startedAt = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'relay-bench-'));
const slack = await startSlackStandIn();
const pagerDuty = await startPagerDutyStandIn();
try {
  const machine = describeMachine(folder);
  const measurements = createMeasurements({ folder, slack, pagerDuty, progress });
  const rows: Row[] = [
    ...(await measurements.start()),
    ...(await measurements.ingest()),
    ...(await measurements.latency()),
    ...measureRules(progress),
    ...(options.full ? await measurements.million() : []),
  ];
  progress('');
  printReport({ ...machine, took: `${Math.round((performance.now() - startedAt) / 1000)} s` }, rows);
  writeResults(resolve(import.meta.dirname, 'results.json'), machine, rows);
  if (options.strict && !rows.every(isMet)) process.exitCode = 1;
} finally {
  await Promise.all([slack.close(), pagerDuty.close()]);
  rmSync(folder, { recursive: true, force: true });
}
