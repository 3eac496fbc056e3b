/** `relay simulate`: a Narrative of one's own, that makes happen what rules should be tried with. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { nodeClock } from '../node/ports.ts';
import { readSecret } from '../node/rules-folder.ts';
import { formatProblem } from '../rules/problem.ts';
import { playTimeline } from '../simulator/play.ts';
import { readScenario, type Scenario } from '../simulator/scenario.ts';
import { createStoryClock, type StoryClock } from '../simulator/scenario-clock.ts';
import { timelineOf } from '../simulator/scenario-timeline.ts';
import { signingSchemes, type Signing } from '../simulator/signing.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import type { Spelling } from '../simulator/subscription-wire.ts';
import type { Forms, SentWebhook } from '../simulator/tell.ts';
import type { SeedSubscription } from '../simulator/timeline.ts';
import { attempt, CommandFailure } from './rules.ts';
import { createReporter, type Reporter } from './simulate-text.ts';

interface SimulateFlags {
  port: number;
  host: string;
  token?: string;
  webhookUrl?: string;
  app?: string[];
  secretEnv?: string;
  scheme: Signing['scheme'];
  header?: string;
  encoding?: 'hex' | 'base64';
  form: Forms['jobs'];
  spelling: Spelling;
  scenario?: string;
  speed: number;
  attempts: number;
  once?: boolean;
  json?: boolean;
}

const examples = `
Examples:
  relay simulate --webhook-url http://127.0.0.1:8787/webhooks/narrative
  relay simulate --webhook-url http://127.0.0.1:8787/webhooks/narrative --scenario night.yaml --speed 60x --once
  curl http://127.0.0.1:8788/simulator/jobs -H 'Authorization: Bearer simulator-token' \\
    -d '{"type": "materialize-view", "state": "failed", "dataset_id": 10736}'

Its state is in memory: it is gone when the command ends. More is in docs/simulator.md.`;

export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('play Narrative: its API, and webhooks for a relay, to try rules with')
    .option('--port <number>', 'where its API listens; 0 takes a free port', parsePort, 8788)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--token <token>', 'what its API wants to be shown (default: $NARRATIVE_API_TOKEN, else simulator-token)')
    .option(
      '--webhook-url <url>',
      'make a subscription that sends all jobs there, and those of the scenario that name no URL',
      parseUrl,
    )
    .option('--app <id...>', "with --webhook-url: make a subscription for an app's events, too")
    .option('--secret-env <name>', 'variable that holds the secret of these (default: NARRATIVE_WEBHOOK_SECRET, else made up)')
    .addOption(new Option('--scheme <name>', 'how webhooks are signed').choices(signingSchemes).default('hmac-sha256'))
    .option('--header <name>', 'the header that holds the signature, or the secret', parseHeader)
    .addOption(new Option('--encoding <name>', 'of the signature (default: hex)').choices(['hex', 'base64']))
    .addOption(
      new Option('--form <name>', "of jobs' webhooks").choices(['knowledge-base', 'guide', 'both']).default('knowledge-base'),
    )
    .addOption(
      new Option('--spelling <name>', 'of answers about subscriptions')
        .choices(['snake_case', 'camelCase'])
        .default('snake_case'),
    )
    .option('--scenario <file>', 'a story to play, as YAML')
    .option('--speed <factor>', 'play it so much faster, such as 60x', parseSpeed, 1)
    .option('--attempts <number>', 'how often a webhook is sent before it is given up', parseAttempts, 6)
    .option('--once', 'end when the scenario is over; exit code 1 if a webhook was given up')
    .option('--json', 'print each webhook that has ended as a line of JSON')
    .addHelpText('after', examples)
    .action(simulate);
}

async function simulate(flags: SimulateFlags): Promise<void> {
  const scenario = flags.scenario === undefined ? null : loadScenario(flags.scenario);
  if (scenario === null && flags.once)
    throw new CommandFailure(2, '--once ends with the scenario: name one with --scenario FILE');
  const seeds = seedsOf(flags, scenario);
  let story: StoryClock | null = null;
  const simulator = await start(flags, () => (story ?? nodeClock).now());
  const reporter = createReporter(simulator, { json: flags.json === true });
  const subscribed = seeds.map((seed) => ({ ...simulator.subscribe(seed), isMadeUp: seed.secret === null }));
  const tokenIsShown = flags.token !== undefined || !process.env.NARRATIVE_API_TOKEN;
  reporter.introduce({ tokenIsShown, subscribed, hasScenario: scenario !== null });

  const ending = new AbortController();
  const end = () => ending.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  process.stdout.on('error', end); // A reader who has seen enough (`| head`).
  try {
    if (scenario !== null) {
      await untilSubscribed(simulator, reporter, ending.signal);
      story = storyOf(scenario, flags.speed);
      const sent = await play(scenario, story, simulator, reporter, flags, ending.signal);
      if (flags.once) process.exitCode = sent.some(isLoss) ? 1 : 0;
      else reporter.note('The scenario is over. Ctrl-C ends the simulator.');
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

async function start(flags: SimulateFlags, storyNow: () => number): Promise<Simulator> {
  const { port, host, form, spelling, speed, attempts } = flags;
  const token = flags.token ?? (process.env.NARRATIVE_API_TOKEN || 'simulator-token');
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

function signingOf({ scheme, header, encoding }: SimulateFlags): Signing {
  const tooMuch = scheme !== 'hmac-sha256' && encoding !== undefined ? '--encoding' : null;
  switch (scheme) {
    case 'hmac-sha256':
      return { scheme, ...(header !== undefined && { header }), ...(encoding && { encoding }) };
    case 'shared-secret':
      if (tooMuch) throw new CommandFailure(2, `${tooMuch} has no meaning with --scheme ${scheme}: leave it out`);
      return { scheme, ...(header !== undefined && { header }) };
    case 'standard-webhooks':
    case 'url-token': {
      const idle = header === undefined ? tooMuch : '--header';
      if (idle) throw new CommandFailure(2, `${idle} has no meaning with --scheme ${scheme}: leave it out`);
      return { scheme };
    }
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

/** Those of the scenario; where it has none, one for all jobs at the webhook URL. And one for each app that was named. */
function seedsOf({ webhookUrl, app = [], secretEnv }: SimulateFlags, scenario: Scenario | null): SeedSubscription[] {
  const secret = secretOf(secretEnv);
  const nowhere = scenario?.subscriptions.some(({ url }) => url === null) || app.length > 0;
  if (webhookUrl === undefined && nowhere) {
    throw new CommandFailure(2, 'say where webhooks go: --webhook-url http://127.0.0.1:8787/webhooks/narrative');
  }
  const url = webhookUrl ?? '';
  const planned = scenario?.subscriptions ?? [];
  const everything = { url, secret, jobIds: null, jobTypes: null, states: null };
  return [
    ...planned.map((seed) => (seed.url === null ? { ...seed, url, secret: seed.secret ?? secret } : { ...seed, url: seed.url })),
    ...(planned.length === 0 && webhookUrl !== undefined
      ? [{ ...everything, name: 'simulate', kind: 'jobs' as const, appId: null }]
      : []),
    ...app.map((appId) => ({ ...everything, name: `simulate app ${appId}`, kind: 'app' as const, appId })),
  ];
}

