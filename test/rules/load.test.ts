import { describe, expect, test } from 'vitest';
import { loadRules } from '../../src/rules/load.ts';
import { formatProblem } from '../../src/rules/problem.ts';
import { anySecret, head, jobEvent, lineOf, problemsOf, rulesOf } from './support.ts';

function load(files: Record<string, string>, readSecret: Parameters<typeof loadRules>[1] = anySecret) {
  return loadRules(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    readSecret,
  );
}

function problems(files: Record<string, string>, readSecret = anySecret as Parameters<typeof loadRules>[1]) {
  const loaded = load(files, readSecret);
  return loaded.ok ? [] : loaded.problems;
}

function hintsOf(body: string) {
  return problems({ 'a.yaml': head + body }).map(({ hint }) => hint);
}

describe('a rules file', () => {
  test('that is no YAML is refused where it breaks', () => {
    expect(problemsOf('rules: [\n')).toEqual([expect.stringMatching(/^4:1 Flow sequence/)]);
    expect(problemsOf('rules:\n\t- a')).toEqual(['4:1 indented with a tab']);
    expect(problemsOf('---\nversion: 1\n')).toEqual([expect.stringMatching(/^3:1 a second document/)]);
  });

  test('with a misspelt key gets a suggestion', () => {
    const body = 'rules:\n  - name: a\n    mach: { states: [failed] }\n    send: []\nruels: []\n';
    expect(problemsOf(body)).toEqual(['5:5 unknown key "mach" in rules[0]', '7:1 unknown key "ruels"']);
    expect(hintsOf(body)).toEqual(['did you mean "match"?', 'did you mean "rules"?']);
  });

  test('with a key that means nothing here gets the keys that do', () => {
    expect(hintsOf('rules: [{ name: a, colour: red }]')).toEqual([
      'known: name, match, stop, hold, repeat, recover, group, late, expect, digest, send',
    ]);
    expect(hintsOf('destinations: { a: { type: pagerduty, routing_key: { env: A }, webhok: 1 } }')).toEqual([
      'known: type, routing_key, region, fallback, pace',
    ]);
  });

  test('without version is told to write it', () => {
    expect(problems({ 'a.yaml': 'subscriptions: { a: { secrets: [{ env: A }] } }' }).map(formatProblem)).toEqual([
      'a.yaml:1:1 version: is missing (write version: 1)',
    ]);
  });

  test('that refers to nothing is told where, and what was probably meant', () => {
    const body = `destinations:
  oncall: { type: http, url: "https://example.com", fallback: trage }
  triage: { type: console }
rules:
  - { name: pages, send: [{ to: on-call }] }
unmatched: { send: [{ to: triag }] }
tests:
  - event: { state: failed, type: costs, subscription: prod }
    expect: { rules: [page], to: [somewhere-else] }
`;
    expect(problemsOf(body)).toEqual([
      '4:63 no destination is called "trage"',
      '7:33 no destination is called "on-call"',
      '8:27 no destination is called "triag"',
      '10:56 no subscription is called "prod"',
      '11:23 no rule is called "page"',
      '11:35 no destination is called "somewhere-else"',
    ]);
    expect(hintsOf(body)).toEqual([
      'did you mean "triage"?',
      'did you mean "oncall"?',
      'did you mean "triage"?',
      'known: production',
      'did you mean "pages"?',
      'known: oncall, triage, console',
    ]);
  });

  test('with a broken expression is told the place inside it', () => {
    expect(problemsOf('rules:\n  - name: a\n    match: { when: "job.duration_s > " }\n    send: []\n')).toEqual([
      expect.stringMatching(/^5:38 rules\[0\]\.match\.when: .*EOF/),
    ]);
    expect(
      problemsOf('rules:\n  - name: a\n    match:\n      when: |\n        event.state == "failed" &&\n        jbo.x == 1\n'),
    ).toEqual(['8:9 rules[0].match.when: unknown variable "jbo"']);
  });

  test('with a broken template is told the place inside it', () => {
    const body = `rules:
  - name: a
    send:
      - to: console
        message:
          title: "{{ job.tpye }} failed"
          text: |
            First line
            then {{ job.id | upcas }}
          fields: { Id: "{{ job.id" }
`;
    expect(problemsOf(body)).toEqual([
      '8:22 rules[0].send[0].message.title: job has no "tpye"',
      '11:18 rules[0].send[0].message.text: undefined filter: upcas',
      '12:26 rules[0].send[0].message.fields.Id: output "{{ job.id" not closed',
    ]);
  });

  test('cannot define a name twice, in itself or with another file; both places are named', () => {
    const found = problems({
      'rules/a.yaml': `${head}destinations: { x: { type: console } }\nrules:\n  - { name: r, send: [] }\n  - { name: r, send: [] }\nunmatched: { send: [] }\ndefaults: { subject: a }\n`,
      'rules/b.yaml':
        'version: 1\nsubscriptions: { production: { secrets: [{ env: B }] } }\ndestinations: { x: { type: console } }\nunmatched: { send: [] }\ndefaults: { subject: b }\n',
    });
    expect(found.map(({ file, line, col, message }) => `${file}:${line}:${col} ${message}`)).toEqual([
      'rules/a.yaml:6:13 rule "r" is defined twice, first at rules/a.yaml:5:13',
      'rules/b.yaml:2:18 subscription "production" is defined twice, first at rules/a.yaml:2:18',
      'rules/b.yaml:3:17 destination "x" is defined twice, first at rules/a.yaml:3:17',
      'rules/b.yaml:4:1 unmatched is defined twice, first at rules/a.yaml:7:1',
      'rules/b.yaml:5:13 defaults.subject is defined twice, first at rules/a.yaml:8:13',
    ]);
    expect(problemsOf('destinations:\n  x: { type: console }\n  x: { type: console }\n')).toEqual([
      '5:3 "x" is defined twice, first at line 4, column 3',
    ]);
  });

  test('whose aliases unfold without end is refused at once', { timeout: 2_000 }, () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) =>
        `a${i}: &a${i} [${
          i === 0
            ? 'x'
            : Array(9)
                .fill(`*a${i - 1}`)
                .join(', ')
        }]`,
    );
    expect(problemsOf(`${levels.join('\n')}\n`)).toEqual([expect.stringContaining('aliases (*name) unfold to too much')]);
  });

  test('may share parts by a few aliases', () => {
    const rules = rulesOf(
      'rules:\n  - { name: a, match: &m { states: [failed] }, send: [] }\n  - { name: b, match: *m, send: [] }\n',
    );
    expect(rules.plan(jobEvent()).rules).toEqual(['a', 'b']);
    expect(
      problemsOf('rules:\n  - { name: a, match: &m { stats: [x] }, send: [] }\n  - { name: b, match: *m, send: [] }\n'),
    ).toEqual(['4:28 unknown key "stats" in rules[0].match', '4:28 unknown key "stats" in rules[1].match']);
  });

  test('with fallbacks in a circle is refused, with the circle', () => {
    const destination = (fallback: string) => `{ type: http, url: "https://example.com", fallback: ${fallback} }`;
    expect(problemsOf(`destinations:\n  a: ${destination('b')}\n  b: ${destination('c')}\n  c: ${destination('b')}\n`)).toEqual([
      '5:3 fallback goes in a circle: b → c → b',
    ]);
    expect(problemsOf(`destinations: { a: ${destination('a')} }`)).toEqual(['3:17 fallback goes in a circle: a → a']);
  });

  test('has send in each rule once there are destinations, with a destination once', () => {
    expect(
      problemsOf('destinations: { a: { type: console } }\nrules: [{ name: r }, { name: s, send: [{ to: a }, { to: a }] }]'),
    ).toEqual(['4:9 rule "r" has no send', '4:57 sends to "a" twice']);
  });

  test('tells all its problems at once, in reading order, and those of every other file', () => {
    const found = problems({ 'b.yaml': 'version: 2\nx: 1\n', 'a.yaml': 'version: 1\nrules: [{ name: "" }]\n' });
    expect(found.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([
      'a.yaml:1 no file has a subscription: nothing could prove an event',
      'a.yaml:2 rules[0].name: a name is one line of at most 100 characters',
      'b.yaml:1 version: must be 1, not "2"',
      'b.yaml:2 unknown key "x"',
    ]);
  });

  test.each([
    ['severity: sever', '"sever" is none of critical, error, warning, info'],
    ['change: maybe', 'must be true or false, not text'],
    ['message: { tilte: x }', 'unknown key "tilte"'],
  ])('refuses %s', (entry, message) => {
    expect(problemsOf(`rules: [{ name: a, send: [{ to: console, ${entry} }] }]`)).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['{ type: slak }', '"slak" is none of slack, pagerduty, http, console'],
    ['{ }', 'type: is missing'],
    ['{ type: slack }', 'needs token and channel, or webhook_url'],
    ['{ type: slack, token: { env: A } }', 'needs channel'],
    ['{ type: slack, token: { env: A }, channel: C1, webhook_url: { env: B } }', 'both token and webhook_url'],
    ['{ type: http, url: "ftp://example.com" }', 'must be an http(s) URL'],
    ['{ type: http, url: "https://example.com:99999/" }', 'must be an http(s) URL'],
    ['{ type: http, url: "https://example.com", headers: { Webhook-Id: x } }', 'the relay sets this header itself'],
    ['{ type: http, url: "https://example.com", headers: { X-A: "→" } }', 'a header can hold no such characters'],
    ['{ type: http, url: "https://user:pass@example.com" }', 'must be an http(s) URL, without a user and password'],
    ['{ type: http, url: "https://example.com", pace: 10 }', 'a pace is a whole number a second or a minute'],
    ['{ type: http, url: "https://example.com", pace: 0/s }', 'a pace is a whole number a second or a minute'],
    ['{ type: http, url: "https://example.com", method: GET }', 'is none of POST, PUT, PATCH'],
    ['{ type: pagerduty, routing_key: { env: A }, region: asia }', 'is none of us, eu'],
  ])('refuses the destination %s', (destination, message) => {
    expect(problemsOf(`destinations: { a: ${destination} }`)).toEqual([expect.stringContaining(message)]);
  });

  test('warns of states and job types that are nearly ones that Narrative documents', () => {
    const loaded = load({
      'a.yaml': `${head}rules: [{ name: a, match: { states: [faild, newstate], job_types: [materialise-view, "x*"] } }]`,
    });
    expect(loaded.ok).toBe(true);
    expect(loaded.warnings.map(lineOf)).toEqual([
      '3:38 Narrative documents no state "faild"',
      '3:68 Narrative documents no job type "materialise-view"',
    ]);
  });
});

