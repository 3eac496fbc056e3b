/** Incidents as people see them: a real relay on a real file, killed where it hurts, and what Slack and PagerDuty show at the end. */
import { test } from 'vitest';
import { readIncidents, storyOf } from './incident-account.ts';
import { adminToken, datasetsAt, openIncidentStage, withDestinations } from './incident-stage.ts';
import { end } from './relay-child.ts';

const rule = (keys: string, to = '[{ to: data-eng }, { to: oncall }]') =>
  `rules: [{ name: deliveries, match: { states: [failed] }, ${keys}, send: ${to} }]\n`;

test.concurrent(
  'one message for one problem: its root says what is so, its thread what was, PagerDuty resolves',
  async (context) => {
    const { expect } = context;
    const { prepared, slack, pagerDuty, roots, until } = await openIncidentStage(context, rule('recover: true'));
    const url = await prepared.launch().ready;
    const { fails, completes } = datasetsAt(() => url);
    // One after the other: a message says what is so when it is sent.
    for (const [replies, id] of ['first', 'second', 'third'].entries()) {
      await fails(id);
      await until(`the ${id} failure is told`, () => roots('data-eng')[0]?.replies.length === replies);
    }
    expect(roots('data-eng')).toMatchObject([
      {
        text: expect.stringMatching(/^🔴 .*dataset 10736 — Failing since .* · 3rd failure — third: out of memory$/),
        replies: [{ text: expect.stringContaining('2nd failure') }, { text: expect.stringContaining('3rd failure') }],
      },
    ]);
    await completes('done');
    await until('the end is told', () => roots('data-eng')[0]?.replies.length === 3 && pagerDuty.resolves.length > 0);
    expect(roots('data-eng')).toMatchObject([
      { text: expect.stringMatching(/^✅ .*recovered/), replies: [{}, {}, { text: expect.stringMatching(/^✅ /) }] },
    ]);
    expect(pagerDuty.alerts()).toMatchObject([
      { dedupKey: 'narrative/datasets_deliver_data/10736', state: 'resolved', triggers: 3 },
    ]);
    expect([...slack.problems, ...pagerDuty.problems]).toEqual([]);
  },
);

test.concurrent(
  'a held alert survives a kill and is told once; one whose subject completes is never told, kill or no kill',
  async (context) => {
    const { expect } = context;
    const { prepared, slack, pagerDuty, roots, until } = await openIncidentStage(context, rule('hold: 2s, recover: true'));
    const first = prepared.launch();
    let url = await first.ready;
    const { fails, completes } = datasetsAt(() => url);
    await fails('mended', 1);
    await fails('lasting', 2);
    await completes('done', 1);
    await end(first, 'SIGKILL');
    expect(slack.requests).toBe(0);
    url = await prepared.launch().ready;
    await until('what lasts is told', () => roots('data-eng').length > 0 && pagerDuty.events.length > 0);
    // Held after all that: when it is told, whatever else there was to tell has been.
    await fails('after', 3);
    await until('that is told too', () => roots('data-eng').length > 1 && pagerDuty.events.length > 1);
    const told = slack.messages.map(({ kind, text }) => `${kind}: ${text}`);
    expect(told).toEqual([
      expect.stringMatching(/^post: .* 1st failure — lasting:/),
      expect.stringMatching(/^post: .* 1st failure — after:/),
    ]);
    expect(pagerDuty.alerts()).toMatchObject([{ dedupKey: expect.stringMatching(/2$/), triggers: 1 }, { triggers: 1 }]);
    expect(pagerDuty.resolves).toEqual([]);
    const account = readIncidents(prepared.databasePath);
    const cancelled = { kind: 'cancelled', detail: expect.stringContaining('before its hold was over') };
    expect(storyOf(account, 'mended')).toMatchObject({ outcome: 'suppressed', deliveries: [], decisions: [cancelled] });
    expect(storyOf(account, 'lasting')).toMatchObject({ outcome: 'routed', decisions: [] });
  },
);

