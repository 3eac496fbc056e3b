import { describe, expect, test } from 'vitest';
import type { ParsedMatch } from '../../src/rules/schema-match.ts';
import { createReplayStage, hour, minute, type JobSketch, type ReplayStage } from './replay-stage.ts';

const head = `destinations:
  chat: { type: console }
  pager: { type: console }
  airflow: { type: http, url: { env: FAKE_URL } }
`;
const rulesWith = (...rules: string[]) => `${head}rules:\n${rules.map((each) => `  - ${each}\n`).join('')}`;
const nothing = `${head}rules: []\n`;
const ruleOf = (what: string, send = '[{ to: chat }]') => `{ name: r, match: { states: [failed] }, ${what}, send: ${send} }`;
const subject = 'materialize-view/10736';

/** An event that came while no rule wanted it. */
async function missedBy(rule: string, sketch = {}): Promise<{ stage: ReplayStage; id: string }> {
  const stage = createReplayStage(nothing);
  const id = await stage.comes(sketch);
  await stage.replaceRules(rulesWith(rule));
  return { stage, id };
}

async function silence(stage: ReplayStage, forMs: number, match: ParsedMatch = { dataset_ids: ['10736'] }): Promise<void> {
  const terms = { fromMs: stage.now, untilMs: stage.now + forMs, reason: 'maintenance', author: 'test' };
  stage.desk.silences.add({ match, ...terms }, stage.now);
  await stage.settle();
}

describe('a replayed failure of an incident that is open', () => {
  test('is not counted again, and is told as the first where the rule has told nobody yet', async () => {
    const { stage, id } = await missedBy(ruleOf('recover: true'));
    expect(stage.failures()).toBe(1);
    const { event_id } = await stage.again(id);
    expect([stage.failures(), stage.deliveries(event_id!)]).toEqual([1, ['r → chat open (delivered)']]);
    expect(stage.deliveries(await stage.comes({ state: 'completed', ago: -1 }))).toEqual(['r → chat recover (delivered)']);
  });

  test('is told once more by a rule that tells each failure', async () => {
    const stage = createReplayStage(rulesWith(ruleOf('recover: true')));
    const id = await stage.comes();
    const { event_id } = await stage.again(id);
    expect([stage.failures(), stage.deliveries(event_id!)]).toEqual([1, ['r → chat remind (delivered)']]);
  });

  test('is kept back by a repeat, and makes no reminder', async () => {
    const stage = createReplayStage(rulesWith(ruleOf('repeat: 4h')));
    const id = await stage.comes();
    await stage.pass(minute);
    const answer = await stage.again(id);
    expect(answer).toMatchObject({ outcome: 'suppressed', deliveries: 0, decisions: [{ rule: 'r', kind: 'repeat' }] });
    expect(answer.reason).toBe(
      'repeat: told at 2026-03-02 09:00 UTC, and a replay is no new failure; the rule tells again from 2026-03-02 13:00 UTC on',
    );
    await stage.pass(5 * hour);
    expect(stage.printed).toHaveLength(1);
  });

  test('waits for the hold that was left when it came, and is told then', async () => {
    const { stage, id } = await missedBy(ruleOf('hold: 10m'));
    await stage.pass(4 * minute);
    const answer = await stage.again(id);
    expect(answer.decisions).toMatchObject([{ kind: 'held', until: '2026-03-02T09:10:00.000Z' }]);
    await stage.pass(5 * minute);
    expect(stage.printed).toEqual([]);
    await stage.pass(minute);
    expect(stage.printed.map(({ text }) => text)).toEqual([expect.stringContaining(`! Replay of ${id}`)]);
    expect(stage.deliveries(answer.event_id!)).toEqual(['r → chat open (delivered)']);
  });

  test('is told at once where its hold is over', async () => {
    const { stage, id } = await missedBy(ruleOf('hold: 10m'));
    await stage.pass(11 * minute);
    expect(await stage.again(id)).toMatchObject({ outcome: 'routed', deliveries: 1 });
  });

  test('is not told beside what is held: that is told once', async () => {
    const stage = createReplayStage(rulesWith(ruleOf('hold: 10m')));
    const id = await stage.comes();
    await stage.pass(minute);
    expect(await stage.again(id)).toMatchObject({ outcome: 'suppressed', decisions: [{ kind: 'repeat' }] });
    await stage.pass(hour);
    expect(stage.printed.map(({ text }) => text.includes('Replay'))).toEqual([false]);
    expect(stage.deliveries(id)).toEqual(['r → chat open (delivered)']);
  });

  test('is told by itself, not in a group', async () => {
    const { stage, id } = await missedBy(ruleOf('group: { by: [job.type], wait: 30s }'));
    const { event_id } = await stage.again(id);
    expect(stage.deliveries(event_id!)).toEqual(['r → chat open (delivered)']);
    expect(stage.sql.query('SELECT * FROM group_members')).toEqual([]);
  });
});

