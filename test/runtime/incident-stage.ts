/** A relay of a test's own between the stand-ins for Slack and PagerDuty, and waits that end with what arrives there. */
import type { TestContext } from 'vitest';
import { startPagerDutyStandIn, type PagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import type { ChannelMessage } from '../../src/demo/slack-channels.ts';
import { startSlackStandIn, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import { prepareRelay, type PreparedRelay } from './prepare-relay.ts';
import { jobEvent, post, type JobEvent } from './signed-event.ts';

export const adminToken = 'operator-token-not-a-real-one';
const channels = { 'data-eng': 'C0DATAENG', triage: 'C0TRIAGE' } as const;
/** Longest wait for something to arrive, ms. */
const patienceMs = 18_000;

export interface IncidentStage {
  prepared: PreparedRelay;
  slack: SlackStandIn;
  pagerDuty: PagerDutyStandIn;
  /** The messages of a channel that are no replies. */
  roots(name: keyof typeof channels): ChannelMessage[];
  /** Resolves in the moment in which an arrival makes it true; rejects, with what was waited for, when none does. */
  until(what: string, holds: () => boolean): Promise<void>;
}

export interface Datasets {
  /** Each a little later than the one before. Resolves when it is acknowledged. */
  fails(id: string, datasetId?: number): Promise<void>;
  completes(id: string, datasetId?: number): Promise<void>;
}

/** What Narrative tells of jobs, in the order in which it happens. */
export function datasetsAt(url: () => string): Datasets {
  let minute = 0;
  async function tell(event: JobEvent): Promise<void> {
    const response = await post(url(), jobEvent({ ...event, minute: (minute += 1), message: `${event.id}: out of memory` }));
    if (response.status !== 202) throw new Error(`${event.id} was answered with ${response.status}: ${await response.text()}`);
  }
  return {
    fails: (id, datasetId = 10736) => tell({ id, state: 'failed', datasetId }),
    completes: (id, datasetId = 10736) => tell({ id, state: 'completed', datasetId }),
  };
}

/** `rules`: YAML from the key `rules` on. */
export async function openIncidentStage(context: Pick<TestContext, 'onTestFinished'>, rules: string): Promise<IncidentStage> {
  const slack = await startSlackStandIn();
  const pagerDuty = await startPagerDutyStandIn();
  context.onTestFinished(async () => {
    await Promise.all([slack.close(), pagerDuty.close()]);
  });
  const prepared = prepareRelay(context, {
    rules: withDestinations(rules),
    secrets: {
      SLACK_API_URL: slack.url,
      PAGERDUTY_EVENTS_URL: pagerDuty.url,
      SLACK_BOT_TOKEN: 'xoxb-not-a-real-token',
      PAGERDUTY_ROUTING_KEY: 'INCIDENTROUTINGKEYNOTAREALONE000',
      RELAY_ADMIN_TOKEN: adminToken,
    },
  });
  const waiting = new Set<() => void>();
  const look = () => waiting.forEach((check) => check());
  slack.on(look);
  pagerDuty.on(look);
  pagerDuty.onResolve(look);

  return {
    prepared,
    slack,
    pagerDuty,
    roots: (name) => slack.channel(channels[name]),
    until: (what, holds) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          const arrived = slack.messages.map(({ kind, channel, text }) => `${kind} in ${channel}: ${text}`);
          end(() => reject(new Error([`waited in vain until ${what}; Slack got:`, ...arrived].join('\n  '))));
        }, patienceMs);
        const check = () => {
          if (holds()) end(resolve);
        };
        function end(how: () => void): void {
          clearTimeout(late);
          waiting.delete(check);
          how();
        }
        waiting.add(check);
        check();
      }),
  };
}

/** The pace is generous: nothing is to be waited for but what the rules say. */
export function withDestinations(rules: string): string {
  return `version: 1
subscriptions: { production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }] } }
destinations:
  data-eng: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: ${channels['data-eng']}, pace: 100/s, fallback: triage }
  triage: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: ${channels.triage}, pace: 100/s }
  oncall: { type: pagerduty, routing_key: { env: PAGERDUTY_ROUTING_KEY }, pace: 100/s }
${rules}`;
}