describe('the rules folder', () => {
  test('without files, or without a subscription, is told what to write', () => {
    expect(problems({})[0]).toMatchObject({
      message: 'there are no rules files',
      hint: expect.stringContaining('NARRATIVE_WEBHOOK_SECRET'),
    });
    expect(problems({ 'a.yaml': 'version: 1\n' })[0]).toMatchObject({
      line: 1,
      message: expect.stringContaining('no file has a subscription'),
    });
  });

  test('reads the same in any order of files, and has another version for another text', () => {
    const a = { path: 'a.yaml', text: `${head}rules: [{ name: first }]` };
    const b = { path: 'b.yaml', text: 'version: 1\nrules: [{ name: second }]' };
    const version = (files: (typeof a)[]) => {
      const loaded = loadRules(files, anySecret);
      if (!loaded.ok) throw new Error('not loaded');
      expect(loaded.rules.rules.map(({ name }) => name)).toEqual(['first', 'second']);
      return loaded.rules.version;
    };
    expect(version([a, b])).toBe(version([b, a]));
    expect(version([a, b])).not.toBe(version([a, { ...b, text: `${b.text} # x` }]));
    expect(version([a, b])).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('secrets', () => {
  const files = (secret: string) => ({ 'a.yaml': `version: 1\nsubscriptions: { production: { secrets: [${secret}] } }\n` });

  test('written as plain text are refused, and never repeated', () => {
    const body = `version: 1
subscriptions: { p: { secrets: [fake-literal-1] } }
destinations:
  a: { type: slack, token: xoxb-fake-literal-2, channel: C1 }
  b: { type: slack, webhook_url: "https://hooks.example.com/fake-literal-3" }
  c: { type: pagerduty, routing_key: fake-literal-4 }
  d: { type: http, url: "https://example.com", secret: fake-literal-5 }
`;
    const found = problems({ 'a.yaml': body });
    expect(found.map(({ line, message }) => [line, message.split(':')[0]])).toEqual([
      [2, 'subscriptions.p.secrets[0]'],
      [4, 'destinations.a.token'],
      [5, 'destinations.b.webhook_url'],
      [6, 'destinations.c.routing_key'],
      [7, 'destinations.d.secret'],
    ]);
    expect(found[0]).toMatchObject({
      message: expect.stringContaining('plain text'),
      hint: expect.stringContaining('{ env: NAME }'),
    });
    expect(JSON.stringify(found)).not.toContain('fake-literal');
  });

  test('that are missing or empty are named by their variable or file', () => {
    expect(problems(files('{ env: FAKE_NAME }'), () => undefined).map(formatProblem)).toEqual([
      'a.yaml:2:42 environment variable FAKE_NAME is not set (set FAKE_NAME, or set FAKE_NAME_FILE to the path of a file that holds it)',
    ]);
    expect(problems(files('{ env: FAKE_NAME }'), () => ' \n')[0]!.message).toBe('environment variable FAKE_NAME is empty');
    expect(problems(files('{ file: fake/path }'), () => undefined)[0]!.message).toBe('secret file fake/path cannot be read');
  });

  test('arrive trimmed in the rule set, which lists them for redaction', () => {
    const text = `${head}destinations:
  a: { type: slack, token: { env: TOKEN }, channel: C1, pace: 120/m }
  b: { type: slack, webhook_url: { env: HOOK }, fallback: a }
  c: { type: pagerduty, routing_key: { file: key }, region: eu }
  d: { type: http, url: { env: HOOK }, method: PUT, headers: { Authorization: { env: BASIC }, X-Plain: plain }, pace: 10/s }
`;
    const loaded = load({ 'a.yaml': text }, (ref) =>
      'env' in ref && ref.env === 'HOOK' ? 'https://example.com/fake\n' : `fake-${Object.values(ref)[0]}\n`,
    );
    if (!loaded.ok) throw new Error('not loaded');
    const { destinations, subscriptions, secrets } = loaded.rules;
    expect(subscriptions.get('production')).toEqual({
      name: 'production',
      id: null,
      verify: { scheme: 'auto' },
      secrets: ['fake-FAKE_SECRET'],
    });
    expect([...destinations.values()]).toEqual([
      { type: 'slack', name: 'a', fallback: null, pace: { perSecond: 2, burst: 2 }, token: 'fake-TOKEN', channel: 'C1' },
      { type: 'slack', name: 'b', fallback: 'a', pace: null, webhookUrl: 'https://example.com/fake' },
      { type: 'pagerduty', name: 'c', fallback: null, pace: null, routingKey: 'fake-key', region: 'eu' },
      {
        type: 'http',
        name: 'd',
        fallback: null,
        pace: { perSecond: 10, burst: 10 },
        url: 'https://example.com/fake',
        secret: null,
        method: 'PUT',
        headers: { Authorization: 'fake-BASIC', 'X-Plain': 'plain' },
      },
      { type: 'console', name: 'console', fallback: null, pace: null },
    ]);
    expect(secrets.toSorted()).toEqual(['fake-BASIC', 'fake-FAKE_SECRET', 'fake-TOKEN', 'fake-key', 'https://example.com/fake']);
  });

  test('that should be URLs and are not are refused without being shown', () => {
    const found = problems(
      { 'a.yaml': `${head}destinations: { a: { type: slack, webhook_url: { env: HOOK } } }` },
      () => 'fake-no-url',
    );
    expect(found.map(({ message }) => message)).toEqual(['environment variable HOOK holds no http(s) URL']);
  });
});

describe('verify', () => {
  const verifyOf = (verify: string) => {
    const loaded = load({ 'a.yaml': `version: 1\nsubscriptions: { p: { verify: ${verify}, secrets: [{ env: A }] } }\n` });
    return loaded.ok ? loaded.rules.subscriptions.get('p')!.verify : loaded.problems.map(({ message }) => message);
  };

  test.each([
    ['{ scheme: auto }', { scheme: 'auto' }],
    ['{ scheme: hmac-sha256 }', { scheme: 'hmac-sha256', header: null, encoding: null }],
    ['{ scheme: hmac-sha256, header: X-Sig, encoding: base64 }', { scheme: 'hmac-sha256', header: 'x-sig', encoding: 'base64' }],
    ['{ scheme: shared-secret, header: X-Token }', { scheme: 'shared-secret', header: 'x-token' }],
    ['{ scheme: standard-webhooks }', { scheme: 'standard-webhooks', toleranceMs: 604_800_000 }],
    ['{ scheme: standard-webhooks, tolerance: 90s }', { scheme: 'standard-webhooks', toleranceMs: 90_000 }],
    ['{ scheme: url-token }', { scheme: 'url-token' }],
    [
      '{ scheme: none }',
      ['subscriptions.p.verify.scheme: "none" is none of auto, hmac-sha256, shared-secret, standard-webhooks, url-token'],
    ],
    ['{ scheme: auto, tolerance: 1h }', ['unknown key "tolerance" in subscriptions.p.verify']],
    [
      '{ scheme: standard-webhooks, tolerance: 7 }',
      ['subscriptions.p.verify.tolerance: a duration is a whole number with s, m, h or d'],
    ],
  ])('%s', (written, expected) => {
    expect(verifyOf(written)).toEqual(expected);
  });

  test('a subscription without secrets is refused', () => {
    expect(problems({ 'a.yaml': 'version: 1\nsubscriptions: { p: { secrets: [] } }' })[0]!.message).toContain(
      'needs at least one secret',
    );
  });
});