describe('a silence', () => {
  test('holds for a replay, which is told when it ends', async () => {
    const { stage, id } = await missedBy(ruleOf('recover: true'));
    await silence(stage, hour);
    const answer = await stage.again(id);
    expect(answer).toMatchObject({ outcome: 'suppressed', deliveries: 0, decisions: [{ kind: 'silenced' }] });
    expect(stage.deliveries(answer.event_id!)).toEqual(['r → chat open (suppressed)']);
    await stage.pass(2 * hour);
    expect(stage.printed.map(({ text }) => text)).toEqual([expect.stringContaining(`! Replay of ${id}`)]);
  });

  test('that came after the rule had told keeps a replay back for good', async () => {
    const stage = createReplayStage(rulesWith(ruleOf('recover: true')));
    const id = await stage.comes();
    await silence(stage, hour);
    expect(await stage.again(id)).toMatchObject({ outcome: 'suppressed', decisions: [{ kind: 'silenced' }] });
    await stage.pass(2 * hour);
    expect(stage.printed).toHaveLength(1);
  });
});

test('a replay says nothing for a later failure that a silence keeps back: that is told in its time', async () => {
  const stage = createReplayStage(rulesWith('{ name: each, match: { states: [failed] }, send: [{ to: chat }] }'));
  const id = await stage.comes({ id: 'job-1' });
  await silence(stage, hour, { job_ids: ['job-2'] });
  const later = await stage.comes({ id: 'job-2' });
  await stage.again(id);
  await stage.pass(2 * hour);
  expect(stage.deliveries(later)).toEqual(['each → chat open (suppressed)', 'each → chat open (delivered)']);
});

