import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHttpReceiver, type HttpReceiver } from '../../src/demo/http-receiver.ts';
import { startPagerDutyStandIn, type PagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import { startSlackStandIn, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import { relay } from './relay-command.ts';

let slack: SlackStandIn;
let pagerDuty: PagerDutyStandIn;
let airflow: HttpReceiver;
let env: Record<string, string>;

beforeAll(async () => {
  [slack, pagerDuty, airflow] = await Promise.all([startSlackStandIn(), startPagerDutyStandIn(), startHttpReceiver()]);
  env = {
    NARRATIVE_WEBHOOK_SECRET: 'fake-webhook-secret',
    SLACK_BOT_TOKEN: 'xoxb-fake-token',
    SLACK_TRIAGE_WEBHOOK: slack.webhookUrl('triage'),
    SLACK_API_URL: slack.url,
    PAGERDUTY_ROUTING_KEY: 'FAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE',
    PAGERDUTY_EVENTS_URL: pagerDuty.url,
    AIRFLOW_HOOK_URL: airflow.url,
    AIRFLOW_HOOK_SECRET: 'fake-airflow-secret',
  };
});
afterAll(() => Promise.all([slack.close(), pagerDuty.close(), airflow.close()]));

describe('relay send-test', () => {
  test.each(['data-eng', 'triage', 'oncall', 'airflow'])(
    'sends one message to %s that says that nothing is broken',
    async (name) => {
      const before = [slack.messages.length, pagerDuty.events.length, airflow.requests.length];
      const { status, stdout, stderr } = await relay(['send-test', name], { env });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^✓ ${name} \\(\\w+\\) took the message`));
      const after = [slack.messages.length, pagerDuty.events.length, airflow.requests.length];
      expect(after.reduce((a, b) => a + b) - before.reduce((a, b) => a + b)).toBe(1);
      expect([...slack.problems, ...pagerDuty.problems, ...airflow.problems]).toEqual([]);
    },
  );

  test('sends the alert for an event with --event, marked as a test', async () => {
    const { status } = await relay(['send-test', 'data-eng', '--event', 'test/fixtures/events/job-failed-kb.json'], { env });
    expect(status).toBe(0);
    const sent = JSON.stringify(slack.messages.at(-1));
    expect(sent).toContain('datasets_deliver_data failed');
    expect(sent).toContain('nothing happened');
  });

  test('says what is wrong with a token and exits 1', async () => {
    const { status, stderr } = await relay(['send-test', 'data-eng'], { env: { ...env, SLACK_BOT_TOKEN: 'not-a-slack-token' } });
    expect(status).toBe(1);
    expect(stderr).toMatch(/invalid_auth/);
    expect(stderr).not.toContain('not-a-slack-token');
  });

  test('exits 3 when the other side cannot be reached', async () => {
    const { status, stderr } = await relay(['send-test', 'oncall'], {
      env: { ...env, PAGERDUTY_EVENTS_URL: 'http://127.0.0.1:9' },
    });
    expect(status).toBe(3);
    expect(stderr).toMatch(/could not be reached/);
  });

  test('names the destinations when the one asked for is not there', async () => {
    const { status, stderr } = await relay(['send-test', 'on-call'], { env });
    expect(status).toBe(2);
    expect(stderr).toMatch(/no destination on-call.*oncall/);
  });

  test('needs the secrets of the destination, naming the variable that is missing, and no others', async () => {
    const refused = await relay(['send-test', 'oncall'], { env: { ...env, PAGERDUTY_ROUTING_KEY: '' } });
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('PAGERDUTY_ROUTING_KEY is empty');
    const sent = await relay(['send-test', 'oncall'], { env: { ...env, AIRFLOW_HOOK_SECRET: '', SLACK_BOT_TOKEN: '' } });
    expect(sent.status).toBe(0);
  });

  test('answers with JSON for scripts', async () => {
    const { stdout } = await relay(['send-test', 'oncall', '--json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({ destination: 'oncall', kind: 'delivered' });
  });
});
