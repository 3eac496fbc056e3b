/** Signing in to the console with the operator token, and out. */
import { describe, expect, test } from 'vitest';
import { openConsole, token } from './console-stage.ts';

const hourMs = 3_600_000;
const wrong = 'some-other-token-not-a-real-one';

/** What a browser was told to keep as its session; null: nothing. */
function sessionLine(headers: Headers): string | null {
  return headers.getSetCookie().find((line) => line.startsWith('relay_session=')) ?? null;
}

describe('signing in', () => {
  test('with the token opens a session of twelve hours that scripts can not read', async (context) => {
    const visitor = (await openConsole(context)).visitor();
    await visitor.get('/console/sign-in');
    const answer = await visitor.submit('/console/sign-in', { token });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/console');
    const line = sessionLine(answer.headers)!;
    expect(line.split('; ').slice(1).toSorted()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/console', 'SameSite=Lax']);
    expect(line).not.toContain(token);
    expect((await visitor.get('/console')).status).toBe(200);
  });

  test('by https, directly or through a proxy, makes the cookie Secure', async (context) => {
    const visitor = (await openConsole(context)).visitor();
    await visitor.get('/console/sign-in');
    const answer = await visitor.submit('/console/sign-in', { token }, { 'x-forwarded-proto': 'https' });
    expect(sessionLine(answer.headers)).toContain('; Secure');
  });

  test('leads back to the page that was wanted', async (context) => {
    const visitor = (await openConsole(context)).visitor();
    const turned = await visitor.get('/console/events?state=failed&subject=a%2Fb');
    expect(turned.status).toBe(303);
    const to = turned.headers.get('location')!;
    const page = await visitor.get(to);
    const next = /name="next" value="([^"]*)"/.exec(page.text)![1]!.replaceAll('&amp;', '&');
    const answer = await visitor.submit('/console/sign-in', { token, next });
    expect(answer.headers.get('location')).toBe('/console/events?state=failed&subject=a%2Fb');
    expect((await visitor.get(to)).headers.get('location')).toBe('/console/events?state=failed&subject=a%2Fb');
  });

  test.for([
    'https://evil.example/console',
    '//evil.example/console',
    '/\\evil.example',
    '\\/evil.example',
    '/console//evil.example',
    '/console/..//evil.example',
    '/console/../healthz',
    '/console/%2e%2e/healthz',
    '/console/%2f%2fevil.example',
    '/console/%5cevil.example',
    '/console\\@evil.example',
    '/console\t/x',
    '/console\r\nx-evil: 1',
    '/consoles',
    '/console.evil.example',
    '/healthz',
    'javascript:alert(1)',
    'console',
    '/console/sign-out',
    '/console/sign-in?next=/console/sign-in',
    '/console/events/tail',
    '/console/events/tail?state=failed',
    '/console/events/tai%6c',
    '/console/events/evt_1M7ZPRB9M00/body',
    '/console/assets/console.css',
  ])('never leads to %j', async (next, context) => {
    const stage = await openConsole(context);
    const visitor = stage.visitor();
    const page = await visitor.get(`/console/sign-in?next=${encodeURIComponent(next)}`);
    expect(page.text).toContain('name="next" value="/console"');
    const answer = await visitor.submit('/console/sign-in', { token, next });
    expect(answer.headers.get('location')).toBe('/console');
  });

  test('with a wrong token opens nothing, is said and is logged without the token', async (context) => {
    const stage = await openConsole(context);
    const visitor = stage.visitor();
    await visitor.get('/console/sign-in');
    const answer = await visitor.submit('/console/sign-in', { token: wrong });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('not the relay&#39;s RELAY_ADMIN_TOKEN');
    expect(answer.text).not.toContain(wrong);
    expect(sessionLine(answer.headers)).toBeNull();
    expect(stage.logged).toEqual([{ level: 'warn', message: 'console: a sign-in with a wrong token was refused' }]);
  });

  test.for(['', token.slice(0, -1), `${token}x`, token.toUpperCase()])(
    'takes nothing but the token itself: %j',
    async (given, context) => {
      const stage = await openConsole(context);
      const visitor = stage.visitor();
      await visitor.get('/console/sign-in');
      expect((await visitor.submit('/console/sign-in', { token: given })).status).toBe(401);
    },
  );

  test('with ever more wrong tokens is put off, but nobody who has the right one', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    const stranger = stage.visitor();
    await stranger.get('/console/sign-in');
    const tries = () => stranger.submit('/console/sign-in', { token: wrong, next: '/console/events?state=failed' });
    for (let i = 0; i < 10; i++) {
      expect((await tries()).status).toBe(401);
      stage.clock.ms += 1_000;
    }
    const refused = await tries();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('50');
    expect(refused.text).toContain('name="next" value="/console/events?state=failed"');
    expect(sessionLine(refused.headers)).toBeNull();

    expect((await operator.get('/console')).status).toBe(200);
    const onCall = stage.visitor();
    await onCall.get('/console/sign-in');
    expect((await onCall.submit('/console/sign-in', { token })).status).toBe(303);
    // What came too early makes the wait no longer.
    stage.clock.ms += 50_000;
    expect((await tries()).status).toBe(401);
  });

  test('with wrong tokens without end does not fill the log, which tells how many there were', async (context) => {
    const stage = await openConsole(context);
    const stranger = stage.visitor();
    await stranger.get('/console/sign-in');
    for (let i = 0; i < 25; i++) await stranger.submit('/console/sign-in', { token: wrong });
    stage.clock.ms += 60_000;
    await stranger.submit('/console/sign-in', { token: wrong });
    const line = { level: 'warn', message: 'console: a sign-in with a wrong token was refused' };
    expect(stage.logged).toEqual([line, { ...line, more: 8 }, { ...line, more: 15 }]);
  });

  test('needs the form that this browser was given', async (context) => {
    const stage = await openConsole(context);
    const visitor = stage.visitor();
    expect((await visitor.post('/console/sign-in', { token })).status).toBe(403);
    await visitor.get('/console/sign-in');
    expect((await visitor.post('/console/sign-in', { token, form: '0'.repeat(32) })).status).toBe(403);
    const stranger = stage.visitor();
    await stranger.get('/console/sign-in');
    const another = { token, form: stranger.cookies.get('relay_sign_in')! };
    expect((await visitor.post('/console/sign-in', another)).status).toBe(403);
  });

  test.for([{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }])(
    'is refused from a page elsewhere: %j',
    async (headers, context) => {
      const stage = await openConsole(context);
      const visitor = stage.visitor();
      await visitor.get('/console/sign-in');
      const answer = await visitor.submit('/console/sign-in', { token }, headers as Record<string, string>);
      expect(answer.status).toBe(403);
      expect(sessionLine(answer.headers)).toBeNull();
    },
  );
});

