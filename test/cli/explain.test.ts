import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { relay } from './relay-command.ts';

const failed = 'test/fixtures/events/job-failed-kb.json';
const folder = mkdtempSync(join(tmpdir(), 'relay-explain-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('relay explain', () => {
  test('names each rule with the first condition that failed, and draws what would be sent', async () => {
    const { status, stdout, stderr } = await relay(['explain', failed]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('subject  datasets_deliver_data/10736');
    expect(stdout).toMatch(/✓ deliveries-page +→ oncall, data-eng/);
    expect(stdout).toMatch(
      /· refreshes +job_types: datasets_deliver_data is none of materialize-view.*\(rules\/failures\.yaml:\d+:\d+\)/,
    );
    expect(stdout).toContain('PagerDuty · CRITICAL');
    expect(stdout).toContain('🔴 datasets_deliver_data failed · dataset 10736');
  });

  test('with --json gives the whole payloads, and no secret of them', async () => {
    const env = { PAGERDUTY_ROUTING_KEY: 'FAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE', SLACK_BOT_TOKEN: 'xoxb-fake-token' };
    const { stdout } = await relay(['explain', '--json', failed], { env });
    const explanation = JSON.parse(stdout);
    expect(explanation.plan.rules).toEqual(['deliveries-page']);
    expect(explanation.plan.deliveries.map((planned: { destination: string }) => planned.destination)).toEqual([
      'oncall',
      'data-eng',
    ]);
    expect(explanation.plan.deliveries[0].payload.body).toMatchObject({
      event_action: 'trigger',
      payload: { severity: 'critical' },
    });
    expect(explanation.plan.deliveries[1].payload.body).toMatchObject({ channel: 'C0123ABCD' });
    expect(stdout).not.toContain('FAKEFAKEFAKEFAKE');
    expect(stdout).not.toContain('xoxb-fake');
  });

  test('reads standard input, and does not say again what is forwarded as it came', async () => {
    const input = readFileSync('test/fixtures/events/job-completed-openapi.json', 'utf8');
    const { status, stdout } = await relay(['explain', '-', '--json'], { input });
    expect(status).toBe(0);
    expect(stdout).toContain("(the event's body, as it came)");
    expect(stdout).not.toContain('1724919539450264600');
  });

  test('says what would become of a body that is no event', async () => {
    const { status, stderr } = await relay(['explain', '-'], { input: '{"hello":"world"}' });
    expect(status).toBe(1);
    expect(stderr).toContain('quarantine');
  });

  test.each([
    ['a file that is not there', ['explain', 'no-such-file.json'], '', /no-such-file\.json/],
    ['text that is not JSON', ['explain', '-'], 'not json', /standard input is not JSON/],
    [
      'a subscription that is not there',
      ['explain', failed, '--subscription', 'staging'],
      '',
      /no subscription staging.*production/,
    ],
    ['a folder that is not there', ['explain', failed, '--rules', 'no-such-folder'], '', /no-such-folder/],
    ['no event at all', ['explain'], '', /missing required argument/],
  ])('refuses %s with exit code 2 and says what to do', async (_what, args, input, message) => {
    const { status, stdout, stderr } = await relay(args, { input });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('refuses rules that are wrong, with their places', async () => {
    writeFileSync(
      join(folder, 'a.yaml'),
      'version: 1\nsubscriptions: { p: { secrets: [{ env: X }] } }\nrules: [{ name: a, mach: {} }]\n',
    );
    const { status, stderr } = await relay(['explain', failed, '--rules', folder]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/a\.yaml:3:20 unknown key "mach"/);
  });
});
