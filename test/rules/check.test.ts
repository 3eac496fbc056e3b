import { describe, expect, test } from 'vitest';
import { checkRules } from '../../src/rules/check.ts';
import { anySecret, head, lineOf } from './support.ts';

function check(body: string, secrets: 'required' | 'optional' = 'required') {
  return checkRules([{ path: 'a.yaml', text: head + body }], anySecret, { secrets });
}

describe('a check', () => {
  test('renders every template for events of every state, and says for which it fails', () => {
    const body = `defaults:
  links: { Run: 'https://example.com/{{ job.result.snapshot_id | plus: 1 }}' }
rules:
  - name: a
    send:
      - to: console
        message:
          title: fine
          fields: { Snapshot: '{{ job.result.snapshot_id | times: 2 }}' }
`;
    const { ok, problems } = check(body);
    expect(ok).toBe(false);
    expect(problems.map(lineOf)).toEqual([
      expect.stringMatching(/^4:17 template fails for a completed job: .*BigInt/),
      expect.stringMatching(/^11:31 template fails for a completed job: .*BigInt/),
    ]);
  });

  test('runs the tests, and says what came instead and why', () => {
    const body = `destinations: { a: { type: console }, b: { type: console } }
rules:
  - { name: first, match: { states: [failed] }, send: [{ to: a }] }
  - { name: second, match: { job_types: [costs] }, send: [{ to: b }] }
tests:
  - event: { state: failed, type: costs }
    expect: { rules: [second, first], to: [b, a] }
  - name: only one
    event: { state: failed, type: forecast }
    expect: { rules: [second], to: [a, b] }
`;
    expect(check(body).problems).toEqual([
      {
        file: 'a.yaml',
        line: 10,
        col: 5,
        message:
          'test "only one" fails: rules: missing second; unexpected first (expected second, got first); to: missing b (expected a, b, got a)',
        hint: 'second: job_types: forecast is not costs',
      },
    ]);
  });

  test('reads the events of tests as if Narrative had sent them', () => {
    const body = `rules:
  - { name: job, match: { dataset_ids: [7], requested_by: [nightly], when: 'job.duration == "10 min"' } }
  - { name: app, match: { app_ids: [11], dataset_ids: [8], when: app.profile_id == "p" && app.payload.rows == 3 } }
tests:
  - event:
      state: completed
      type: costs
      input: { dataset_id: 7 }
      request_source: { type: process, name: nightly }
      created_at: '2026-01-05T09:00:00'
      ended_at: '2026-01-05T09:10:00'
    expect: { rules: [job] }
  - event: { event_type: x.audience.delivery.failed, app_id: 11, profile_id: p, dataset_id: 8, payload: { rows: 3 } }
    expect: { rules: [app], to: [console] }
`;
    expect(check(body)).toMatchObject({ ok: true, problems: [], counts: { tests: 2, rules: 2 } });
  });

  test.each([
    ['{ event: { state: failed }, expect: { rules: [] } }', 'needs state and type (a job event) or event_type (an app event)'],
    ['{ event: { state: failed, type: costs }, expect: {} }', 'needs rules, to or both'],
    ['{ event: { state: failed, type: costs, dataset_id: 1 }, expect: { to: [] } }', 'a job has its dataset in its input'],
    ['{ event: { state: failed, typ: costs }, expect: { to: [] } }', 'unknown key "typ"'],
    ['{ event: { event_type: job.failed }, expect: { to: [] } }', 'must be connector.category.status'],
    ['{ event: { state: "", type: costs }, expect: { to: [] } }', 'is empty'],
  ])('refuses the test %s', (written, message) => {
    expect(
      check(`rules: []\ntests: [${written}]`)
        .problems.map((each) => each.message)
        .join('\n'),
    ).toContain(message);
  });

  test('takes a missing secret as a warning, or as an error where it is required', () => {
    const files = [{ path: 'a.yaml', text: `${head}rules: [{ name: a }]` }];
    const optional = checkRules(files, () => undefined, { secrets: 'optional' });
    expect(optional).toMatchObject({ ok: true, problems: [] });
    expect(optional.warnings.map(({ message }) => message)).toEqual(['environment variable FAKE_SECRET is not set']);
    const required = checkRules(files, () => undefined, { secrets: 'required' });
    expect(required).toMatchObject({ ok: false, warnings: [], counts: null });
    expect(required.problems.map(({ message }) => message)).toEqual(['environment variable FAKE_SECRET is not set']);
  });

  test('warns where nothing would ever be sent, and where change has no effect', () => {
    expect(check('').warnings.map(lineOf)).toEqual(['1:1 there are no rules: events are stored and nothing is sent']);
    const body =
      'rules: [{ name: a, send: [{ to: b, change: true }] }]\ndestinations: { b: { type: http, url: "https://example.com" } }';
    expect(check(body).warnings.map(lineOf)).toEqual(['3:36 change has an effect on PagerDuty only, and "b" is http']);
  });
});