describe('a session', () => {
  test('ends after twelve hours and is not renewed by use', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    stage.clock.ms += 12 * hourMs - 1;
    const last = await operator.get('/console');
    expect(last.status).toBe(200);
    expect(sessionLine(last.headers)).toBeNull();
    stage.clock.ms += 1;
    expect((await operator.get('/console')).headers.get('location')).toBe('/console/sign-in');
  });

  test('can not be changed or made up', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    const [id, end, signature] = operator.cookies.get('relay_session')!.split('.') as [string, string, string];
    const flipped = (text: string) => (text.startsWith('0') ? '1' : '0') + text.slice(1);
    const made = [
      `${flipped(id)}.${end}.${signature}`,
      `${id}.${Number(end) + hourMs}.${signature}`,
      `${id}.${end}.${flipped(signature)}`,
      `${id}.${end}.`,
      `${id}.${end}`,
      '..',
      '',
    ];
    for (const cookie of made) {
      operator.cookies.set('relay_session', cookie);
      expect((await operator.get('/console')).status, cookie).toBe(303);
    }
    operator.cookies.set('relay_session', `${id}.${end}.${signature}`);
    expect((await operator.get('/console')).status).toBe(200);
  });

  test('that was signed out is over for every copy of its cookie, and no other is', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    const other = await stage.operator();
    const copy = operator.cookies.get('relay_session')!;
    await operator.get('/console');
    const answer = await operator.submit('/console/sign-out');
    expect(answer.status).toBe(303);
    expect(operator.cookies.has('relay_session')).toBe(false);
    const { text } = await operator.get(answer.headers.get('location')!);
    expect(text).toContain('You are signed out.');
    expect(text).toContain('A restart of the relay forgets that');
    operator.cookies.set('relay_session', copy);
    expect((await operator.get('/console')).status).toBe(303);
    expect((await other.get('/console')).status).toBe(200);
  });

  test('outlives a restart, but not another token', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    stage.restart(token);
    expect((await operator.get('/console')).status).toBe(200);
    stage.restart(wrong);
    expect((await operator.get('/console')).status).toBe(303);
  });

  test('is asked for on every page, also on such as are not there', async (context) => {
    const visitor = (await openConsole(context)).visitor();
    for (const path of [
      '/console',
      '/console/',
      '/console/events',
      '/console/silences',
      '/console/nowhere',
      '/console/assets/x.js',
    ]) {
      const answer = await visitor.get(path);
      expect(answer.status, path).toBe(303);
      expect(answer.headers.get('location'), path).toMatch(/^\/console\/sign-in/);
    }
  });

  test('that has ended leads a page that refreshes itself to the sign-in, and back', async (context) => {
    const stage = await openConsole(context);
    const answer = await stage
      .visitor()
      .get('/console', { 'hx-request': 'true', 'hx-current-url': `${stage.url}/console/events?state=failed` });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('hx-redirect')).toBe(`/console/sign-in?next=${encodeURIComponent('/console/events?state=failed')}`);
    expect(answer.text).toBe('');
  });
});

describe('without a token', () => {
  test('every page says how to turn the console on', async (context) => {
    const stage = await openConsole(context, { token: null });
    const visitor = stage.visitor();
    for (const path of ['/console', '/console/sign-in', '/console/events', '/console/silences']) {
      const answer = await visitor.get(path);
      expect(answer.status, path).toBe(403);
      expect(answer.text, path).toContain('set RELAY_ADMIN_TOKEN');
    }
    expect((await visitor.post('/console/sign-in', { token: '' })).status).toBe(403);
  });
});
