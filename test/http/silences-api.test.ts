/** The operator API's silences, asked over HTTP of a relay with a real store. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { detailOf } from './problem-of.ts';
import { startRelayUnderTest, type RelayUnderTest } from './relay-under-test.ts';

const token = 'operators-token-not-a-real-one';
const silencesUrl = '/api/v1/silences';

let relay: RelayUnderTest;

beforeEach(async () => {
  relay = await startRelayUnderTest({ adminToken: token });
});
afterEach(() => relay.stop());

function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const authorization = `Bearer ${token}`;
  return fetch(relay.url + path, {
    method,
    headers: { authorization, ...headers },
    ...(text === undefined ? {} : { body: text as string }),
  });
}

interface Answer {
  id: string;
  state: string;
  match: unknown;
  from: string;
  until: string;
  created_at: string;
}

const wanted = { match: { dataset_ids: ['10736'], states: ['failed'] }, for: '2h', reason: 'backfill', author: 'alex' };

async function make(changes: object = {}): Promise<Answer> {
  const response = await ask('POST', silencesUrl, { ...wanted, ...changes });
  expect(response.status).toBe(201);
  return (await response.json()) as Answer;
}

async function listed(query = ''): Promise<Answer[]> {
  const response = await ask('GET', `${silencesUrl}${query}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { silences: Answer[] }).silences;
}

const isoInHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('the token', () => {
  const paths = [silencesUrl, `${silencesUrl}/sil_1M7ZPRB9M00`, '/api/v1', '/api/v1/', '/api/v1/nowhere', '/api/v1/silences/a/b'];

  test.each(paths)('is needed for %s, whatever the method', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE', 'PUT']) {
      const answer = await fetch(relay.url + path, { method });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="operator-api"');
      expect(await detailOf(answer, 401)).toContain('RELAY_ADMIN_TOKEN');
    }
  });

  test.each([
    ['another one', `Bearer ${token.replace('n', 'm')}`],
    ['its beginning', `Bearer ${token.slice(0, -1)}`],
    ['it and more', `Bearer ${token}x`],
    ['it and another word', `Bearer ${token} x`],
    ['no value', 'Bearer '],
    ['no scheme', token],
    ['another scheme', `Basic ${btoa(`admin:${token}`)}`],
    ['two of them', `Bearer ${token}, Bearer ${token}`],
    ['letters beyond ASCII', `Bearer ${token.slice(0, -1)}é`],
  ])('is not proved by %s', async (_what, authorization) => {
    const answer = await ask('GET', silencesUrl, undefined, { authorization });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="operator-api", error="invalid_token"');
    expect(await detailOf(answer, 401)).not.toContain(token);
    expect(relay.logLines().at(-1)).toMatchObject({ level: 'warn', msg: expect.stringContaining('wrong token') });
  });

  test('may be announced in any case', async () => {
    expect((await ask('GET', silencesUrl, undefined, { authorization: `bearer ${token}` })).status).toBe(200);
  });

  test('is asked for before a body is read', async () => {
    const answer = await ask('POST', silencesUrl, 'x'.repeat(1_000_000), { authorization: 'Bearer wrong' });
    expect(answer.status).toBe(401);
    expect((await ask('GET', silencesUrl)).status).toBe(200);
  });

  test('that is not set turns the API off, with a word on how to turn it on', async () => {
    await relay.stop();
    relay = await startRelayUnderTest();
    for (const path of paths) expect(await detailOf(await ask('GET', path), 403)).toMatch(/set RELAY_ADMIN_TOKEN/);
    expect((await ask('POST', silencesUrl, wanted)).status).toBe(403);
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
  });
});

describe('a silence', () => {
  test('is made, shown, listed, and ended', async () => {
    const before = Date.now();
    const response = await ask('POST', silencesUrl, wanted);
    expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const made = (await response.json()) as Answer;
    expect(made).toEqual({
      id: expect.stringMatching(/^sil_[0-9A-Z]{11}$/),
      state: 'active',
      match: wanted.match,
      from: made.created_at,
      until: new Date(Date.parse(made.from) + 7_200_000).toISOString(),
      reason: 'backfill',
      author: 'alex',
      created_at: expect.any(String),
    });
    expect(Date.parse(made.created_at)).toBeGreaterThanOrEqual(before);

    const shown = await ask('GET', response.headers.get('location')!);
    expect([shown.status, await shown.json()]).toEqual([200, made]);
    expect(await listed()).toEqual([made]);

    const ended = await ask('DELETE', `${silencesUrl}/${made.id}`);
    const over = (await ended.json()) as Answer;
    expect([ended.status, over]).toEqual([200, { ...made, state: 'expired', until: over.until }]);
    expect(Date.parse(over.until)).toBeLessThanOrEqual(Date.now());
    const again = await ask('DELETE', `${silencesUrl}/${made.id}`);
    expect([again.status, await again.json()]).toEqual([200, over]);

    expect(await listed()).toEqual([]);
    expect(await listed('?all=false')).toEqual([]);
    expect(await listed('?all=true')).toEqual([over]);
  });

  test('can begin later, and end at a time', async () => {
    const [from, until] = [isoInHours(1), isoInHours(2)];
    expect(await make({ for: undefined, from, until })).toMatchObject({ state: 'pending', from, until });
    expect(await make({ from })).toMatchObject({ from, until: isoAfter(from, 7_200_000) });
    expect(await listed()).toHaveLength(2);
  });

  test('that began before it was made is reckoned from then, and in force from now', async () => {
    const from = isoInHours(-1.5);
    const made = await make({ from });
    expect(made).toMatchObject({ state: 'active', from: made.created_at, until: isoAfter(from, 7_200_000) });
  });

  test('counts a time without a zone as UTC', async () => {
    const until = isoInHours(5);
    expect((await make({ for: undefined, until: until.slice(0, -1) })).until).toBe(until);
  });

  test('takes whatever a rule can match on', async () => {
    const match = { job_types: ['models_*'], kind: 'job', when: 'job.duration_s > 60', not: { dataset_ids: ['1'] } };
    expect((await make({ match })).match).toEqual(match);
    expect((await make({ match: {} })).match).toEqual({});
  });

  test('keeps every digit of an id that a double has not', async () => {
    const body = '{"match":{"dataset_ids":[12345678901234567891]},"for":"1h","reason":"r","author":"a"}';
    const made = (await (await ask('POST', silencesUrl, body)).json()) as Answer;
    expect(made.match).toEqual({ dataset_ids: ['12345678901234567891'] });
  });

  test('is written into the log when it is made and when it is ended, and the token never', async () => {
    const { id } = await make();
    await ask('DELETE', `${silencesUrl}/${id}`);
    const lines = relay.logLines().filter(({ silence }) => silence !== undefined);
    expect(lines.map(({ msg, silence }) => [msg, (silence as Answer).id])).toEqual([
      ['silence made', id],
      ['silence expired by an operator', id],
    ]);
    expect(relay.logText.join('')).not.toContain(token);
  });

  test('that could not be stored is not in force either', async () => {
    relay.sql.query('ALTER TABLE silences RENAME TO elsewhere');
    expect(await detailOf(await ask('POST', silencesUrl, wanted), 500)).toContain('send it again');
    relay.sql.query('ALTER TABLE elsewhere RENAME TO silences');
    expect(await listed()).toEqual([]);
  });
});

const isoAfter = (iso: string, ms: number) => new Date(Date.parse(iso) + ms).toISOString();

describe('a request that is wrong is refused, naming the field', () => {
  test.each<[object, RegExp]>([
    [{ match: undefined }, /^match: is missing/],
    [{ match: { datasets: [1] } }, /unknown key "datasets" in match \(.*dataset_ids/],
    [{ match: { not: {} } }, /^match\.not: has no condition/],
    [{ match: { states: [] } }, /^match\.states: an empty list matches nothing/],
    [{ match: { states: 'failed' } }, /^match\.states: must be a list/],
    [{ match: { when: 'job.stat == 1' } }, /^match\.when: job has no "stat".*did you mean "state"/],
    [{ match: { not: { kind: 'jobs' } } }, /^match\.not\.kind: "jobs" is none of job, app, relay/],
    [{ reason: undefined, author: undefined }, /^reason: is missing; author: is missing$/],
    [{ reason: ' ' }, /^reason: is empty/],
    [{ reason: 'x'.repeat(501) }, /^reason: is longer than 500 characters$/],
    [{ author: 7 }, /^author: must be text, not a number$/],
    [{ author: 'x'.repeat(101) }, /^author: is longer than 100 characters$/],
    [{ for: '2 hours' }, /^for: a duration is a whole number/],
    [{ for: 120 }, /^for: a duration is a whole number/],
    [{ for: '9999d' }, /^for: its end is more than a year ahead/],
    [{ from: isoInHours(-3) }, /^for: its end is in the past: it is \d{4}-/],
    [{ for: undefined }, /^until: say either for/],
    [{ until: '2099-01-01T00:00Z' }, /^until: say either for/],
    [{ for: undefined, until: 'tomorrow' }, /^until: is no date and time/],
    [{ for: undefined, until: '2020-01-01T00:00:00Z' }, /^until: is in the past: it is \d{4}-/],
    [{ for: undefined, until: '2099-01-01T00:00:00Z' }, /^until: is more than a year ahead/],
    [{ for: undefined, from: isoInHours(3), until: isoInHours(2) }, /^until: is not after from/],
    [{ from: '2026-02-31T00:00:00Z' }, /^from: is no date and time/],
    [{ comment: 'x' }, /^unknown key "comment"/],
  ])('%j', async (changes, detail) => {
    expect(await detailOf(await ask('POST', silencesUrl, { ...wanted, ...changes }), 400)).toMatch(detail);
    expect(await listed('?all=true')).toEqual([]);
  });

  test.each([
    ['no body', '', /not JSON/],
    ['half a document', '{"match":', /not JSON/],
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), /not JSON in UTF-8/],
    ['a list', '[]', /must be a mapping/],
    ['null', 'null', /must be a mapping/],
  ])('%s', async (_what, body, detail) => {
    expect(await detailOf(await ask('POST', silencesUrl, body), 400)).toMatch(detail);
  });

  test('a body over the limit is not read to its end', async () => {
    const answer = await ask('POST', silencesUrl, { ...wanted, reason: 'x'.repeat(70_000) });
    expect(await detailOf(answer, 413)).toContain('65536 bytes');
  });

  test.each(['?all=yes', '?all', '?alle=true'])('GET %s', async (query) => {
    expect(await detailOf(await ask('GET', silencesUrl + query), 400)).toMatch(/all/);
  });
});

describe('what is not there', () => {
  test.each(['sil_00000000000', 'sil_1', 'evt_1M7ZPRB9M00', 'x'.repeat(500)])('no silence %s', async (id) => {
    for (const method of ['GET', 'DELETE']) {
      expect(await detailOf(await ask(method, `${silencesUrl}/${id}`), 404)).toContain('no silence of this id');
    }
  });

  test.each(['/api/v1', '/api/v1/nowhere', '/api/v1/silences/a/b'])('no page %s', async (path) => {
    expect(await detailOf(await ask('GET', path), 404)).toContain('no such page');
  });

  test.each([
    ['PUT', silencesUrl, 'GET, HEAD, POST'],
    ['DELETE', silencesUrl, 'GET, HEAD, POST'],
    ['PATCH', `${silencesUrl}/sil_1M7ZPRB9M00`, 'GET, HEAD, DELETE'],
    ['POST', `${silencesUrl}/sil_1M7ZPRB9M00`, 'GET, HEAD, DELETE'],
  ])('no %s of %s', async (method, path, allow) => {
    const answer = await ask(method, path);
    expect(answer.headers.get('allow')).toBe(allow);
    await detailOf(answer, 405);
  });
});
