/** What `relay simulate` does, once it is called. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeClock } from '../node/ports.ts';
import { readSecret } from '../node/rules-folder.ts';
import { formatProblem } from '../rules/problem.ts';
import { playTimeline } from '../simulator/play.ts';
import { readScenario, type Scenario } from '../simulator/scenario.ts';
import { createStoryClock, type StoryClock } from '../simulator/scenario-clock.ts';
import { timelineOf } from '../simulator/scenario-timeline.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import type { SentWebhook } from '../simulator/tell.ts';
import type { Happening, Timeline } from '../simulator/timeline.ts';
import { attempt, CommandFailure } from './rules.ts';
import { isToken, signingOf, type SimulateFlags } from './simulate-flags.ts';
import { seedsOf } from './simulate-subscriptions.ts';
import { createReporter, nobodyTold, type Reporter } from './simulate-text.ts';

export async function simulate(flags: SimulateFlags): Promise<void> {
  const scenario = flags.scenario === undefined ? null : loadScenario(flags.scenario);
  if (scenario === null && flags.once)
    throw new CommandFailure(2, '--once ends with the scenario: name one with --scenario FILE');
  const seeds = seedsOf(flags, scenario);
  const { token, tokenIsShown } = tokenOf(flags);
  let story: StoryClock | null = null;
  const simulator = await start(flags, token, () => (story ?? nodeClock).now());
  const reporter = createReporter(simulator, { json: flags.json === true });
  const subscribed = seeds.map((seed) => ({ ...simulator.subscribe(seed), isMadeUp: seed.secret === null }));
  reporter.introduce({ tokenIsShown, subscribed, hasScenario: scenario !== null });

  const ending = new AbortController();
  const end = () => ending.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  process.stdout.on('error', end); // A reader who has seen enough (`| head`).
  try {
    if (scenario !== null) {
      await untilSubscribed(simulator, reporter, ending.signal);
      story = storyOf(scenario, flags.speed);
      const timeline = timelineOf(scenario, story.beginsMs);
      const sent = await play(timeline, simulator, reporter, flags, ending.signal);
      const unheard = sent.length === 0 && timeline.happenings.some(isTold) ? nobodyTold(simulator.subscriptions()) : null;
      if (flags.once && unheard !== null) throw new CommandFailure(1, unheard);
      if (flags.once) process.exitCode = sent.some(isLoss) ? 1 : 0;
      else reporter.note(`${unheard === null ? '' : `${unheard}\n`}The scenario is over. Ctrl-C ends the simulator.`);
    }
    if (!flags.once) await until(ending.signal);
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    await simulator.close();
    reporter.tally(simulator.counts());
  }
}

/** What a scenario's author can't have wanted. A forger's webhook is meant to be refused. */
function isLoss({ outcome, happening }: SentWebhook): boolean {
  return outcome.kind === 'gave-up' && !(happening.kind === 'stranger' && happening.secret !== null);
}

/** Of what a scenario wants lost, nobody is to be told. */
function isTold(happening: Happening): boolean {
  return happening.kind === 'stranger' || !happening.webhook.lost;
}

/** One that may be a real one is not shown. */
function tokenOf(flags: SimulateFlags): { token: string; tokenIsShown: boolean } {
  if (flags.token !== undefined) return { token: flags.token, tokenIsShown: true };
  const set = readSecret({ env: 'NARRATIVE_API_TOKEN' })?.trim();
  if (!set) return { token: 'simulator-token', tokenIsShown: true };
  if (isToken(set)) return { token: set, tokenIsShown: false };
  throw new CommandFailure(2, 'NARRATIVE_API_TOKEN is set to what no header can carry: set it anew, or give a --token');
}

async function start(flags: SimulateFlags, token: string, storyNow: () => number): Promise<Simulator> {
  const { port, host, form, spelling, speed, attempts } = flags;
  const signing = signingOf(flags);
  // A webhook that waits holds nobody up who wants to end.
  const wait = (ms: number) => sleep(ms, undefined, { ref: false });
  const ports = { now: nodeClock.now, storyNow, wait, speed };
  try {
    return await startSimulator({ port, host, token, signing, form, spelling, retries: { maxAttempts: attempts }, ports });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(1, `the simulator can't listen on ${host} port ${port} (${why}): give another --port or --host`);
  }
}

function loadScenario(path: string): Scenario {
  const text = attempt(
    2,
    () => readFileSync(path, 'utf8'),
    (why) => `the scenario can't be read: ${why}`,
  );
  const read = readScenario(text, path, process.env);
  if (read.ok) return read.scenario;
  throw new CommandFailure(1, read.problems.map(formatProblem).join('\n'));
}

/** A story that nobody hears is not begun. */
async function untilSubscribed(simulator: Simulator, reporter: Reporter, signal: AbortSignal): Promise<void> {
  const heard = () => simulator.subscriptions().some(({ status }) => status === 'active');
  if (heard()) return;
  reporter.note('The scenario begins when there is a subscription: make one with "relay subscriptions create".');
  while (!heard()) await sleep(100, undefined, { signal });
}

function storyOf(scenario: Scenario, speed: number): StoryClock {
  const { lastsMs, beginsMs } = scenario;
  return createStoryClock({ lastsMs, speed, begins: beginsMs, now: nodeClock.now });
}

async function play(
  timeline: Timeline,
  simulator: Simulator,
  reporter: Reporter,
  { speed }: SimulateFlags,
  signal: AbortSignal,
): Promise<SentWebhook[]> {
  const lost = timeline.happenings.filter((happening) => !isTold(happening)).length;
  reporter.beginsStory({ happenings: timeline.happenings.length, lost, lastsMs: timeline.lastsMs / speed });
  const wait = (ms: number) => sleep(ms, undefined, { signal });
  return playTimeline(timeline, simulator, { speed, now: nodeClock.now, wait, signal });
}

async function until(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