function secretOf(name: string | undefined): string | null {
  const secret = readSecret({ env: name ?? 'NARRATIVE_WEBHOOK_SECRET' })?.trim() || null;
  if (secret !== null || name === undefined) return secret;
  throw new CommandFailure(2, `--secret-env: ${name} is not set, nor is ${name}_FILE`);
}

/** A story that nobody hears is not begun. */
async function untilSubscribed(simulator: Simulator, reporter: Reporter, signal: AbortSignal): Promise<void> {
  const heard = () => simulator.subscriptions().some(({ status }) => status === 'active');
  if (heard()) return;
  reporter.note('The scenario begins when there is a subscription: make one with "relay subscriptions create".');
  while (!heard()) await sleep(100, undefined, { signal });
}

function storyOf(scenario: Scenario, speed: number): StoryClock {
  const { lastsMs } = timelineOf(scenario, 0);
  return createStoryClock({ lastsMs, speed, begins: scenario.beginsMs, now: nodeClock.now });
}

async function play(
  scenario: Scenario,
  story: StoryClock,
  simulator: Simulator,
  reporter: Reporter,
  { speed }: SimulateFlags,
  signal: AbortSignal,
): Promise<SentWebhook[]> {
  const timeline = timelineOf(scenario, story.beginsMs);
  const lost = timeline.happenings.filter((happening) => happening.kind !== 'stranger' && happening.webhook.lost).length;
  reporter.beginsStory({ happenings: timeline.happenings.length, lost, lastsMs: timeline.lastsMs / speed });
  const wait = (ms: number) => sleep(ms, undefined, { signal });
  return playTimeline(timeline, simulator, { speed, now: nodeClock.now, wait, signal });
}

async function until(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('Give a port from 0 to 65535.');
}

function parseAttempts(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a number from 1 to 999.');
}

function parseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Give an http(s) URL, such as http://127.0.0.1:8787/webhooks/narrative.');
}

function parseHeader(text: string): string {
  if (/^[A-Za-z0-9-]+$/.test(text)) return text;
  throw new InvalidArgumentError('Give the name of a header, such as X-Signature.');
}

function parseSpeed(text: string): number {
  const speed = /^\d+(?:\.\d+)?x?$/.test(text) ? Number.parseFloat(text) : 0;
  if (speed > 0 && speed <= 100_000) return speed;
  throw new InvalidArgumentError('Give a factor over 0 and up to 100000, such as 60x.');
}
