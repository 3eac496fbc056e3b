/** A relay with an operator signed in, that sends to an Airflow and a Slack of the test's own, which can refuse what they get. */
import { afterEach, beforeEach } from 'vitest';
import { startHttpReceiver, type HttpReceiver } from '../../src/demo/http-receiver.ts';
import { startSlackStandIn, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import { deliveryId } from '../../src/event/id.ts';
import { answerTo } from '../http/narrative-event.ts';
import { startRelayUnderTest, type RelayUnderTest } from '../http/relay-under-test.ts';
import { adminToken, signedIn, type SignedIn } from './events-visitor.ts';

const rules = `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
destinations:
  airflow: { type: http, url: { env: FAKE_AIRFLOW_URL }, secret: { env: FAKE_AIRFLOW_SECRET } }
  data-eng: { type: slack, token: { env: FAKE_SLACK_TOKEN }, channel: C0123ABCD, pace: 100/s }
rules:
  - { name: views-to-airflow, match: { states: [completed], job_types: [materialize-view] }, send: [{ to: airflow }] }
  - { name: failures, match: { states: [failed] }, recover: true, repeat: 12h, send: [{ to: data-eng, severity: critical }] }
`;

export interface DeliveriesStage {
  relay: RelayUnderTest;
  operator: SignedIn;
  airflow: HttpReceiver;
  slack: SlackStandIn;
  /** A view of each dataset is done, which is sent to Airflow. */
  done(...datasets: number[]): Promise<void>;
  /** The delivery of a dataset fails, which Slack is told of; or it completes. */
  delivers(dataset: number, state: 'failed' | 'completed'): Promise<void>;
  /** Ids of those that stand so, the first first. */
  ids(status: string): string[];
  /** Settles once so many stand so. */
  until(status: string, count: number): Promise<void>;
  /** The same with so many views of datasets from 1 on, that Airflow refuses for good. */
  withDead(count: number): Promise<void>;
}

export const refusal = { kind: 'status', status: 422 } as const;

/** One for each test of a file. */
export function createDeliveriesStage(): DeliveriesStage {
  const stage = {} as DeliveriesStage;

  beforeEach(async () => {
    [stage.airflow, stage.slack] = await Promise.all([startHttpReceiver(), startSlackStandIn()]);
    stage.relay = await startRelayUnderTest({
      rules,
      secrets: {
        FAKE_AIRFLOW_URL: `${stage.airflow.url}/hooks/narrative`,
        FAKE_AIRFLOW_SECRET: 'airflow-hook-secret-not-real',
        FAKE_SLACK_TOKEN: 'xoxb-fake-token-for-tests',
      },
      adminToken,
      settings: { slackApiUrl: stage.slack.url },
    });
    stage.operator = await signedIn(stage.relay);
  });
  afterEach(async () => {
    await stage.relay.stop();
    await Promise.all([stage.airflow.close(), stage.slack.close()]);
  });

  let told = 0;
  const tell = (state: string, type: string, dataset: number) => answerTo(stage.relay, bodyOf(state, type, dataset, (told += 1)));

  stage.done = async (...datasets) => {
    for (let i = 0; i < datasets.length; i += 100) {
      const some = datasets.slice(i, i + 100);
      await Promise.all(some.map((dataset) => tell('completed', 'materialize-view', dataset)));
    }
  };
  stage.delivers = async (dataset, state) => void (await tell(state, 'datasets_deliver_data', dataset));
  stage.ids = (status) =>
    stage.relay.sql
      .query<{ eventSeq: number; n: number }>(
        'SELECT event_seq AS eventSeq, n FROM deliveries WHERE status = ? ORDER BY event_seq, n',
        status,
      )
      .map(deliveryId);
  stage.until = async (status, count) => {
    const standing = () =>
      stage.relay.sql.query<{ n: number }>('SELECT count(*) n FROM deliveries WHERE status = ?', status)[0]!.n;
    while (standing() < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  stage.withDead = async (count) => {
    stage.airflow.answerWith(() => refusal);
    await stage.done(...Array.from({ length: count }, (_, i) => i + 1));
    await stage.until('dead', count);
    stage.airflow.answerWith(() => null);
  };
  return stage;
}

/** `nth`: later ones happened later. */
function bodyOf(state: string, type: string, dataset: number, nth: number): string {
  const at = `${new Date(Date.UTC(2026, 2, 2, 9) + nth).toISOString().slice(0, 23)}000`;
  const failures = state === 'failed' ? [{ message: 'out of memory', timestamp: at }] : [];
  const data = { job_id: `job-${nth}`, state, type, input: { dataset_id: dataset }, created_at: at, updated_at: at, failures };
  return JSON.stringify({ id: `whe-${nth}`, type: `job.${state}`, created_at: at, data });
}
