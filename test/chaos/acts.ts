/** What happens to the relay in the chaos run, one act after the other, while the load goes on. */
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { createDice, type Dice } from '../../src/simulator/dice.ts';
import { nextCrashPoint } from '../runtime/crash.ts';
import type { Lives } from '../runtime/lives.ts';
import type { Load } from '../runtime/load.ts';
import type { ProofStage } from '../runtime/stage.ts';
import { brokenCredential, climates, createWeather, pagerDutyRateLimit, pageInBetween } from './weather.ts';

export interface Scene {
  dice: Dice;
  stage: ProofStage;
  lives: Lives;
  load: Load;
}

export interface Act {
  name: string;
  /** How often it is chosen, against the others. */
  weight: number;
  /** Resolves when it is over. Throws when the relay did not do what it should have. */
  play(scene: Scene): Promise<void>;
}

/** Longest wait for the relay to say or do something, ms. */
const patienceMs = 30_000;
/** For an answer of the relay's, ms. */
const answerWithinMs = 5_000;

export const acts: readonly Act[] = [
  { name: 'killed', weight: 6, play: ({ dice, lives, load }) => lives.crash(nextCrashPoint(dice), load) },
  { name: 'stopped and started', weight: 2, play: ({ lives }) => lives.restart() },
  { name: 'weather changed', weight: 5, play: changeWeather },
  { name: 'rules edited', weight: 2, play: editRules },
  { name: 'rules broken, then mended', weight: 2, play: breakRules },
  { name: 'credential broken, then mended', weight: 2, play: breakCredential },
  { name: 'a page in place of Slack', weight: 1, play: showPage },
  { name: 'PagerDuty: too many requests', weight: 1, play: limitPagerDuty },
  { name: 'disk full, room made, killed', weight: 1, play: fillDisk },
];

export function chooseAct(dice: Dice): Act {
  let left = dice.between(
    1,
    acts.reduce((sum, { weight }) => sum + weight, 0),
  );
  return acts.find(({ weight }) => (left -= weight) <= 0)!;
}

async function changeWeather({ dice, stage }: Scene): Promise<void> {
  // Dice of its own: how often it is asked depends on the relay, and what comes next must not.
  stage.witness.changeWeather(
    createWeather(climates[dice.between(0, climates.length - 1)]!, createDice(dice.between(1, 1_000_000))),
  );
  await sleep(dice.between(1_000, 4_000));
}

/** Each edit is another text: the relay ignores a file that says what it said before. */
let edits = 0;

async function editRules({ stage, lives }: Scene): Promise<void> {
  const relay = lives.relay();
  await relay.ready;
  edits += 1;
  const wanted = await says(lives, () => stage.editRules(`edit ${edits}`), /"msg":"(rules reloaded|changed rules refused)/);
  if (!wanted.includes('rules reloaded')) throw new Error(`the relay refused rules that are right: ${wanted}`);
}

async function breakRules(scene: Scene): Promise<void> {
  const { stage, lives } = scene;
  await lives.relay().ready;
  const line = await says(lives, stage.breakRules, /"msg":"(rules reloaded|changed rules refused)/);
  if (!line.includes('refused')) throw new Error(`the relay took rules that are wrong: ${line}`);
  const { rules } = await readiness(lives.url);
  if (rules.problems.length === 0) throw new Error('/readyz does not tell what is wrong with the rules');
  await editRules(scene);
}

/** The relay parks the destination and tells its fallback; a reload makes it try again. */
async function breakCredential(scene: Scene): Promise<void> {
  const { stage, lives, dice } = scene;
  await lives.relay().ready;
  stage.witness.changeWeather(brokenCredential);
  await until('data-eng is parked', async () =>
    (await readiness(lives.url)).parked.some((row) => row.destination === 'data-eng'),
  );
  await sleep(dice.between(500, 2_000));
  stage.witness.changeWeather(() => null);
  await editRules(scene);
  await until('data-eng works again', async () => (await readiness(lives.url)).parked.length === 0);
}

async function showPage({ stage, dice }: Scene): Promise<void> {
  stage.witness.changeWeather(pageInBetween);
  await sleep(dice.between(500, 2_000));
  stage.witness.changeWeather(() => null);
}

async function limitPagerDuty({ stage, dice }: Scene): Promise<void> {
  stage.witness.changeWeather(pagerDutyRateLimit());
  await sleep(dice.between(1_000, 3_000));
}

/**
 * For one life of the relay the system lets its files grow no further; room is made by emptying the write-ahead log from
 * outside, and made again when that is used up. It may be full again before it is ended, and then the store can't learn what
 * arrived last: as in a crash.
 */
async function fillDisk({ stage, lives, load }: Scene): Promise<void> {
  await lives.restart({ fileLimitKib: 512 });
  await until('the store is full', async () => (await ask(lives.url)).status === 503);
  let roomMadeAt = -Infinity;
  await until('the relay is ready again', async () => {
    if (performance.now() - roomMadeAt > makeRoomEveryMs) {
      makeRoom(stage.databasePath);
      roomMadeAt = performance.now();
    }
    return (await ask(lives.url)).status === 200;
  });
  await lives.crash({ kind: 'time', ms: 0 }, load);
}

const makeRoomEveryMs = 1_000;

function makeRoom(databasePath: string): void {
  const outside = new Database(databasePath);
  outside.pragma('wal_checkpoint(TRUNCATE)');
  outside.close();
}

/** Does something and returns what the relay says to that. */
async function says(lives: Lives, act: () => void, pattern: RegExp): Promise<string> {
  const said = lives.relay().nextSays(pattern);
  act();
  const late = sleep(patienceMs, null, { ref: false });
  const line = await Promise.race([said, late]);
  if (line === null) throw new Error(`within ${patienceMs / 1000} s the relay did not say ${pattern}`);
  return line;
}

interface Readiness {
  rules: { problems: string[] };
  parked: { destination: string }[];
}

async function readiness(url: string): Promise<Readiness> {
  return (await (await ask(url)).json()) as Readiness;
}

/** Whether it is ready. Rejects when it does not answer. */
function ask(url: string): Promise<Response> {
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerWithinMs) });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  // While the relay starts, nobody answers.
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${patienceMs / 1000} s have passed without this: ${what}`);
    await sleep(50);
  }
}
