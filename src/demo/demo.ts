/**
 * The demo: the real relay, on a temporary database and a copy of the shipped rules, between the simulator, which plays Narrative,
 * and stand-ins that play Slack, PagerDuty and Airflow. At the end all of them must tell the same story.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { playTimeline } from '../simulator/play.ts';
import { createClocks, nightMs, type DemoClocks } from './clocks.ts';
import { expectedWebhooks, type ExpectedWebhook } from './expected.ts';
import { createNarrator } from './narrator.ts';
import { createOutageAct, outage } from './outage.ts';
import { reckon, type Evidence, type Reckoning } from './reckoning.ts';
import { readCounters, readRecord } from './record.ts';
import type { Screen } from './screen.ts';
import { openStage, type Stage } from './stage.ts';
import { renderReckoning } from './table.ts';
import { renderPlayground } from './try-it.ts';

export interface DemoOptions {
  /** Ends after the table. Otherwise it stays until `signal`. */
  once: boolean;
  /** The night takes 10 s divided by this, but 2.5 s at least. */
  speed: number;
  /** The relay's port; null takes a free one. */
  port: number | null;
  /** Where to keep what Slack took, as JSON; null: nowhere. */
  recordPath: string | null;
  signal: AbortSignal;
}

const nightLastsMs = 10_000;
/** So that what is told after a moment is told before the story has gone on for hours. */
const nightLastsAtLeastMs = 2_500;
/** How long deliveries may stand still before the demo stops waiting for them, ms. Longer than a backoff or two. */
const patienceMs = 20_000;
const pollMs = 200;

type Wait = (ms: number) => Promise<void>;

/** True when everything added up. Throws when the relay can't start or dies, and the signal's reason when that ends it. */
export async function runDemo({ once, speed, port, recordPath, signal }: DemoOptions, screen: Screen): Promise<boolean> {
  const lastsMs = Math.max(nightLastsAtLeastMs, Math.round(nightLastsMs / speed));
  const clocks = createClocks(Date.now);
  await using stage = await openStage({ port, times: nightMs / lastsMs, clocks, signal }, screen);
  const night = expectedWebhooks(stage.timeline, stage.simulator.subscriptions(), outage);
  const wait: Wait = (ms) => sleep(ms, undefined, { signal });
  introduce(stage, night, lastsMs, screen);
  clocks.begin(lastsMs);
  await stage.relay.setClock(clocks.aheadMs());
  const played = await playNight(stage, night, { clocks, wait, speed: nightMs / lastsMs }, screen);
  await untilQuiet(stage, clocks, screen, wait);
  const reckoning = await takeStock({ night, ...played }, stage, clocks);
  screen.say(`\n${renderReckoning(reckoning, screen)}`);
  if (recordPath !== null) writeFileSync(recordPath, JSON.stringify(stage.standIns.slackMessages(), null, 2));
  if (once) return reckoning.findings.length === 0;
  stage.standIns.showAllInFull();
  await stayUp(stage, clocks.relayNow(), screen, signal);
  return reckoning.findings.length === 0;
}

function introduce({ relay, shortened }: Stage, night: readonly ExpectedWebhook[], lastsMs: number, screen: Screen): void {
  screen.say(`The relay runs on ${relay.url} with a copy of rules/. Narrative, Slack, PagerDuty and Airflow are played here.`);
  const lasts = Math.ceil(lastsMs / 1000);
  const webhooks = night.filter(({ answer }) => answer !== 'found').length;
  screen.say(screen.style('bold', `One night, 23:30 to 08:30, ${webhooks} webhooks, in ${lasts} s (times in UTC)`));
  if (shortened.length > 0) screen.say(screen.style('dim', `Waiting times of the rules are shortened: ${shortened.join(', ')}`));
}

interface Pace {
  clocks: DemoClocks;
  wait: Wait;
  /** How much faster than real. */
  speed: number;
}

