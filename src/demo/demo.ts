/**
 * The demo: the real relay, on a temporary database and the shipped rules, between a sender that plays Narrative and
 * stand-ins that play Slack and PagerDuty. At the end the three of them must tell the same story.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createDay, type Step } from './day.ts';
import { webhookSecret } from './environment.ts';
import { reckon, type Reckoning } from './reckoning.ts';
import { readCounters, readRecord } from './record.ts';
import type { Screen } from './screen.ts';
import { createSender, type Sender, type Sent } from './sender.ts';
import { openStage, type Stage, type StageOptions } from './stage.ts';
import { renderReckoning } from './table.ts';
import { renderPlayground } from './try-it.ts';

export interface DemoOptions extends StageOptions {
  /** Ends after the table. Otherwise it stays until `signal`. */
  once: boolean;
  /** The day takes 10 s divided by this. */
  speed: number;
}

const dayLastsMs = 10_000;
/** How long deliveries may stand still before the demo stops waiting for them, ms. Longer than a backoff or two. */
const patienceMs = 20_000;
const pollMs = 200;

/** True when everything added up. Throws when the relay can't start or dies, and the signal's reason when that ends it. */
export async function runDemo(options: DemoOptions, screen: Screen): Promise<boolean> {
  const { once, speed, signal } = options;
  await using stage = await openStage(options, screen);
  const day = createDay({ nowMs: Date.now(), lastsMs: dayLastsMs / speed });
  const wait = (ms: number) => sleep(ms, undefined, { signal });
  const sender = createSender({ url: stage.webhookUrl, secret: webhookSecret }, { now: Date.now, wait });
  screen.say(
    `The relay runs on ${stage.relay.url} with the rules in rules/. Narrative, Slack, PagerDuty and Airflow are played here.`,
  );
  screen.say(
    screen.style('bold', `One working day, ${day.length} webhooks, in ${Math.ceil(dayLastsMs / speed / 1000)} s (times in UTC)`),
  );
  await playDay(day, sender, stage, screen, wait);
  await untilDelivered(stage, screen, wait);
  const reckoning = await takeStock(day, sender, stage);
  screen.say(`\n${renderReckoning(reckoning, screen)}`);
  if (once) return reckoning.findings.length === 0;
  stage.standIns.showAllInFull();
  await stayUp(stage, screen, signal);
  return reckoning.findings.length === 0;
}

type Wait = (ms: number) => Promise<void>;

/** One webhook after the other, so that what depends on an earlier one comes after its answer. */
async function playDay(day: readonly Step[], sender: Sender, { relay }: Stage, screen: Screen, wait: Wait): Promise<void> {
  const startedAtMs = Date.now();
  for (const [index, step] of day.entries()) {
    await wait(Math.max(0, startedAtMs + step.afterMs - Date.now()));
    const ended = relay.ended();
    if (ended !== null) throw new Error(ended);
    screen.progress(`${clock(step)}  webhook ${index + 1} of ${day.length}`);
    await screen.hold(async () => timelineEntry(step, await send(step, sender), screen));
  }
  screen.progress(null);
}

function send({ eventId: id, body, kind }: Step, sender: Sender): Promise<Sent> {
  // A forger signs with what he has, and doesn't insist.
  return sender.send(kind === 'forged' ? { id, body, secret: 'a-guessed-secret', maxAttempts: 1 } : { id, body });
}

/** A line for what is worth one: the day's special moments, and answers that nobody expected. */
function timelineEntry(step: Step, sent: Sent, screen: Screen): string | null {
  const refused = sent.kind === 'gave-up' && step.expected === 'refused';
  const asExpected = refused || (sent.kind === 'answered' && sent.answer === step.expected);
  if (asExpected && step.note === null) return null;
  const what = `\n${screen.style('dim', clock(step))} ${step.note ?? `webhook ${step.eventId}`}`;
  if (!asExpected) return `${what} ${screen.style('red', `→ ${answerOf(sent)}, expected: ${step.expected}`)}`;
  return `${what} ${screen.style('dim', `→ ${answerOf(sent)}`)}`;
}

function answerOf(sent: Sent): string {
  if (sent.kind === 'gave-up') return sent.last;
  if (sent.answer !== 'accepted') return sent.answer;
  return `accepted, ${sent.deliveries === 1 ? '1 delivery' : `${sent.deliveries} deliveries`}`;
}

function clock({ sentAtMs }: Step): string {
  return new Date(sentAtMs).toISOString().slice(11, 16);
}

/** Waits while deliveries are still ending; gives up, without an error, when none has ended for a while. */
async function untilDelivered({ databasePath, relay }: Stage, screen: Screen, wait: Wait): Promise<void> {
  let last = Infinity;
  for (let stillMs = 0; stillMs < patienceMs; stillMs += pollMs) {
    const open = readRecord(databasePath).destinations.reduce((sum, row) => sum + row.open, 0);
    if (open === 0 || relay.ended() !== null) break;
    if (open < last) stillMs = 0;
    last = open;
    screen.progress(`${open} deliveries to go; Slack takes one message per second and channel`);
    await wait(pollMs);
  }
  screen.progress(null);
}

async function takeStock(
  day: readonly Step[],
  sender: Sender,
  { databasePath, destinations, relay, standIns }: Stage,
): Promise<Reckoning> {
  const ended = relay.ended();
  if (ended !== null) throw new Error(ended);
  return reckon({
    day,
    sent: sender.counts(),
    record: readRecord(databasePath),
    counters: await readCounters(relay.url),
    outlets: standIns.outlets(destinations),
    arrived: standIns.arrived(),
    problems: standIns.problems(),
  });
}

/** The reader's turn. Ends by the signal, or with the relay. */
async function stayUp(stage: Stage, screen: Screen, signal: AbortSignal): Promise<void> {
  screen.say(`\n${renderPlayground({ ...stage, secret: webhookSecret, nowMs: Date.now() }, screen)}`);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => stop(), { once: true });
  if (signal.aborted) stop();
  const ended = await Promise.race([stopped.then(() => null), stage.relay.untilEnded]);
  if (ended !== null) throw new Error(ended);
}
