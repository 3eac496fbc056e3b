/** The operator API's reconciliations, asked over HTTP of a relay with a real store and a simulated Narrative. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { detailOf } from './problem-of.ts';
import { adminToken, startReconcileStage, type ReconcileStage } from './reconcile-stage.ts';
import { startRelayUnderTest } from './relay-under-test.ts';

const url = '/api/v1/reconciliations';

let stage: ReconcileStage;

beforeEach(async () => void (stage = await startReconcileStage()));
afterEach(() => stage.stop());

const headers = { authorization: `Bearer ${adminToken}` };

function ask(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(stage.relay.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

interface Answer {
  id: string;
  apply: boolean;
  from: string;
  until: string;
  status: string;
  detail: string | null;
  finished_at: string | null;
  missing: number;
  taken: number;
}

interface Page {
  missed: Record<string, unknown>[];
  next: number | null;
}

async function begin(changes: object = {}): Promise<Answer> {
  const response = await ask('POST', url, { since: '6h', ...changes });
  expect(response.status).toBe(202);
  const run = (await response.json()) as Answer;
  expect(response.headers.get('location')).toBe(`${url}/${run.id}`);
  return run;
}

/** Asks for the run until it fits. */
async function untilRun({ id }: Answer, fits: (run: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const run = (await (await ask('GET', `${url}/${id}`)).json()) as Answer;
    if (fits(run)) return run;
    await sleep(20);
  }
}

const over = async (run: Answer) => untilRun(run, ({ status }) => status !== 'running');
const missed = async ({ id }: Answer, query = '') => (await (await ask('GET', `${url}/${id}/missed${query}`)).json()) as Page;
const holdUp = (retryAfterS: number) => stage.misbehave({ kind: 'status', status: 429, retryAfterS, times: 50, path: null });

describe('a run', () => {
  test('that only looks lists what never arrived, and takes nothing', async () => {
    await stage.lose({ id: 'job-1', hoursAgo: 2 });
    await stage.lose({ id: 'too-old', hoursAgo: 7 });
    const begun = await begin();
    expect(begun).toMatchObject({ trigger: 'operator', apply: false, status: 'running', finished_at: null, subscription: null });
    expect(begun.id).toMatch(/^rec_\w{11}$/);
    const hours = (Date.parse(begun.until) - Date.parse(begun.from)) / 3_600_000;
    expect(hours).toBeGreaterThan(5.9);
    expect(hours).toBeLessThan(6);
    const run = await over(begun);
    expect(run).toMatchObject({ id: begun.id, status: 'done', jobs: 2, jobs_in_all: 2, missing: 1, taken: 0, unreadable: 0 });
    expect(Date.parse(run.finished_at!)).not.toBeNaN();
    expect(await missed(run)).toEqual({
      missed: [
        {
          job_id: 'job-1',
          state: 'failed',
          job_type: 'materialize-view',
          dataset_id: '10736',
          updated_at: expect.stringMatching(/^\d{4}-.*Z$/),
          subscription: 'production',
          event_id: null,
        },
      ],
      next: null,
    });
    expect(stage.relay.events()).toEqual([]);
  });

  test('that applies takes it, marks it, and sends its alert with a word about that', async () => {
    await stage.lose({ id: 'job-1', hoursAgo: 2 });
    const run = await over(await begin({ apply: true }));
    expect(run).toMatchObject({ apply: true, status: 'done', missing: 1, taken: 1 });
    await stage.relay.untilPrinted(1);
    expect(stage.relay.printed.join('')).toContain(
      "! Its webhook never came: found in Narrative's job list 2 h after it happened",
    );
    expect(stage.relay.events()).toMatchObject([{ scheme: 'reconcile', outcome: 'routed' }]);
    const [taken] = (await missed(run)).missed;
    expect(stage.relay.printed.join('')).toContain(String(taken!.event_id));
    expect(await over(await begin())).toMatchObject({ missing: 0 });
  });

  test('says of its events to rules that they were found', async () => {
    await stage.stop();
    stage = await startReconcileStage({ match: '{ when: \'event.reconciled && job.state == "failed"\' }' });
    await stage.lose({ id: 'job-1' });
    await over(await begin({ apply: true }));
    expect(stage.relay.events()).toMatchObject([{ outcome: 'routed' }]);
  });

  test('says so to silences, too', async () => {
    const silence = { match: { when: 'event.reconciled' }, for: '1h', reason: 'looked into', author: 'alex' };
    expect((await ask('POST', '/api/v1/silences', silence)).status).toBe(201);
    await stage.lose({ id: 'job-1' });
    await over(await begin({ apply: true }));
    expect(stage.relay.events()).toMatchObject([{ outcome: 'suppressed', reason: expect.stringContaining('silenced by sil_') }]);
  });

  test('has the window and the lookback that were asked for, for one subscription', async () => {
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    const window = { from: hoursAgo(5), until: hoursAgo(3) };
    const begun = await begin({ since: undefined, ...window, lookback: '90m', subscription: 'production' });
    expect(begun).toMatchObject({ ...window, lookback_s: 5_400, subscription: 'production' });
  });

  test('can be listed with the others, the newest first', async () => {
    const first = await over(await begin());
    const second = await over(await begin({ since: '1h' }));
    const answer = (await (await ask('GET', url)).json()) as { reconciliations: Answer[] };
    expect(answer).toEqual({ reconciliations: [second, first] });
  });

  test('gives what it found in pages, each once and in order', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) await stage.lose({ id });
    const run = await over(await begin());
    const whole = await missed(run);
    expect(whole.missed).toHaveLength(5);
    const pages = [await missed(run, '?limit=2'), await missed(run, '?limit=2&after=2'), await missed(run, '?after=4&limit=2')];
    expect(pages.map(({ next }) => next)).toEqual([2, 4, null]);
    expect(pages.flatMap((page) => page.missed)).toEqual(whole.missed);
    expect(await missed(run, '?limit=5')).toEqual({ ...whole, next: null });
    expect(await missed(run, '?after=5')).toEqual({ missed: [], next: null });
  });

  test('says what it waits for, and can be cancelled, once', async () => {
    holdUp(3_000);
    const waiting = await untilRun(await begin(), ({ detail }) => detail !== null);
    expect(waiting).toMatchObject({ status: 'running' });
    const cancelled = (await (await ask('DELETE', `${url}/${waiting.id}`)).json()) as Answer;
    expect(cancelled).toMatchObject({ id: waiting.id, status: 'cancelled' });
    expect(await (await ask('DELETE', `${url}/${waiting.id}`)).json()).toEqual(cancelled);
    const told = stage.relay.logLines().filter(({ msg }) => msg === 'reconciliation cancelled by an operator');
    expect(told).toMatchObject([{ run: waiting.id }]);
  });

  test('is refused while ten others wait, with a time to come back', async () => {
    holdUp(3_000);
    for (let i = 0; i < 10; i++) await begin();
    const refused = await ask('POST', url, { since: '6h' });
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await detailOf(refused, 429)).toBe('10 runs are waiting: ask again when they have ended, or cancel some.');
  });

  test('that is over is not cancelled any more', async () => {
    const done = await over(await begin());
    expect(await (await ask('DELETE', `${url}/${done.id}`)).json()).toEqual(done);
    expect(done.status).toBe('done');
  });

  test('that fails says why', async () => {
    stage.misbehave({ kind: 'status', status: 401, retryAfterS: null, times: 50, path: null });
    expect(await over(await begin())).toMatchObject({ status: 'failed', detail: expect.stringContaining('401') });
  });
});