describe('a replayed failure that is old news', () => {
  const each = '{ name: each, match: { states: [failed] }, send: [{ to: pager }] }';
  const why = (known = subject) => `late: ${known} had completed at 2026-03-02 08:59 UTC, after this failure`;

  /** What failed and was mended before any rule wanted it. */
  async function mended(): Promise<{ stage: ReplayStage; id: string }> {
    const stage = createReplayStage(nothing);
    const id = await stage.comes({ ago: 2 * minute });
    await stage.comes({ state: 'completed', ago: minute });
    return { stage, id };
  }

  test('wakes nobody, by a rule with incidents or by one that tells each event, and says so beforehand', async () => {
    const { stage, id } = await mended();
    await stage.replaceRules(rulesWith(ruleOf('recover: true'), each));
    const late = { outcome: 'suppressed', deliveries: 0, reason: `${why()}; ${why()}` };
    const decisions = ['r', 'each'].map((rule) => ({ rule, kind: 'late', until: null, detail: why() }));
    expect(await stage.again(id, { dryRun: true })).toMatchObject({ ...late, decisions });
    expect(await stage.again(id)).toMatchObject({ ...late, decisions });
    expect([stage.failures(), stage.printed]).toEqual([0, []]);
  });

  test('goes where an operator wishes it to go, and opens nothing', async () => {
    const { stage, id } = await mended();
    await stage.replaceRules(rulesWith(ruleOf('recover: true'), each));
    const { event_id } = await stage.again(id, { to: ['chat', 'pager'] });
    expect(stage.deliveries(event_id!)).toEqual(['r → chat message (delivered)', 'each → pager message (delivered)']);
    expect(stage.failures()).toBe(0);
  });

  const bySubject = (template: string, ...rules: string[]) => `defaults: { subject: "${template}" }\n${rulesWith(...rules)}`;
  const otherwise = 'table {{ job.input.dataset_id }}';

  test.each([
    { to: null, told: [] },
    { to: ['pager'], told: ['each → pager message (delivered)'] },
  ])('opens nothing under the name that its subject has today, if it was mended under the one it had: %o', async (asked) => {
    const { stage, id } = await mended();
    await stage.replaceRules(bySubject(otherwise, ruleOf('recover: true'), each));
    const { event_id, decisions } = await stage.again(id, { to: asked.to });
    expect(stage.deliveries(event_id!)).toEqual(asked.told);
    expect(decisions.map(({ detail }) => detail)).toEqual(asked.to === null ? [why(), why()] : []);
    expect([stage.failures('table 10736'), stage.desk.countOpen()]).toEqual([0, 0]);
  });

  test('is so by the name that an earlier replay gave it', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes({ ago: 3 * minute }, { event: null, why: 'no event' });
    await stage.again(id);
    await stage.comes({ state: 'completed', ago: minute });
    await stage.replaceRules(bySubject(otherwise, each));
    expect(await stage.again(id, { again: true })).toMatchObject({ outcome: 'suppressed', reason: why() });
  });

  test('is none under another name while nothing has mended it', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes({ ago: minute });
    await stage.comes({ state: 'completed', ago: 2 * minute });
    await stage.replaceRules(bySubject(otherwise, each));
    expect(await stage.again(id)).toMatchObject({ outcome: 'routed', deliveries: 1 });
    await stage.comes({ state: 'completed' });
    expect(stage.failures('table 10736')).toBe(0);
  });

  test('is so by the time when it came, where it does not say its own', async () => {
    const stage = createReplayStage(nothing);
    const id = await stage.comes({ ago: null });
    await stage.pass(minute);
    await stage.comes({ state: 'completed' });
    await stage.pass(minute);
    await stage.replaceRules(rulesWith(ruleOf('recover: true')));
    expect(await stage.again(id)).toMatchObject({ outcome: 'suppressed', decisions: [{ kind: 'late' }] });
    expect(stage.failures()).toBe(0);
  });
});

describe('a replay of what was overtaken by the end of its job', () => {
  const running = '{ name: running, match: { states: [running] }, send: [{ to: chat }] }';

  test.each([
    { what: 'was late when it came', order: ['completed', 'running'], ago: [minute, 2 * minute] },
    { what: 'came in time', order: ['running', 'completed'], ago: [2 * minute, minute] },
  ])('is late, as it is told or only tried: $what', async ({ order, ago }) => {
    const stage = createReplayStage(rulesWith(running));
    const ids: Record<string, string> = {};
    for (const [i, state] of order.entries()) ids[state] = await stage.comes({ id: 'job-1', state, ago: ago[i]! });
    const told = stage.printed.length;
    const late = { outcome: 'suppressed', deliveries: 0, decisions: [], reason: 'late: the job had already completed' };
    expect(await stage.again(ids.running!, { dryRun: true })).toMatchObject(late);
    const { event_id, ...answer } = await stage.again(ids.running!);
    expect(answer).toMatchObject(late);
    expect(stage.row(event_id!)).toMatchObject({ outcome: 'suppressed', reason: late.reason });
    expect(stage.printed).toHaveLength(told);
  });

  test('goes where an operator wishes it to go', async () => {
    const stage = createReplayStage(rulesWith(running));
    await stage.comes({ id: 'job-1', state: 'completed', ago: minute });
    const id = await stage.comes({ id: 'job-1', state: 'running', ago: 2 * minute });
    const { event_id } = await stage.again(id, { to: ['chat'] });
    expect(stage.deliveries(event_id!)).toEqual(['running → chat message (delivered)']);
  });
});

