/** Everything that a proof needs around the relay: a folder of its own, rules, secrets, and the other end of each destination. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channels, httpSecret, routingKey, startWitness, type Witness } from './witness.ts';

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

/** The pace is generous: what is tested is what survives, not how slowly. */
const rules = `version: 1
subscriptions:
  production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }] }
destinations:
  data-eng: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: ${channels['data-eng']}, pace: 1000/s, fallback: triage }
  triage: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: ${channels.triage}, pace: 1000/s }
  oncall: { type: pagerduty, routing_key: { env: PAGERDUTY_ROUTING_KEY }, pace: 1000/s, fallback: triage }
  airflow: { type: http, url: { env: AIRFLOW_HOOK_URL }, secret: { env: AIRFLOW_HOOK_SECRET }, fallback: triage }
defaults:
  subject: "{{ job.type }}/{{ job.input.dataset_id | default: job.id }}"
rules:
  - name: failures
    match: { states: [failed, running], job_types: [datasets_deliver_data, models_deliver_model] }
    send: [{ to: data-eng }, { to: oncall }, { to: airflow }]
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
    }),
    editRules: (comment) => writeFileSync(rulesFile, `# ${comment}\n${rules}`),
    breakRules: () => writeFileSync(rulesFile, `${rules}no_such_key: 1\n`),
    async close() {
      await witness.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
