/** Nothing is changed but from a page of the session: by all routes there are. */
import { describe, expect, test } from 'vitest';
import { openConsole, token, type ConsoleStage } from './console-stage.ts';

const id = 'sil_1M7ZPRB9M00';
const reading = new Set(['GET', 'HEAD', 'ALL']);

/** Paths of all that changes something, but for the sign-in, which has no session yet. */
function changing({ routes }: ConsoleStage): string[] {
  const paths = routes()
    .filter(({ method, path }) => !reading.has(method) && !path.endsWith('/sign-in'))
    .map(({ path }) => path.replaceAll(/:[a-z]+/g, id));
  return [...new Set(paths)];
}

describe('a form', () => {
  test('without the proof of the session is refused by every route, and nothing is done', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    const silence = stage.silences.add(
      { match: { states: ['failed'] }, fromMs: 0, untilMs: stage.clock.ms + 60_000, reason: 'a', author: 'b' },
      stage.clock.ms,
    );
    const paths = changing(stage);
    expect(paths).toContain('/console/silences');
    expect(paths).toContain('/console/sign-out');
    for (const path of [...paths, `/console/silences/${silence.id}/expire`]) {
      for (const csrf of [undefined, '', '0'.repeat(64)]) {
        const answer = await operator.post(path, csrf === undefined ? {} : { csrf });
        expect(answer.status, path).toBe(403);
        expect(answer.text, path).toContain('nothing was done');
      }
    }
    expect(stage.silences.find(silence.id, stage.clock.ms)?.state).toBe('active');
    expect((await operator.get('/console')).status).toBe(200);
  });

  test('without a session is refused by every route', async (context) => {
    const stage = await openConsole(context);
    for (const path of changing(stage)) {
      const answer = await stage.visitor().post(path, { csrf: '0'.repeat(64) });
      expect(answer.status, path).toBe(401);
    }
  });

  test('with the proof of another session is refused', async (context) => {
    const stage = await openConsole(context);
    const [operator, other] = [await stage.operator(), await stage.operator()];
    const proof = /name="csrf" value="([0-9a-f]+)"/.exec((await other.get('/console')).text)![1]!;
    expect((await operator.post('/console/sign-out', { csrf: proof })).status).toBe(403);
    expect((await other.post('/console/sign-out', { csrf: proof })).status).toBe(303);
  });

  test('may carry its proof in a header, as htmx sends it', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    const body = /<body\s+hx-headers="([^"]*)"/.exec((await operator.get('/console')).text)![1]!;
    const headers = JSON.parse(body.replaceAll('&quot;', '"')) as Record<string, string>;
    expect((await operator.post('/console/sign-out', {}, { 'x-csrf-token': 'wrong' })).status).toBe(403);
    expect((await operator.post('/console/sign-out', {}, headers)).status).toBe(303);
  });

  test.for([
    [{ 'sec-fetch-site': 'same-origin' }, 303],
    [{ 'sec-fetch-site': 'none' }, 303],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 303],
    [{ origin: 'https://relay.example', 'x-forwarded-host': 'relay.example' }, 303],
    [{ origin: 'https://relay.example.evil.example', 'x-forwarded-host': 'relay.example' }, 403],
    [{ origin: 'nonsense' }, 403],
  ] as const)('with the right proof and the headers %j is answered with %i', async ([headers, status], context) => {
    const operator = await (await openConsole(context)).operator();
    await operator.get('/console');
    expect((await operator.submit('/console/sign-out', {}, { ...headers })).status).toBe(status);
  });

  test('that is too large, or no form, is refused', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    await operator.get('/console/silences');
    const large = await operator.submit('/console/silences', { reason: 'x'.repeat(70_000) });
    expect(large.status).toBe(413);
    const larger = await operator.submit('/console/silences', { reason: 'x'.repeat(1_100_000) });
    expect(larger.status).toBe(413);
    const headers = {
      cookie: `relay_session=${operator.cookies.get('relay_session')}`,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const csrf = /name="csrf" value="([0-9a-f]+)"/.exec((await operator.get('/console')).text)![1]!;
    // Its length is told by nothing but its end.
    const body = new Blob([`csrf=${csrf}&reason=${'x'.repeat(70_000)}`]).stream();
    const streamed = await fetch(`${stage.url}/console/silences`, {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit);
    expect(streamed.status).toBe(413);
    const json = await fetch(`${stage.url}/console/silences`, {
      method: 'POST',
      headers: { cookie: `relay_session=${operator.cookies.get('relay_session')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ csrf: token }),
    });
    expect(json.status).toBe(400);
  });

  test('of a size that only an event may have is refused before it is read, but where an event is tried', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    const event = 'x'.repeat(100_000);
    // Without the proof: it is its size that counts first.
    expect((await operator.post('/console/silences', { event })).status).toBe(413);
    expect((await operator.post('/console/rules/try', { event })).status).toBe(403);
    await operator.get('/console/rules/try');
    expect((await operator.submit('/console/rules/try', { event })).text).not.toContain('too large');
    expect((await operator.submit('/console/rules/try', { event: 'x'.repeat(1_100_000) })).status).toBe(413);
  });

  test('of very many fields is refused unread', async (context) => {
    const operator = await (await openConsole(context)).operator();
    await operator.get('/console/silences');
    const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, '']));
    const refused = await operator.submit('/console/silences', fields(1_000));
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('more than 1000 fields');
    await operator.get('/console/silences');
    expect((await operator.submit('/console/silences', fields(999))).text).not.toContain('too many fields');
  });
});