describe('rules that watch what comes', () => {
  test('take no replay, and say so', async () => {
    const expected = `{ name: expected, match: { dataset_ids: [10736] }, expect: { by: "12:00" }, send: [{ to: chat }] }`;
    const digest = `{ name: digest, match: { states: [completed] }, digest: { at: "10:00" }, send: [{ to: chat }] }`;
    const late = `{ name: late, match: { dataset_ids: [10736] }, late: { running: 10m }, send: [{ to: chat }] }`;
    const stage = createReplayStage(nothing);
    const completed = await stage.comes({ state: 'completed' });
    const running = await stage.comes({ state: 'running' });
    await stage.replaceRules(rulesWith(expected, digest, late));
    const answers = [await stage.again(completed), await stage.again(running)];
    expect(answers.map(({ outcome }) => outcome)).toEqual(['suppressed', 'suppressed']);
    expect(answers.map(({ event_id }) => stage.decisions(event_id!))).toEqual([
      ['digest: replay', 'expected: replay'],
      ['late: replay'],
    ]);
    expect(['collected', 'late'].map((table) => stage.sql.query(`SELECT * FROM ${table}`))).toEqual([[], []]);
    await stage.pass(2 * hour);
    expect(stage.printed).toEqual([]);
  });
});

describe('a replay of what was in quarantine', () => {
  /** As if an older parser had not understood it. */
  async function quarantined(rules: string, sketch: JobSketch = {}): Promise<{ stage: ReplayStage; id: string }> {
    const stage = createReplayStage(rules);
    const id = await stage.comes({ id: 'job-q', ...sketch }, { event: null, why: 'neither a job event nor an app event' });
    return { stage, id };
  }

  test.each([{}, { ago: null }])('is read anew, and is the first that is heard of it: %o', async (sketch) => {
    const { stage, id } = await quarantined(rulesWith(ruleOf('recover: true')), sketch);
    await stage.comes({ id: 'other', ago: 1 });
    expect(stage.failures()).toBe(1);
    expect(await stage.again(id)).toMatchObject({ outcome: 'routed', deliveries: 1 });
    expect(stage.failures()).toBe(2);
    expect(stage.row(id).outcome).toBe('quarantined');
    await stage.again(id, { again: true });
    expect(stage.failures()).toBe(2);
  });

  test('makes the same change of the job a repetition when it comes by another way', async () => {
    const { stage, id } = await quarantined(rulesWith(ruleOf('recover: true')));
    const { event_id } = await stage.again(id);
    const acceptance = await stage.accept({ body: stage.body({ id: 'job-q' }) });
    expect(acceptance).toEqual({ kind: 'duplicate', of: 'transition', eventId: event_id, conflict: false });
  });
});

test('a replayed completion ends what it was not understood to end, unless those who are to hear of it were chosen', async () => {
  const stage = createReplayStage(rulesWith(ruleOf('recover: true')));
  await stage.comes();
  await stage.pass(minute);
  const id = await stage.comes({ state: 'completed' }, { event: null, why: 'no event' });
  expect(await stage.again(id, { to: ['pager'] })).toMatchObject({ outcome: 'unrouted' });
  expect([stage.failures(), stage.printed.length]).toEqual([1, 1]);
  const { event_id } = await stage.again(id, { again: true });
  expect([stage.failures(), stage.deliveries(event_id!)]).toEqual([0, ['r → chat recover (delivered)']]);
});

test('a replayed completion ends nothing that failed after it, and is sent as completions are', async () => {
  const stage = createReplayStage(
    rulesWith(ruleOf('recover: true'), '{ name: done, match: { states: [completed] }, send: [{ to: pager }] }'),
  );
  const id = await stage.comes({ state: 'completed', ago: minute });
  await stage.comes();
  const { event_id } = await stage.again(id);
  expect([stage.failures(subject), stage.deliveries(event_id!)]).toEqual([1, ['done → pager message (delivered)']]);
});