test('nothing can be reconciled without a token for Narrative, which is no fault of the request', async () => {
  const relay = await startRelayUnderTest({ adminToken });
  const asked = await fetch(relay.url + url, { method: 'POST', headers, body: '{"since":"6h"}' });
  const listed = await fetch(relay.url + url, { headers });
  const answers = [await detailOf(asked, 409), await listed.json()];
  await relay.stop();
  expect(answers).toEqual([expect.stringContaining('NARRATIVE_API_TOKEN'), { reconciliations: [] }]);
});

describe('a request that is wrong is refused, naming the field', () => {
  test.each<[object, RegExp]>([
    [{}, /^from: say either from .* or since/],
    [{ since: '6h', from: '2026-03-01T18:00:00Z' }, /^from: say either from .* or since/],
    [{ since: '6 hours' }, /^since: a duration is a whole number/],
    [{ since: '9999d' }, /^since: .*too long ago/],
    [{ from: '2020-01-01T00:00:00Z' }, /^from: .*too long ago/],
    [{ from: 'yesterday' }, /^from: is no date and time/],
    [{ since: '6h', until: 'now' }, /^until: is no date and time/],
    [{ since: '6h', until: '2099-01-01T00:00:00Z' }, /^until: .*has not come yet/],
    [{ since: '1s' }, /^since: .*has to be before the end/],
    [{ since: '6h', lookback: 24 }, /^lookback: a duration is a whole number/],
    [{ since: '6h', lookback: '9999d' }, /^lookback: .*at most ten years/],
    [{ since: '6h', subscription: 'elsewhere' }, /^subscription: the rules have no elsewhere; they have production/],
    [{ since: '6h', subscription: '' }, /^subscription: is empty/],
    [{ since: '6h', apply: 'yes' }, /^apply: must be true or false/],
    [{ since: '6h', aply: true }, /^unknown key "aply".*did you mean "apply"/],
  ])('%j', async (body, detail) => {
    expect(await detailOf(await ask('POST', url, body), 400)).toMatch(detail);
    expect(await (await ask('GET', url)).json()).toEqual({ reconciliations: [] });
  });

  test.each(['limit=0', 'limit=501', 'limit=x', 'after=-1', 'after=1.5', 'after=1e3', 'before=1'])('missed?%s', async (query) => {
    const { id } = await begin();
    expect(await detailOf(await ask('GET', `${url}/${id}/missed?${query}`), 400)).toContain(query.split('=')[0]);
  });
});

describe('what is not there', () => {
  test.each(['rec_00000000000', 'rec_1', 'sil_1M7ZPRB9M00', 'x'.repeat(500)])('no run %s', async (id) => {
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/missed'],
    ] as const) {
      expect(await detailOf(await ask(method, `${url}/${id}${path}`), 404)).toContain('no reconciliation of this id');
    }
  });

  test.each([
    ['PUT', url, 'GET, HEAD, POST'],
    ['POST', `${url}/rec_1M7ZPRB9M00`, 'GET, HEAD, DELETE'],
    ['DELETE', `${url}/rec_1M7ZPRB9M00/missed`, 'GET, HEAD'],
  ])('no %s of %s', async (method, path, allow) => {
    const answer = await ask(method, path);
    expect(answer.headers.get('allow')).toBe(allow);
    await detailOf(answer, 405);
  });

  test('nothing without the token, not even whether it is there', async () => {
    for (const path of [url, `${url}/rec_1M7ZPRB9M00`]) {
      expect((await fetch(stage.relay.url + path)).status).toBe(401);
    }
  });
});
