/** What `relay simulate` tells on its terminal. With `--json` standard output has the webhooks only. */
import { styleText } from 'node:util';
import { oneLine } from '../destination/text.ts';
import { formatDuration } from '../event/time.ts';
import { stringifyJson } from '../event/json.ts';
import type { Subscription } from '../narrative/api.ts';
import type { Counts } from '../simulator/sent.ts';
import type { Simulator } from '../simulator/simulator.ts';
import type { SentWebhook } from '../simulator/tell.ts';
import { outcomeText, sentAnswer, titleOf } from '../simulator/words.ts';
import { whatInWords } from './subscription-text.ts';

export interface Introduction {
  /** False where the token may be a real one. */
  tokenIsShown: boolean;
  hasScenario: boolean;
  subscribed: readonly (Subscription & { secret: string; isMadeUp: boolean })[];
}

export interface Reporter {
  introduce(introduction: Introduction): void;
  /** `lastsMs`: on this machine's clock. */
  beginsStory(story: { happenings: number; lost: number; lastsMs: number }): void;
  note(text: string): void;
  tally(counts: Counts): void;
}

/** Tells of each webhook that has ended, too. */
export function createReporter(simulator: Simulator, { json }: { json: boolean }): Reporter {
  const stream = json ? process.stderr : process.stdout;
  const say = (text = '') => void stream.write(`${text}\n`);
  const style = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream });

  simulator.onSent((sent) => {
    if (json) process.stdout.write(`${stringifyJson(sentAnswer(sent))}\n`);
    else say(`${style('dim', new Date(sent.sentAtMs).toISOString().slice(11, 19))}  ${lineOf(sent)}`);
  });

  function lineOf({ happening, again, outcome, subscriptionId }: SentWebhook): string {
    const subscriptions = simulator.subscriptions();
    const of = subscriptions.find(({ id }) => id === subscriptionId);
    const to = subscriptions.length > 1 ? style('dim', ` (${oneLine(of?.name ?? subscriptionId)})`) : '';
    const isWell = outcome.kind === 'answered' && outcome.answer !== 'other';
    return `${oneLine(titleOf(happening))}${again ? ', again' : ''}${to} → ${style(isWell ? 'green' : 'red', oneLine(outcomeText(outcome)))}`;
  }

  return {
    introduce({ tokenIsShown, subscribed, hasScenario }) {
      say(
        `${style('bold', 'A simulated Narrative')}: nothing here is real, and nothing is kept. For the relay and its commands:`,
      );
      say(`  NARRATIVE_API_URL=${simulator.url}`);
      say(`  NARRATIVE_API_TOKEN=${tokenIsShown ? simulator.token : '(as it is set here)'}`);
      for (const { id, name, url, secret, isMadeUp } of subscribed) {
        say(`Subscription ${oneLine(name ?? id)} sends to ${url}${isMadeUp ? ', with the secret' : ''}`);
        if (isMadeUp) say(`  NARRATIVE_WEBHOOK_SECRET=${secret}`);
      }
      if (!hasScenario) {
        if (subscribed.length === 0) say('Nobody is subscribed: name a --webhook-url, or run "relay subscriptions create".');
        say('Let something fail:');
        say(`  ${curl(simulator.url, tokenIsShown ? simulator.token : '$NARRATIVE_API_TOKEN')}`);
      }
      say();
    },
    beginsStory({ happenings, lost, lastsMs }) {
      const how = lost === 0 ? '' : `, ${lost} of them without a webhook, as the scenario wants it`;
      say(
        style(
          'bold',
          `${happenings} happenings in ${formatDuration(Math.ceil(lastsMs / 1000))}${how}. Times are those of the story, in UTC.`,
        ),
      );
    },
    note: (text) => say(style('dim', text)),
    tally({ answers, promised }) {
      const { requests, ...kinds } = answers;
      const parts = Object.entries(kinds).filter(([, count]) => count > 0);
      const what = parts.map(([kind, count]) => `${count} ${kind}`).join(', ');
      const all = requests === 1 ? '1 request' : `${requests} requests`;
      say(`\n${all}${what === '' ? '' : `: ${what}`}. Deliveries promised: ${promised}.`);
    },
  };
}

/** For a story that has come to its end without one webhook. */
export function nobodyTold(subscriptions: readonly Subscription[]): string {
  const active = subscriptions.filter(({ status }) => status === 'active');
  const asked = active.map((one) => `\n  ${oneLine(one.name ?? one.id)}: ${whatInWords(one)}`);
  const why = active.length === 0 ? 'no subscription is active' : 'no subscription asks for what happens in this scenario';
  return `nobody was told of anything, ${why}: change their filters, or leave them out for all${asked.join('')}`;
}

/** In double quotes, so that a shell fills in a variable. */
function curl(url: string, token: string): string {
  const body = '{"type": "materialize-view", "state": "failed", "dataset_id": 10736}';
  return `curl ${url}/simulator/jobs -H "Authorization: Bearer ${token}" -d '${body}'`;
}
