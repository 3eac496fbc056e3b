/** One incident in one Slack channel, over real HTTP: the stand-in, and what is sent to it. */
import { afterEach, beforeEach } from 'vitest';
import type { Fault } from '../../src/demo/faults.ts';
import { startSlackStandIn, type SlackRequest, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import type { Destination, Outgoing } from '../../src/destination/destination.ts';
import { createSlackDestination } from '../../src/destination/slack.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { clock, completedContent, delivery, failedWith, incident, noSignal, recovered } from './example-delivery.ts';

export const channel = 'C0123ABCD';
export const mention = '<!subteam^S0DATA>';
export const owners = [{ mention, runbook: null }];
export const { render } = createTemplates();

export const remind = (root: Outgoing['root']): Partial<Outgoing> => ({
  root,
  deliveryId: 'dlv_2',
  content: failedWith('Out of memory'),
  incident: incident({ act: 'remind', failures: 2, lastSaid: 'Out of memory' }),
});
export const count = (root: Outgoing['root']): Partial<Outgoing> => ({
  ...remind(root),
  incident: incident({ act: 'count', failures: 2, lastSaid: 'Out of memory' }),
});
export const recover = (root: Outgoing['root']): Partial<Outgoing> => ({
  root,
  deliveryId: 'dlv_3',
  content: completedContent(),
  incident: recovered(),
});
export const ended = (root: Outgoing['root']): Partial<Outgoing> => ({ ...recover(root), incident: recovered({ act: 'count' }) });

export const isReply = ({ fields }: SlackRequest) => fields.thread_ts !== undefined;

/** A Slack of its own for each test of a file; fails one in which Slack had something to find fault with. */
export function createSlackStage() {
  let slack: SlackStandIn;

  beforeEach(async () => {
    slack = await startSlackStandIn({ mentions: [mention] });
  });
  afterEach(async () => {
    await slack.close();
    if (slack.problems.length > 0) throw new Error(slack.problems.join('\n'));
  });

  function destination(to = channel): Destination {
    const config = {
      name: 'data-eng',
      fallback: null,
      pace: null,
      token: 'xoxb-fake-token-for-tests',
      channel: to,
      timeoutMs: 150,
    };
    return createSlackDestination(config, { fetch, clock, render, apiUrl: slack.url });
  }

  const send = (changes: Partial<Outgoing>, to = destination()) => to.send(delivery({ owners, ...changes }), noSignal);

  return {
    get slack() {
      return slack;
    },
    destination,
    send,
    /** The incident's first message, and its receipt as the outbox keeps it. */
    async opened(): Promise<Record<string, string>> {
      const outcome = await send({ incident: incident() });
      if (outcome.kind !== 'delivered' || !outcome.receipt) throw new Error(`not opened: ${outcome.detail}`);
      return outcome.receipt;
    },
    shown: () => slack.channel(channel),
    /** Fails the requests of one method, or of those that it is asked about. */
    failing(method: SlackRequest['method'], fault: Fault, which: (request: SlackRequest) => boolean = () => true): void {
      slack.answerWith((_n, request) => (request.method === method && which(request) ? fault : null));
    },
  };
}
