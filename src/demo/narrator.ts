/** Tells what happens in the night, as far as it is worth a line, and what the relay answered. */
import type { Happenings } from '../simulator/play.ts';
import { titleOf } from '../simulator/scenario-timeline.ts';
import type { SentWebhook } from '../simulator/tell.ts';
import type { Happening } from '../simulator/timeline.ts';
import type { Answer, ExpectedWebhook } from './expected.ts';
import type { Screen } from './screen.ts';

export interface Narrator {
  /** `sent`: what came of the webhooks that were sent at once. Resolves when it is told. */
  tell(happenings: Happenings, sent: Promise<SentWebhook[]>): Promise<void>;
  /** What came of any webhook. */
  noteSent(sent: SentWebhook): void;
  /** Of the webhooks so far, those that were given up since nobody was there. */
  givenUp(): number;
}

export interface NarratorOptions {
  night: readonly ExpectedWebhook[];
  /** When the story begins, epoch ms. */
  beginsMs: number;
}

export function createNarrator({ night, beginsMs }: NarratorOptions, screen: Screen): Narrator {
  const webhooks = night.filter(({ answer }) => answer !== 'found');
  const expected = Map.groupBy(webhooks, ({ happening }) => happening);
  let count = 0;
  let givenUp = 0;

  /** A line for what is worth one: what has a note, and answers that nobody expected. */
  function line(atMs: number, note: string | null, sent: readonly SentWebhook[], meant: readonly Answer[]): string | null {
    const asMeant = listed(sent.map(answerTo)) === listed(meant);
    if (asMeant && note === null) return null;
    const what = `\n${screen.style('dim', clockTime(beginsMs + atMs))} ${note ?? `webhook ${sent[0]?.eventId ?? ''}`}`;
    const answers = `→ ${summary(sent)}`;
    return `${what} ${asMeant ? screen.style('dim', answers) : screen.style('red', `${answers}, expected: ${listed(meant)}`)}`;
  }

  return {
    async tell(happenings, sent) {
      const [{ atMs, note }] = happenings;
      screen.progress(`${clockTime(beginsMs + atMs)}  webhook ${count} of ${webhooks.length}`);
      const meant = happenings.filter((happening) => !isLate(happening)).flatMap((happening) => expected.get(happening) ?? []);
      const answers = meant.filter(({ again }) => !again).map(({ answer }) => answer);
      await screen.hold(async () => line(atMs, note, await sent, answers));
    },
    noteSent(sent) {
      count += 1;
      if (answerTo(sent) === 'given-up') givenUp += 1;
      const { happening, again } = sent;
      if (!again && !isLate(happening)) return;
      const meant = expected.get(happening)?.find((webhook) => webhook.again === again);
      const note = again ? 'the same webhook again, byte for byte' : `late: ${nameOf(happening)}`;
      const told = meant && line(meant.atMs, note, [sent], [meant.answer]);
      if (told) screen.say(told);
    },
    givenUp: () => givenUp,
  };
}

/** `08:30`, UTC. */
export function clockTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 16);
}

function isLate(happening: Happening): boolean {
  return happening.kind !== 'stranger' && happening.webhook.delayMs > 0;
}

function nameOf(happening: Happening): string {
  switch (happening.kind) {
    case 'job':
      return titleOf(happening.job);
    case 'app':
      return happening.eventType.replaceAll('.', ' ');
    case 'stranger':
      return 'a stranger';
  }
}

/** In no particular order: of two subscriptions the one or the other is faster. */
function listed(answers: readonly string[]): string {
  const counts = Map.groupBy([...answers].sort(), (answer) => answer);
  return [...counts].map(([answer, all]) => (all.length === 1 ? answer : `${all.length} × ${answer}`)).join(', ');
}

/** One that was given up was refused, or the relay isn't there. */
function answerTo({ outcome }: SentWebhook): string {
  if (outcome.kind === 'answered') return outcome.answer;
  return /^HTTP 4(?!29)\d\d$/.test(outcome.last) ? 'refused' : 'given-up';
}

function summary(all: readonly SentWebhook[]): string {
  const [first] = all;
  if (first === undefined) return 'nobody is told';
  if (all.length === 1) return inWords(first);
  const [accepted, others] = [true, false].map((is) => all.filter((sent) => (answerTo(sent) === 'accepted') === is));
  if (others!.length === 0) return `all ${all.length} accepted`;
  if (all.length > 2) return listed(all.map(answerTo));
  return [...accepted!, ...others!].map(inWords).join('; by an overlapping subscription: ');
}

function inWords(sent: SentWebhook): string {
  const { outcome } = sent;
  if (outcome.kind === 'answered') {
    const { answer, deliveries } = outcome;
    return answer === 'accepted' ? `accepted, ${deliveries === 1 ? '1 delivery' : `${deliveries} deliveries`}` : answer;
  }
  const refused = answerTo(sent) === 'refused' || outcome.last.startsWith('HTTP');
  return refused ? outcome.last : `no answer, given up after ${outcome.attempts} attempts`;
}
