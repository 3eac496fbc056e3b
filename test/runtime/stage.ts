/** Everything that a proof needs around the relay: a folder of its own, rules, secrets, and the other end of each destination. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { incidentTypes } from './incident-stream.ts';
import { channels, httpSecret, incidentRoutingKey, routingKey, startWitness, type Witness } from './witness.ts';

export const webhookSecret = 'proof-webhook-secret-not-a-real-one';
const slackToken = 'xoxb-proof-not-a-real-token';

export interface ProofStage {
  folder: string;
  databasePath: string;
  rulesPath: string;
  witness: Witness;
  /** For a relay on this stage. `port` 0 takes a free one. */
  environment(port: number): Record<string, string>;
  /** Writes the rules anew, as an edit that changes nothing but the version in force. */
  editRules(comment: string): void;
  /** Writes rules that must be refused. */
  breakRules(): void;
  close(): Promise<void>;
}

/** Of the rules that have incidents, ms: short, so that kills fall into each of them. */
export const timing = { holdMs: 1_000, repeatMs: 2_000, everyMs: 1_000 };

/** The pace is generous: what is tested is what survives, not how slowly. */
const rules = `version: 1
subscriptions:
  production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }] }
destinations:
  data-eng: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: ${channels['data-eng']}, pace: 1000/s, fallback: triage }
  triage: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: ${channels.triage}, pace: 1000/s }
  oncall: { type: pagerduty, routing_key: { env: PAGERDUTY_ROUTING_KEY }, pace: 1000/s, fallback: triage }
  incidents: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: ${channels.incidents}, pace: 1000/s }
  pager: { type: pagerduty, routing_key: { env: PAGERDUTY_INCIDENT_KEY }, pace: 1000/s }
  airflow: { type: http, url: { env: AIRFLOW_HOOK_URL }, secret: { env: AIRFLOW_HOOK_SECRET }, fallback: triage }
defaults:
  subject: "{{ job.type }}/{{ job.input.dataset_id | default: job.id }}"
rules:
  - name: failures
    match: { states: [failed, running], job_types: [datasets_deliver_data, models_deliver_model] }
    send: [{ to: data-eng }, { to: oncall }, { to: airflow }]
  - name: held
    match: { states: [failed], job_types: [${incidentTypes.held}] }
    hold: ${timing.holdMs / 1000}s
    recover: true
    send: [{ to: incidents }, { to: pager }]
  - name: repeated
    match: { states: [failed], job_types: [${incidentTypes.repeated}] }
    repeat: ${timing.repeatMs / 1000}s
    recover: true
    send: [{ to: incidents }, { to: pager }]
  - name: grouped
    match: { states: [failed], job_types: [${incidentTypes.grouped}] }
    group: { by: [job.data_plane_id], wait: 1s, every: ${timing.everyMs / 1000}s }
    recover: true
    send: [{ to: incidents }, { to: pager }]
`;

export async function openProofStage(): Promise<ProofStage> {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-proof-'));
  const databasePath = join(folder, 'relay.db');
  const rulesPath = mkdtempSync(join(folder, 'rules-'));
  const rulesFile = join(rulesPath, 'relay.yaml');
  writeFileSync(rulesFile, rules);
  const witness = await startWitness();
  return {
    folder,
    databasePath,
    rulesPath,
    witness,
    environment: (port) => ({
      PORT: String(port),
      RELAY_RULES: rulesPath,
      RELAY_DB: databasePath,
      SLACK_API_URL: witness.slackApiUrl,
      PAGERDUTY_EVENTS_URL: witness.pagerDutyUrl,
      AIRFLOW_HOOK_URL: witness.httpUrl,
      AIRFLOW_HOOK_SECRET: httpSecret,
      NARRATIVE_WEBHOOK_SECRET: webhookSecret,
      SLACK_BOT_TOKEN: slackToken,
      PAGERDUTY_ROUTING_KEY: routingKey,
      PAGERDUTY_INCIDENT_KEY: incidentRoutingKey,
    }),
    editRules: (comment) => writeFileSync(rulesFile, `# ${comment}\n${rules}`),
    breakRules: () => writeFileSync(rulesFile, `${rules}no_such_key: 1\n`),
    async close() {
      await witness.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
