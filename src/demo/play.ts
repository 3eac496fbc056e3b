/** Plays the night: sends its webhooks when their time comes, and says what is notable about them. */
import type { Step } from './night.ts';
import type { RelayProcess } from './relay-process.ts';
import type { Screen } from './screen.ts';
import type { Sender, Sent } from './sender.ts';

/** Requests of a burst that are in the air at once. */
const atOnce = 16;

export interface PlayOptions {
  sender: Sender;
  relay: Pick<RelayProcess, 'ended'>;
  screen: Screen;
  wait: (ms: number) => Promise<void>;
  /** Resolves when a burst may begin. */
  beforeBurst: (burst: string) => Promise<void>;
}

/** One webhook after the other, so that what depends on an earlier one comes after its answer; but bursts at once. */
export async function playNight(
  night: readonly Step[],
  { sender, relay, screen, wait, beforeBurst }: PlayOptions,
): Promise<void> {
  const startedAtMs = Date.now();
  let count = 0;
  for (const steps of together(night)) {
    const [first] = steps;
    await wait(Math.max(0, startedAtMs + first.afterMs - Date.now()));
    if (first.burst !== null) await beforeBurst(first.burst);
    const ended = relay.ended();
    if (ended !== null) throw new Error(ended);
    count += steps.length;
    screen.progress(`${clock(first)}  webhook ${count} of ${night.length}`);
    await screen.hold(async () => {
      const all = await sendAll(steps, sender);
      return timelineEntry(first, unexpected(steps, all), summary(all), screen);
    });
  }
  screen.progress(null);
}

type Steps = [Step, ...Step[]];

function together(night: readonly Step[]): Steps[] {
  const groups: Steps[] = [];
  for (const step of night) {
    const last = groups.at(-1);
    if (last !== undefined && step.burst !== null && last[0].burst === step.burst) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

async function sendAll(steps: Steps, sender: Sender): Promise<Sent[]> {
  const all: Sent[] = [];
  const queue = steps.entries();
  const sendNext = async () => {
    for (const [i, step] of queue) all[i] = await send(step, sender);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, steps.length) }, sendNext));
  return all;
}

function send({ eventId: id, body, kind }: Step, sender: Sender): Promise<Sent> {
  // A forger signs with what he has, and doesn't insist.
  return sender.send(kind === 'forged' ? { id, body, secret: 'a-guessed-secret', maxAttempts: 1 } : { id, body });
}

/** The first answer that nobody expected; null for none. */
function unexpected(steps: Steps, all: readonly Sent[]): string | null {
  const wrong = steps.findIndex((step, i) => !asExpected(step, all[i]!));
  return wrong < 0 ? null : `→ ${answerOf(all[wrong]!)}, expected: ${steps[wrong]!.expected}`;
}

function asExpected({ expected }: Step, sent: Sent): boolean {
  return sent.kind === 'gave-up' ? expected === 'refused' : sent.answer === expected;
}

function summary(all: readonly Sent[]): string {
  return all.length === 1 ? answerOf(all[0]!) : `all ${all.length} accepted`;
}

/** A line for what is worth one: the night's special moments, and answers that nobody expected. */
function timelineEntry(step: Step, wrong: string | null, answers: string, screen: Screen): string | null {
  if (wrong === null && step.note === null) return null;
  const what = `\n${screen.style('dim', clock(step))} ${step.note ?? `webhook ${step.eventId}`}`;
  return `${what} ${wrong === null ? screen.style('dim', `→ ${answers}`) : screen.style('red', wrong)}`;
}

function answerOf(sent: Sent): string {
  if (sent.kind === 'gave-up') return sent.last;
  if (sent.answer !== 'accepted') return sent.answer;
  return `accepted, ${sent.deliveries === 1 ? '1 delivery' : `${sent.deliveries} deliveries`}`;
}

function clock({ sentAtMs }: Step): string {
  return new Date(sentAtMs).toISOString().slice(11, 16);
}