test.concurrent('killed after the first message, it goes on in the thread of that message', async (context) => {
  const { expect } = context;
  const { prepared, roots, until } = await openIncidentStage(context, rule('recover: true', '[{ to: data-eng }]'));
  const first = prepared.launch();
  let url = await first.ready;
  const { fails, completes } = datasetsAt(() => url);
  await fails('before');
  await first.says(/"destination":"data-eng".*"msg":"delivered"/);
  await end(first, 'SIGKILL');
  url = await prepared.launch().ready;
  await fails('after');
  await completes('done');
  await until('the end is in the thread', () => roots('data-eng').some(({ replies }) => replies.length === 2));
  expect(roots('data-eng')).toMatchObject([
    {
      edited: true,
      text: expect.stringMatching(/^✅ /),
      replies: [{ text: expect.stringMatching(/2nd failure — after:/) }, { text: expect.stringMatching(/^✅ /) }],
    },
  ]);
});

test.concurrent('200 failures at once are three messages at the most, and each of them is accounted for', async (context) => {
  const { expect } = context;
  const group = rule('group: { by: [job.type], wait: 2s, every: 5s }, recover: true');
  const { prepared, slack, pagerDuty, roots, until } = await openIncidentStage(context, group);
  const url = await prepared.launch().ready;
  const { fails } = datasetsAt(() => url);
  const ids = Array.from({ length: 200 }, (_, n) => `storm-${n}`);
  for (let n = 0; n < ids.length; n += 20) await Promise.all(ids.slice(n, n + 20).map((id, i) => fails(id, 1000 + n + i)));
  await until('all 200 are told', () => / 200 failures|, 200 in/.test(roots('data-eng')[0]?.text ?? ''));
  await until('PagerDuty knows', () => pagerDuty.events.some(({ payload }) => /200/.test(payload.summary)));
  expect(slack.messages.filter(({ kind }) => kind === 'post').length).toBeLessThanOrEqual(3);
  expect(roots('data-eng')).toHaveLength(1);
  expect(pagerDuty.alerts()).toHaveLength(1);
  const account = readIncidents(prepared.databasePath);
  const notices = new Set(account.deliveries.filter(({ isNotice }) => isNotice).map(({ event }) => event));
  for (const id of ids) {
    const { outcome, deliveries, decisions } = storyOf(account, id);
    expect([id, outcome, deliveries, decisions.length]).toEqual([id, 'routed', [], 1]);
    expect(notices).toContain(`evt_${/^grouped: told in dlv_(\w+)_1\b/.exec(decisions[0]!.detail)?.[1]}`);
  }
});

test.concurrent(
  'an operator silences what is announced: its reminder is kept back and shown, its end is not',
  async (context) => {
    const { expect } = context;
    const { prepared, slack, pagerDuty, roots, until } = await openIncidentStage(context, rule('recover: true'));
    const relay = prepared.launch();
    const url = await relay.ready;
    const { fails, completes } = datasetsAt(() => url);
    await fails('announced');
    await until('both know', () => slack.messages.length > 0 && pagerDuty.events.length > 0);
    const silence = await silenceDataset(url, 10736, '1h');
    await fails('silenced');
    await completes('done');
    await until('the end is told', () => roots('data-eng')[0]?.replies.length === 1 && pagerDuty.resolves.length > 0);
    expect(roots('data-eng')).toMatchObject([
      { text: expect.stringMatching(/^✅ .*recovered/), replies: [{ text: expect.stringMatching(/^✅ /) }] },
    ]);
    expect(pagerDuty.alerts()).toMatchObject([{ state: 'resolved', triggers: 1 }]);
    const why = expect.stringContaining(`silenced by ${silence} until`);
    expect(storyOf(readIncidents(prepared.databasePath), 'silenced')).toMatchObject({
      outcome: 'suppressed',
      deliveries: [
        { destination: 'data-eng', status: 'suppressed', detail: why },
        { destination: 'oncall', status: 'suppressed', detail: why },
      ],
      decisions: [{ rule: 'deliveries', kind: 'cancelled' }],
    });
    expect(await relay.says(/"idempotency_key":"silenced"/)).toContain(`"not_sent":["deliveries: silenced by ${silence}`);
  },
);

