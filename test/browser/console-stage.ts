/** A relay that had a bad night, between the stand-ins for Slack and PagerDuty: what the console has to tell of. */
import type { TestContext } from 'vitest';
import { startHttpReceiver, type HttpReceiver } from '../../src/demo/http-receiver.ts';
import { startPagerDutyStandIn, type PagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import { startSlackStandIn, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import { prepareRelay, type PreparedRelay } from '../runtime/prepare-relay.ts';
import { post } from '../runtime/signed-event.ts';

export const adminToken = 'operators-token-not-a-real-one';

const rules = `version: 1
subscriptions: { production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }] } }
destinations:
  data-eng: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: C0DATAENG, pace: 100/s, fallback: triage }
  triage: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: C0TRIAGE, pace: 100/s }
  oncall: { type: pagerduty, routing_key: { env: PAGERDUTY_ROUTING_KEY }, pace: 100/s }
  airflow: { type: http, url: { env: AIRFLOW_URL }, secret: { env: AIRFLOW_SECRET } }
owners:
  - { match: { dataset_ids: [10736] }, mention: "<!subteam^S0ABC>", runbook: "https://wiki.example.com/10736" }
rules:
  - name: deliveries-page
    match: { states: [failed], job_types: [datasets_deliver_data] }
    repeat: 12h
    recover: true
    send: [{ to: oncall, severity: critical }, { to: data-eng }]
  - name: morning-digest
    match: { states: [completed] }
    digest: { at: "08:30", timezone: America/New_York }
    send: [{ to: data-eng }]
  - name: views-to-airflow
    match: { states: [completed], job_types: [materialize-view] }
    send: [{ to: airflow }]
unmatched: { states: [failed], send: [{ to: triage }] }
`;

export interface Told {
  /** Narrative's id for the webhook; that of the job is made from it. */
  id: string;
  state: 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  type: string;
  datasetId: number;
  /** What a failure says. */
  message?: string;
  /** Epoch ms; when it happened. */
  atMs: number;
}

export interface ConsoleStage {
  prepared: PreparedRelay;
  slack: SlackStandIn;
  pagerDuty: PagerDutyStandIn;
  airflow: HttpReceiver;
  /** Posts it, signed, to the relay at `url`. Resolves when it is acknowledged. */
  tell(url: string, told: Told): Promise<void>;
}

export async function openConsoleStage(context: Pick<TestContext, 'onTestFinished'>): Promise<ConsoleStage> {
  const [slack, pagerDuty, airflow] = await Promise.all([startSlackStandIn(), startPagerDutyStandIn(), startHttpReceiver()]);
  context.onTestFinished(async () => {
    await Promise.all([slack.close(), pagerDuty.close(), airflow.close()]);
  });
  const prepared = prepareRelay(context, {
    rules,
    secrets: {
      SLACK_API_URL: slack.url,
      PAGERDUTY_EVENTS_URL: pagerDuty.url,
      AIRFLOW_URL: `${airflow.url}/hooks/narrative`,
      AIRFLOW_SECRET: 'airflow-hook-secret-not-real',
      SLACK_BOT_TOKEN: 'xoxb-not-a-real-token',
      PAGERDUTY_ROUTING_KEY: 'CONSOLEROUTINGKEYNOTAREALONE0000',
      RELAY_ADMIN_TOKEN: adminToken,
    },
  });
  return {
    prepared,
    slack,
    pagerDuty,
    airflow,
    async tell(url, told) {
      const response = await post(url, webhook(told));
      if (response.status !== 202) throw new Error(`${told.id} was answered with ${response.status}: ${await response.text()}`);
    },
  };
}

function webhook({ id, state, type, datasetId, message = 'out of memory', atMs }: Told): Uint8Array {
  const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 23)}000`;
  const data = {
    job_id: `job-${id}`,
    state,
    type,
    input: { dataset_id: datasetId },
    request_source: { type: 'process', name: 'nightly-refresh' },
    created_at: at(atMs - 600_000),
    updated_at: at(atMs),
    failures: state === 'failed' ? [{ message, timestamp: at(atMs) }] : [],
  };
  return new TextEncoder().encode(JSON.stringify({ id, type: `job.${state}`, created_at: at(atMs), data }));
}
