/** The settings and secrets of the demo's relay. Obviously fake, and complete: nothing real can be reached with them. */

export const webhookSecret = 'demo-webhook-secret-not-a-real-one';
export const airflowSecret = 'demo-airflow-secret-not-a-real-one';
/** 32 characters, as PagerDuty's are. */
export const routingKey = 'DEMOROUTINGKEYTHATISNOTAREALONE0';

export interface Addresses {
  databasePath: string;
  rulesPath: string;
  host: string;
  port: number;
  slackApiUrl: string;
  slackWebhookUrl: string;
  pagerDutyUrl: string;
  airflowUrl: string;
}

/**
 * Everything that the relay sees. Of this process's own environment only what finds programs and temporary files: a real
 * token or a proxy in the reader's shell must not turn the demo into messages to real people.
 */
export function relayEnvironment(addresses: Addresses, own: Record<string, string | undefined>): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'SystemRoot'].flatMap((name) => {
    const value = own[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    HOST: addresses.host,
    PORT: String(addresses.port),
    RELAY_RULES: addresses.rulesPath,
    RELAY_DB: addresses.databasePath,
    LOG_LEVEL: 'info',
    NARRATIVE_WEBHOOK_SECRET: webhookSecret,
    SLACK_BOT_TOKEN: 'xoxb-demo-not-a-real-token',
    SLACK_TRIAGE_WEBHOOK: addresses.slackWebhookUrl,
    SLACK_API_URL: addresses.slackApiUrl,
    PAGERDUTY_ROUTING_KEY: routingKey,
    PAGERDUTY_EVENTS_URL: addresses.pagerDutyUrl,
    AIRFLOW_HOOK_URL: addresses.airflowUrl,
    AIRFLOW_HOOK_SECRET: airflowSecret,
  };
}