type Played = Pick<Evidence, 'givenUp' | 'counters'>;

/** Resolves with what only who was there can tell; `counters`: of the relay before it was stopped. */
async function playNight(
  stage: Stage,
  night: readonly ExpectedWebhook[],
  { clocks, wait, speed }: Pace,
  screen: Screen,
): Promise<Played> {
  const { simulator, timeline } = stage;
  const narrator = createNarrator({ night, beginsMs: clocks.eveningMs }, screen);
  const away = createOutageAct({ stage, clocks, wait, patienceMs }, screen);
  simulator.onSent(narrator.noteSent);
  await playTimeline(timeline, simulator, {
    speed,
    wait,
    now: Date.now,
    async before([{ atMs, burst }]) {
      if (burst !== null) await untilStormIsTold(stage, clocks, wait);
      await away.before(atMs);
    },
    async onHappening(happenings, sent) {
      const ended = stage.relay.ended();
      if (ended !== null && !away.isAway()) throw new Error(ended);
      await narrator.tell(happenings, sent);
    },
  });
  screen.progress(null);
  return { givenUp: narrator.givenUp(), counters: away.countedBefore() };
}

/** Nobody mends what nobody has heard of; on a slow machine that takes longer than planned. */
async function untilStormIsTold({ databasePath, relay }: Stage, clocks: DemoClocks, wait: Wait): Promise<void> {
  for (let waitedMs = 0; waitedMs < patienceMs && relay.ended() === null; waitedMs += pollMs) {
    const { untold } = readRecord(databasePath, clocks.relayNow());
    if (untold === 0) return;
    await wait(pollMs);
  }
}

/**
 * Waits while deliveries are still ending, or something is still to be told when its time comes; gives up, without an error,
 * when nothing has changed for a while.
 */
async function untilQuiet({ databasePath, relay }: Stage, clocks: DemoClocks, screen: Screen, wait: Wait): Promise<void> {
  let last = '';
  for (let stillMs = 0; stillMs < patienceMs; stillMs += pollMs) {
    const { destinations, timers } = readRecord(databasePath, clocks.relayNow());
    const open = destinations.reduce((sum, row) => sum + row.open, 0);
    if ((open === 0 && timers === 0) || relay.ended() !== null) break;
    if (last !== `${open} ${timers}`) stillMs = 0;
    last = `${open} ${timers}`;
    const deliveries = open === 1 ? '1 delivery' : `${open} deliveries`;
    screen.progress(open === 0 ? 'waiting for half past eight' : `${deliveries} to go; Slack takes one per second and channel`);
    await wait(pollMs);
  }
  screen.progress(null);
}

async function takeStock(
  seen: Played & Pick<Evidence, 'night'>,
  { databasePath, destinations, relay, simulator, standIns }: Stage,
  clocks: DemoClocks,
): Promise<Reckoning> {
  const ended = relay.ended();
  if (ended !== null) throw new Error(ended);
  return reckon({
    ...seen,
    sent: simulator.counts(),
    record: readRecord(databasePath, clocks.relayNow()),
    counters: summed(seen.counters, await readCounters(relay.url)),
    outlets: standIns.outlets(destinations),
    arrived: standIns.arrived(),
    problems: standIns.problems(),
  });
}

function summed(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...a.keys(), ...b.keys()].map((key) => [key, (a.get(key) ?? 0) + (b.get(key) ?? 0)]));
}

/** The reader's turn. Ends by the signal, or with the relay. */
async function stayUp(stage: Stage, nowMs: number, screen: Screen, signal: AbortSignal): Promise<void> {
  screen.say(`\n${renderPlayground({ ...stage, secret: stage.webhookSecret, nowMs }, screen)}`);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => stop(), { once: true });
  if (signal.aborted) stop();
  const ended = await Promise.race([stopped.then(() => null), stage.relay.untilEnded]);
  if (ended !== null) throw new Error(ended);
}