test.concurrent('a silence that ends while it still fails is followed by one announcement', async (context) => {
  const { expect } = context;
  const { prepared, slack, pagerDuty, until } = await openIncidentStage(context, rule('recover: true'));
  const url = await prepared.launch().ready;
  const { fails } = datasetsAt(() => url);
  const lastsMs = 2_000;
  const askedAt = Date.now();
  await silenceDataset(url, 1, '2s');
  await fails('once', 1);
  await fails('twice', 1);
  await until('it is announced', () => slack.messages.length > 0 && pagerDuty.events.length > 0);
  expect(slack.messages[0]!.receivedAtMs - askedAt).toBeGreaterThanOrEqual(lastsMs);
  await fails('of another', 2);
  await until('that is told, too', () => slack.messages.length > 1);
  expect(slack.messages.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    expect.stringMatching(/^post: .* 2nd failure — twice:/),
    expect.stringMatching(/^post: .* 1st failure — of another:/),
  ]);
});

async function silenceDataset(url: string, datasetId: number, length: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/silences`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ match: { dataset_ids: [datasetId] }, for: length, reason: 'a test', author: 'a test' }),
  });
  if (response.status !== 201) throw new Error(`no silence: ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}

test.concurrent(
  'a broken destination is told of elsewhere, once, whatever its fallback would say, and so is its mending',
  { timeout: 30_000 },
  async (context) => {
    const { expect } = context;
    const { prepared, slack, roots, until } = await openIncidentStage(
      context,
      `rules:
  - { name: deliveries, match: { states: [failed] }, recover: true, send: [{ to: data-eng }] }
  - { name: troubles, match: { kind: relay }, recover: true, send: [{ to: data-eng }, { to: triage }] }
`,
    );
    slack.answerWith((_n, { channel }) => (channel === 'C0DATAENG' ? { kind: 'error', code: 'invalid_auth' } : null));
    const first = prepared.launch();
    const url = await first.ready;
    await datasetsAt(() => url).fails('waiting');
    await until('triage is told', () => roots('triage').length > 0);
    await first.says(/"destination":"triage".*"msg":"delivered"/);
    await end(first, 'SIGKILL');
    // At each start it looks at what is broken: this one has been told.
    const second = prepared.launch();
    await second.ready;
    slack.answerWith(null);
    second.signal('SIGHUP');
    await second.says(/"msg":"destination works again/);
    await end(second, 'SIGTERM');
    prepared.launch();
    await until('triage is told that it is over', () => roots('triage')[0]?.replies.length === 1);
    expect(roots('triage')).toMatchObject([
      {
        text: expect.stringContaining('Destination data-eng works again'),
        replies: [{ text: expect.stringContaining('Destination data-eng works again') }],
      },
    ]);
    expect(roots('data-eng')).toMatchObject([{ text: expect.stringContaining('waiting: out of memory'), replies: [] }]);
    const { deliveries } = readIncidents(prepared.databasePath);
    expect(deliveries.map(({ destination, act }) => `${destination} ${act}`)).toEqual([
      'data-eng open',
      'triage open',
      'triage recover',
    ]);
  },
);

test.concurrent('a rule that was removed while its incident was open still says the end', async (context) => {
  const { expect } = context;
  const { prepared, pagerDuty, roots, until } = await openIncidentStage(context, rule('recover: true'));
  const relay = prepared.launch();
  const url = await relay.ready;
  const { fails, completes } = datasetsAt(() => url);
  await fails('open');
  prepared.writeRules(withDestinations('rules: []\n'));
  await relay.says(/"msg":"rules reloaded"/);
  await fails('unheard');
  await completes('done');
  await until('the end is told', () => roots('data-eng')[0]?.replies.length === 1 && pagerDuty.resolves.length > 0);
  expect(roots('data-eng')).toMatchObject([{ text: expect.stringMatching(/^✅ .*recovered/) }]);
  expect(JSON.stringify(roots('data-eng')[0]!.blocks)).toContain('2 failures');
  expect(pagerDuty.alerts()).toMatchObject([{ state: 'resolved', triggers: 1 }]);
});
