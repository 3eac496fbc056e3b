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

  test('runs tests of timed rules, and says of one that was expected to send when it does', () => {
    const body = `destinations: { a: { type: console } }
rules:
  - { name: stuck, match: { job_types: [costs] }, late: { running: 90m }, send: [{ to: a }] }
  - { name: nightly, match: { job_types: [costs] }, expect: { by: "06:00" }, send: [{ to: a }] }
tests:
  - event: { state: running, type: costs }
    expect: { rules: [stuck], to: [] }
  - event: { state: completed, type: costs }
    expect: { rules: [nightly], to: [] }
  - event: { state: failed, type: costs }
    expect: { rules: [] }
  - name: wrong
    event: { state: running, type: costs }
    expect: { rules: [stuck, nightly], to: [a] }
`;
    const { problems } = check(body);
    expect(problems.map(lineOf)).toEqual([
      '14:5 test "wrong" fails: rules: missing nightly (expected stuck, nightly, got stuck); to: missing a (expected a, got none)',
    ]);
    expect(problems[0]!.hint).toBe('stuck: late after 1 h 30 min in running; nightly: states: running is not completed');
  });

  test('runs tests of events of the relay itself', () => {
    const body = `rules:
  - { name: parked, match: { kind: relay, event_types: [relay.destination-parked], when: relay.about == "data-eng" } }
  - { name: over, match: { kind: relay, states: [completed], when: relay.detail.contains("again") && event.created_at != null } }
tests:
  - event: { relay: destination-parked, state: failed, about: data-eng }
    expect: { rules: [parked], to: [console] }
  - event: { relay: backlog, state: completed, detail: moves again, created_at: '2026-01-05T09:00:00Z' }
    expect: { rules: [over] }
  - event: { relay: backlog, state: failed }
    expect: { rules: [] }
`;
    expect(check(body)).toMatchObject({ ok: true, problems: [], counts: { tests: 3 } });
  });

  test('renders templates for events of the relay, on and over', () => {
    const failing = (template: string) =>
      check(`rules: [{ name: a, send: [{ to: console, message: { title: '${template}' } }] }]`).problems.map(
        ({ message }) => message,
      );
    const endless = (condition: string) => `{% if ${condition} %}{% for i in (1..99999999) %}x{% endfor %}{% endif %}`;
    for (const topic of ['destination-parked', 'backlog', 'unverified', 'no-events', 'template-error']) {
      for (const [state, label] of [
        ['failed', 'on'],
        ['completed', 'over'],
      ]) {
        const [problem] = failing(endless(`relay.topic == "${topic}" and relay.state == "${state}"`));
        expect(problem).toContain(`template fails for a relay event "${topic}" that is ${label}`);
      }
    }
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
    ['{ event: { state: failed }, expect: { rules: [] } }', 'needs state and type (a job event), event_type (an app event)'],
    ['{ event: { state: failed, type: costs }, expect: {} }', 'needs rules, to or both'],
    ['{ event: { state: failed, type: costs, dataset_id: 1 }, expect: { to: [] } }', 'a job has its dataset in its input'],
    ['{ event: { state: failed, typ: costs }, expect: { to: [] } }', 'unknown key "typ"'],
    ['{ event: { event_type: job.failed }, expect: { to: [] } }', 'must be connector.category.status'],
    ['{ event: { state: "", type: costs }, expect: { to: [] } }', 'is empty'],
    ['{ event: { relay: backlogg, state: failed }, expect: { to: [] } }', '"backlogg" is none of destination-parked, backlog'],
    ['{ event: { relay: backlog }, expect: { to: [] } }', 'an event of the relay is failed (the trouble begins) or completed'],
    ['{ event: { relay: backlog, state: running }, expect: { to: [] } }', 'an event of the relay is failed'],
    ['{ event: { relay: backlog, state: failed, type: costs }, expect: { to: [] } }', 'an event of the relay has no type'],
    ['{ event: { state: failed, type: costs, about: x }, expect: { to: [] } }', 'belongs to events of the relay'],
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
