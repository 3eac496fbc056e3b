/** The settings and secrets of the demo's relay. Obviously fake, and complete: nothing real can be reached with them. */

/** What the simulator's API wants. */
export const narrativeToken = 'demo-narrative-token-not-a-real-one';
export const airflowSecret = 'demo-airflow-secret-not-a-real-one';
/** Signs in to the console. */
export const operatorToken = 'demo-operator-token-not-a-real-one';
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
  /** As Narrative showed it when the subscription was made. */
  webhookSecret: string;
  narrativeUrl: string;
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
    RELAY_ADMIN_TOKEN: operatorToken,
    LOG_LEVEL: 'info',
    RELAY_PUBLIC_URL: `http://${addresses.host}:${addresses.port}`,
    NARRATIVE_API_URL: addresses.narrativeUrl,
    NARRATIVE_API_TOKEN: narrativeToken,
    // At start, and not again: its clock leaps from evening to dawn, and what is on its way is not missing yet.
    RELAY_RECONCILE_EVERY: '7d',
    NARRATIVE_WEBHOOK_SECRET: addresses.webhookSecret,
    SLACK_BOT_TOKEN: 'xoxb-demo-not-a-real-token',
    SLACK_TRIAGE_WEBHOOK: addresses.slackWebhookUrl,
    SLACK_API_URL: addresses.slackApiUrl,
    PAGERDUTY_ROUTING_KEY: routingKey,
    PAGERDUTY_EVENTS_URL: addresses.pagerDutyUrl,
    AIRFLOW_HOOK_URL: addresses.airflowUrl,
    AIRFLOW_HOOK_SECRET: airflowSecret,
  };
}
