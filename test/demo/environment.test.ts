import { expect, test } from 'vitest';
import { relayEnvironment, routingKey } from '../../src/demo/environment.ts';

const addresses = {
  databasePath: '/tmp/demo/relay.db',
  rulesPath: '/srv/rules',
  host: '127.0.0.1',
  port: 4711,
  slackApiUrl: 'http://127.0.0.1:1/api/',
  slackWebhookUrl: 'http://127.0.0.1:1/services/triage',
  pagerDutyUrl: 'http://127.0.0.1:2',
  airflowUrl: 'http://127.0.0.1:3/hooks',
  webhookSecret: 'shown-once-and-not-real',
  narrativeUrl: 'http://127.0.0.1:4',
};

test('nothing real in the shell of whoever runs the demo reaches its relay', () => {
  const shell = {
    PATH: '/usr/bin',
    SLACK_BOT_TOKEN: 'xoxb-pretend-this-is-real',
    SLACK_BOT_TOKEN_FILE: '/run/secrets/slack',
    PAGERDUTY_ROUTING_KEY_FILE: '/run/secrets/pagerduty',
    RELAY_ADMIN_TOKEN: 'pretend-this-is-real',
    HTTPS_PROXY: 'http://proxy.example.com',
    NODE_OPTIONS: '--inspect',
  };
  const environment = relayEnvironment(addresses, shell);
  expect(environment.PATH).toBe('/usr/bin');
  expect(environment.NARRATIVE_WEBHOOK_SECRET).toBe('shown-once-and-not-real');
  expect(environment.SLACK_BOT_TOKEN).toBe('xoxb-demo-not-a-real-token');
  expect(JSON.stringify(environment)).not.toMatch(/pretend|proxy|_FILE|NODE_OPTIONS/);
});

test('everything that the relay sends goes to this machine', () => {
  const urls = Object.entries(relayEnvironment(addresses, {})).filter(([name]) => /URL$|WEBHOOK$/.test(name));
  expect(urls.map(([name]) => name).sort()).toEqual([
    'AIRFLOW_HOOK_URL',
    'NARRATIVE_API_URL',
    'PAGERDUTY_EVENTS_URL',
    'RELAY_PUBLIC_URL',
    'SLACK_API_URL',
    'SLACK_TRIAGE_WEBHOOK',
  ]);
  for (const [, url] of urls) expect(new URL(url).hostname).toBe('127.0.0.1');
  expect(routingKey).toHaveLength(32);
});
