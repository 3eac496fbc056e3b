/** What a person is told when Narrative's API doesn't do what it was asked. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Answer, NarrativeApi } from '../../src/narrative/api.ts';
import type { NarrativeApiOptions } from '../../src/narrative/client.ts';
import {
  brokenOff,
  clientOf,
  fixture,
  json,
  reset,
  serveReplies,
  silence,
  token,
  type ApiServer,
  type Reply,
} from './api-server.ts';

let server: ApiServer;
afterEach(() => server.close());

async function failureOf(
  reply: Reply,
  call: (api: NarrativeApi) => Promise<Answer<unknown>> = (api) => api.listSubscriptions(),
  options: Partial<NarrativeApiOptions> = {},
) {
  server = await serveReplies(reply);
  const answer = await call(clientOf(server.url, { maxAttempts: 1, ...options }).api);
  if (answer.ok) throw new Error(`no failure: ${JSON.stringify(answer.value)}`);
  expect(answer.failure.detail).not.toMatch(/[\n\r]/);
  expect(answer.failure.detail).not.toContain(token);
  return answer.failure;
}

const wanted = { kind: 'app', url: 'https://relay.example.com', name: null, appId: '8' } as const;
const create = (api: NarrativeApi) => api.createSubscription(wanted);
const listJobs = (api: NarrativeApi) => api.listJobs({ perPage: 500, offset: 0 });

describe('a refused token', () => {
  test.each([401, 403])('names the permissions for webhooks (%i)', async (status) => {
    const failure = await failureOf(json(status, fixture('error-unauthorized')));
    expect(failure.kind).toBe('unauthorized');
    expect(failure.detail).toContain('the token needs webhook permissions (account settings → API keys)');
    expect(failure.detail).toContain('"You are not authorized to use this endpoint."');
  });

  test('names the permission for jobs', async () => {
    const failure = await failureOf(json(403, {}), listJobs);
    expect(failure).toMatchObject({ kind: 'unauthorized', detail: expect.stringContaining('permission to read jobs') });
  });
});

describe('404', () => {
  test('says which subscription or job there is none of', async () => {
    const ofSubscription = await failureOf(json(404, {}), (api) => api.archiveSubscription('sub-1'));
    expect(ofSubscription).toEqual({
      kind: 'not-found',
      detail: 'Narrative has no subscription sub-1; "relay subscriptions list" shows those there are',
    });
    server.close();
    const ofJob = await failureOf(json(404, {}), (api) => api.getJob('job\n1'));
    expect(ofJob).toEqual({ kind: 'not-found', detail: "Narrative has no job job 1, or it is another company's" });
  });

  test('without an id means that the URL leads elsewhere', async () => {
    const failure = await failureOf(json(404, {}));
    expect(failure).toMatchObject({ kind: 'not-found', detail: expect.stringContaining('correct NARRATIVE_API_URL') });
  });
});

describe('a refusal', () => {
  test.each([
    ['{"message":"the URL is taken"}', 'the URL is taken'],
    ['{"error":"Conflict","error_description":"the URL is taken"}', 'the URL is taken'],
    ['{"detail":"the URL is taken"}', 'the URL is taken'],
    ['{"error":"the URL is taken"}', 'the URL is taken'],
    ['{"error":{"message":"the URL is taken"}}', 'the URL is taken'],
    ['"the URL is taken"', 'the URL is taken'],
    ['the URL\r\n   is taken', 'the URL is taken'],
    ['{"errors":["the URL is taken"]}', 'the URL is taken'],
  ])("is told in Narrative's words: %s", async (body, words) => {
    const failure = await failureOf(json(409, body), create);
    expect(failure.kind).toBe('refused');
    expect(failure.detail).toContain('answered 409 to POST /webhooks');
    expect(failure.detail).toContain(words);
  });

  test('is told in few words, and never with the token', async () => {
    const failure = await failureOf(json(422, { message: `no good: ${token} ${'very '.repeat(100_000)}` }));
    expect(failure.detail).toContain('no good: [the token] very');
    expect(failure.detail.length).toBeLessThan(400);
  });
});

test('a redirect is not followed: it would hand on the token', async () => {
  const failure = await failureOf(json(302, '', { location: 'https://login.example.com/' }));
  expect(failure).toMatchObject({ kind: 'unexpected', detail: expect.stringContaining('to https://login.example.com/') });
  expect(server.asked).toHaveLength(1);
});

describe('an answer of success that holds none', () => {
  test('is not JSON', async () => {
    const failure = await failureOf((response) => void response.end('<html>secret-text'));
    expect(failure).toMatchObject({ kind: 'not-json', detail: expect.stringContaining('GET /webhooks') });
    expect(failure.detail).not.toContain('secret-text');
  });

  test('breaks off', async () => {
    expect(await failureOf(brokenOff)).toMatchObject({ kind: 'not-json', detail: expect.stringContaining('broke off') });
  });

  test('is too long, by one byte', async () => {
    const body = '[{"id":"a","url":"https://a.example"}]';
    const failure = await failureOf(json(200, body), undefined, { maxAnswerBytes: body.length - 1 });
    expect(failure).toMatchObject({ kind: 'too-large', detail: expect.stringContaining(`${body.length - 1} bytes`) });
  });

  test('may be as long as the limit', async () => {
    const body = '[{"id":"a","url":"https://a.example"}]';
    server = await serveReplies(json(200, body));
    expect(await clientOf(server.url, { maxAnswerBytes: body.length }).api.listSubscriptions()).toMatchObject({ ok: true });
  });

  test('says of jobs that fewer can be had', async () => {
    const failure = await failureOf(json(200, '[{},{}]'), listJobs, { maxAnswerBytes: 3 });
    expect(failure).toMatchObject({ kind: 'too-large', detail: expect.stringContaining('ask for fewer jobs') });
  });
});

describe('no answer', () => {
  test('within the time', async () => {
    const failure = await failureOf(silence, undefined, { timeoutMs: 40 });
    expect(failure).toMatchObject({ kind: 'timeout', detail: expect.stringContaining('within 0.04 s') });
  });

  test('since nothing listens', async () => {
    server = await serveReplies(silence);
    server.close();
    const answer = await clientOf(server.url, { maxAttempts: 1 }).api.listSubscriptions();
    expect(answer).toMatchObject({
      ok: false,
      failure: { kind: 'unreachable', detail: expect.stringMatching(/ECONNREFUSED.*NARRATIVE_API_URL/) },
    });
  });

  test('since the connection broke', async () => {
    expect(await failureOf(reset)).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('broke') });
  });
});

test('too many requests and faults of Narrative’s say when to come back', async () => {
  const limited = await failureOf(json(429, {}, { 'retry-after': '7' }));
  expect(limited).toMatchObject({ kind: 'rate-limited', afterMs: 7_000, detail: expect.stringContaining('in 7 s') });
  server.close();
  const fault = await failureOf(json(502, 'bad gateway'));
  expect(fault).toMatchObject({ kind: 'server-error', detail: expect.stringContaining('502') });
  expect(fault).not.toHaveProperty('afterMs');
});

describe('a subscription that may have been made although nobody can tell', () => {
  test.each([
    ['a fault', json(500, {})],
    ['a broken connection', reset],
    ['an answer that breaks off', brokenOff],
    ['no JSON', json(200, 'made')],
    ['an unreadable answer', json(200, {})],
    ['an answer that is too long', json(200, ' '.repeat(101))],
  ])('%s: the failure says where to look', async (_name, reply) => {
    const failure = await failureOf(reply, create, { maxAnswerBytes: 100 });
    expect(failure.detail).toContain('may have been made all the same: look with "relay subscriptions list"');
  });

  test('a refusal leaves no doubt', async () => {
    expect((await failureOf(json(400, { message: 'no' }), create)).detail).not.toContain('may have been made');
    server.close();
    expect((await failureOf(json(503, {}, { 'retry-after': '1' }), create)).detail).not.toContain('may have been made');
  });
});
