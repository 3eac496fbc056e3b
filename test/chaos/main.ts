/**
 * `npm run chaos -- --minutes 10 [--seed N]`: the crash proof for as long as you like, with faults of every kind. Exit code
 * 0 when every promise was kept, 1 when one was not.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { createDice } from '../../src/simulator/dice.ts';
import { createScreen, type Screen } from '../../src/demo/screen.ts';
import { untilDrained } from '../runtime/drained.ts';
import { evidenceOf } from '../runtime/evidence.ts';
import { inTime } from '../runtime/in-time.ts';
import type { IncidentAccount } from '../runtime/incident-account.ts';
import { incidentTypes } from '../runtime/incident-stream.ts';
import { beginLives } from '../runtime/lives.ts';
import { startLoad } from '../runtime/load.ts';
import { openProofStage, webhookSecret } from '../runtime/stage.ts';
import { arrivalCounts, judge, type Evidence } from '../runtime/verdict.ts';
import { acts, chooseAct, type Scene } from './acts.ts';

interface Options {
  minutes: number;
  seed: number;
}

/** How long nothing may be delivered at the end before it counts as stuck, ms: longer than a probe's wait or a late backoff. */
const stillMs = 90_000;

/** How long anything else may take, ms: well above what its parts wait for. */
const patienceMs = 120_000;

async function run({ minutes, seed }: Options, screen: Screen): Promise<boolean> {
  screen.say(`Chaos for ${minutes} min. Again with: npm run chaos -- --minutes ${minutes} --seed ${seed}`);
  const ending = new AbortController();
  await using cleanup = new AsyncDisposableStack();
  const stage = cleanup.adopt(await openProofStage(), (opened) => opened.close());
  const lives = cleanup.adopt(await beginLives(stage), (begun) => begun.end());
  cleanup.defer(() => ending.abort());
  const url = `${lives.url}/webhooks/narrative`;
  const load = startLoad({
    url,
    secret: webhookSecret,
    seed,
    streams: 12,
    incidentStreams: 6,
    pauseMs: 600,
    signal: ending.signal,
  });
  const scene = { dice: createDice(seed), stage, lives, load };
  const played = await play(scene, minutes * 60_000, screen);

  screen.progress('the load ends, the last deliveries are made');
  stage.witness.changeWeather(() => null);
  await inTime('the relay is ready', patienceMs, lives.relay().ready, lives.relay);
  stage.editRules('the end: whatever is parked is tried again');
  await inTime('all that was sent is acknowledged', patienceMs, load.finish(), lives.relay);
  await untilDrained(stage.databasePath, { stillMs, onOpen: (count) => screen.progress(`${count} deliveries to go`) });
  screen.progress(null);
  const evidence = evidenceOf(stage, load, lives);
  const findings = judge(evidence);
  screen.say(renderOutcome(evidence, scene, played));
  for (const finding of findings.slice(0, 50)) screen.say(`✗ ${finding}`);
  if (findings.length > 50) screen.say(`✗ and ${findings.length - 50} more`);
  screen.say(findings.length === 0 ? '✓ Every promise was kept.' : `✗ ${findings.length} broken promises, seed ${seed}`);
  return findings.length === 0;
}

/** Returns how often each act was played. */
async function play(scene: Scene, lastsMs: number, screen: Screen): Promise<Map<string, number>> {
  const { dice, load, stage } = scene;
  const played = new Map<string, number>();
  const startedAt = performance.now();
  for (let passed = 0; passed < lastsMs; passed = performance.now() - startedAt) {
    const act = chooseAct(dice);
    const clock = `${Math.floor(passed / 1000)} of ${lastsMs / 1000} s`;
    const counts = `${load.acknowledged.length} acknowledged, ${stage.witness.arrivals.length} arrived`;
    screen.progress(`${clock} · ${counts} · ${act.name}`);
    try {
      await inTime('the act is over', patienceMs, act.play(scene), scene.lives.relay);
    } catch (error) {
      throw new Error(`in the act "${act.name}", ${clock}`, { cause: error });
    }
    played.set(act.name, (played.get(act.name) ?? 0) + 1);
    await sleep(dice.between(0, 1_000));
  }
  return played;
}

function renderOutcome(evidence: Evidence, { load, stage }: Scene, played: Map<string, number>): string {
  const { acknowledged, account } = evidence;
  const style = { head: [], border: [], compact: true };
  const happened = new Table({ style, head: ['what happened', 'times'] });
  for (const { name } of acts) happened.push([name, played.get(name) ?? 0]);
  const { made, again } = load.requests();
  const events = new Table({ style, head: ['events', 'number'] });
  events.push(['requests', made], ['of them without a 2xx, so sent again', again], ['acknowledged', acknowledged.length]);
  for (const [outcome, rows] of Map.groupBy(account.events, (event) => event.outcome)) events.push([outcome, rows.length]);
  const deliveries = new Table({ style, head: ['deliveries to', 'arrived', 'again, excused', 'dead in the ledger'] });
  for (const { destination, deliveries: count, again: more } of arrivalCounts(evidence)) {
    const dead = account.deliveries.filter((row) => row.destination === destination && row.status === 'dead').length;
    deliveries.push([destination, count, more, dead]);
  }
  const incidents = new Table({ style, head: ['incidents', 'number'] });
  incidents.push(...countIncidents(evidence.incidents));
  return `${happened}\n${events}\n${deliveries}\n${incidents}\nNotices of a broken destination: ${stage.witness.notices.length}`;
}

/** Messages by what they were, and failures by why they were not told themselves. */
function countIncidents({ incidents, deliveries, decisions }: IncidentAccount): [string, number][] {
  const acts = Map.groupBy(
    deliveries.filter(({ destination, act }) => destination === 'incidents' && act !== null),
    ({ act, isNotice }) => `message: ${act}${isNotice ? ' (of a group)' : ''}`,
  );
  const kinds = Map.groupBy(decisions, ({ kind }) => `failure: ${kind}`);
  // Those of the other job types never end.
  const types = Object.values(incidentTypes);
  const followed = incidents.filter(({ kind, subject }) => kind === 'group' || types.some((type) => subject.startsWith(type)));
  return [
    ['incidents', followed.length],
    ['of them over', followed.filter(({ isOpen }) => !isOpen).length],
    ...[...acts, ...kinds].map(([what, rows]): [string, number] => [what, rows.length]),
  ];
}

function readOptions(): Options {
  const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
  const minutes = Number(values.minutes ?? 1);
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  if (!(minutes > 0) || !Number.isSafeInteger(seed))
    throw new TypeError('--minutes takes a number over 0, --seed a whole number');
  return { minutes, seed };
}

try {
  const options = readOptions();
  process.exitCode = (await run(options, createScreen(process.stdout, process.env))) ? 0 : 1;
} catch (error) {
  const usage = error instanceof TypeError;
  process.stderr.write(`${usage ? error.message : (error as Error).stack}\n`);
  for (let cause = (error as Error).cause; cause instanceof Error; cause = cause.cause)
    process.stderr.write(`because: ${cause.message}\n`);
  process.exitCode = usage ? 2 : 1;
}
