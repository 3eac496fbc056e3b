/** What the relay under test runs with: its rules, its secrets, and where Slack and PagerDuty are. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { routingKey } from '../src/demo/environment.ts';
import { secret } from './request.ts';

export interface Setup {
  /** A folder of its own. */
  folder: string;
  slackApiUrl: string;
  pagerDutyUrl: string;
  /** On both destinations; null for their defaults. */
  pace: string | null;
  /** The rule that matches follows incidents: each failure is counted under its subject's, and sent. */
  incidents: boolean;
}

/** Writes the rules and returns the environment. */
export function setUpRelay({ folder, slackApiUrl, pagerDutyUrl, pace, incidents }: Setup): Record<string, string> {
  const rules = join(folder, 'rules');
  mkdirSync(rules, { recursive: true });
  writeFileSync(join(rules, 'relay.yaml'), rulesText(pace, incidents));
  return {
    HOST: '127.0.0.1',
    RELAY_RULES: rules,
    RELAY_DB: join(folder, 'relay.db'),
    NARRATIVE_WEBHOOK_SECRET: secret,
    SLACK_BOT_TOKEN: 'xoxb-bench-not-a-real-token',
    SLACK_API_URL: slackApiUrl,
    PAGERDUTY_ROUTING_KEY: routingKey,
    PAGERDUTY_EVENTS_URL: pagerDutyUrl,
  };
}

/** Ten rules, one of which sends the bench's events to two destinations. */
function rulesText(pace: string | null, incidents: boolean): string {
  const paced = pace === null ? '' : `, pace: ${pace}`;
  const others = [
    'materialize-view',
    'upload-stats',
    'forecast',
    'nql-*',
    'costs',
    '*_training_run',
    'datasets_sample',
    'models_*',
  ]
    .map((type, i) => `  - { name: other-${i}, match: { states: [failed], job_types: ['${type}'] }, send: [{ to: data-eng }] }`)
    .join('\n');
  return `version: 1
subscriptions:
  production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }] }
destinations:
  data-eng: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: C0BENCH00${paced} }
  oncall: { type: pagerduty, routing_key: { env: PAGERDUTY_ROUTING_KEY }${paced} }
rules:
  - name: deliveries-page
    match: { states: [failed], job_types: [datasets_deliver_data, 'models_deliver_*'] }
    send: [{ to: oncall, severity: critical }, { to: data-eng }]
${incidents ? '    recover: true\n' : ''}${others}
  - { name: long, match: { states: [completed], when: job.duration_s > 3600 }, send: [{ to: data-eng }] }
`;
}
