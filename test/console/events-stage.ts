/** A relay with an operator signed in, whose alerts go to a Slack and a PagerDuty of the test's own. */
import { afterEach, beforeEach } from 'vitest';
import { startPagerDutyStandIn, type PagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import { startSlackStandIn, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import { answerTo, jobBody, type EventSketch } from '../http/narrative-event.ts';
import { startRelayUnderTest, type RelayUnderTest } from '../http/relay-under-test.ts';
import { adminToken, signedIn, type SignedIn } from './events-visitor.ts';

const routingKey = 'FAKE0ROUTING0KEY0FOR0TESTS0ABCD1';

export const rules = `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
destinations:
  data-eng: { type: slack, token: { env: FAKE_SLACK_TOKEN }, channel: C0123ABCD }
  oncall: { type: pagerduty, routing_key: { env: FAKE_ROUTING_KEY } }
rules:
  - name: failures-page
    match: { states: [failed] }
    repeat: 12h
    send: [{ to: oncall, severity: critical }, { to: data-eng }]
  - { name: finished, match: { states: [completed] }, send: [{ to: console }] }
  - { name: stopped, match: { states: [cancelled] }, send: [{ to: console }, { to: data-eng }] }
`;

export interface EventsStage {
  relay: RelayUnderTest;
  operator: SignedIn;
  slack: SlackStandIn;
  pagerduty: PagerDutyStandIn;
  /** Sends a job's event as Narrative does, and gives its id. */
  happens(sketch: EventSketch): Promise<string>;
  /** The same with any body. */
  arrives(body: string): Promise<string>;
  /** Settles once this many deliveries have ended. */
  untilEnded(count: number): Promise<void>;
  /** Another relay, with nothing in its store. The one before has been stopped. */
  restart(): Promise<void>;
}

/** One for each test of a file. */
export function createEventsStage(): EventsStage {
  const stage = {} as EventsStage;

  beforeEach(async () => {
    stage.slack = await startSlackStandIn();
    stage.pagerduty = await startPagerDutyStandIn({ routingKeys: [routingKey] });
    await stage.restart();
  });
  afterEach(async () => {
    await stage.relay.stop();
    await Promise.all([stage.slack.close(), stage.pagerduty.close()]);
  });

  stage.restart = async () => {
    stage.relay = await startRelayUnderTest({
      rules,
      secrets: { FAKE_SLACK_TOKEN: 'xoxb-fake-token-for-tests', FAKE_ROUTING_KEY: routingKey },
      adminToken,
      settings: { slackApiUrl: stage.slack.url, pagerDutyEventsUrl: stage.pagerduty.url },
    });
    stage.operator = await signedIn(stage.relay);
  };
  stage.arrives = async (body) => {
    const { event_id: id } = await answerTo(stage.relay, body);
    return id as string;
  };
  stage.happens = (sketch) => stage.arrives(jobBody(sketch));
  stage.untilEnded = async (count) => {
    const ended = () =>
      stage.relay.sql.query<{ n: number }>("SELECT count(*) n FROM deliveries WHERE status IN ('delivered', 'dead')")[0]!.n;
    while (ended() < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return stage;
}
