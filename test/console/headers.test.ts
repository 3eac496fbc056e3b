/** What browsers are told with every page. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openConsole, type ConsoleStage } from './console-stage.ts';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

function pagesOf({ routes }: ConsoleStage): string[] {
  const paths = routes()
    .filter(({ method, path }) => method === 'GET' && !path.includes('/assets/') && !path.includes('*'))
    .map(({ path }) => path.replaceAll(/:[a-z]+/g, 'none'));
  return [...new Set([...paths, '/console/nowhere'])];
}

function expectGuarded(headers: Headers, path: string): void {
  expect(headers.get('content-security-policy'), path).toBe(policy);
  expect(headers.get('x-content-type-options'), path).toBe('nosniff');
  expect(headers.get('referrer-policy'), path).toBe('no-referrer');
  expect(headers.get('cross-origin-opener-policy'), path).toBe('same-origin');
  expect(headers.get('cache-control'), path).toBe('no-store');
}

test('every page, with a session or without, is guarded and kept by nobody', async (context) => {
  const stage = await openConsole(context);
  const operator = await stage.operator();
  const paths = pagesOf(stage);
  expect(paths).toContain('/console/silences');
  for (const path of paths) {
    expectGuarded((await operator.get(path)).headers, path);
    expectGuarded((await stage.visitor().get(path)).headers, path);
    expectGuarded((await operator.post(path, {})).headers, path);
  }
});

test('a console that is off is guarded, too', async (context) => {
  const stage = await openConsole(context, { token: null });
  const answer = await stage.visitor().get('/console');
  expect(answer.status).toBe(403);
  expectGuarded(answer.headers, '/console');
});

test('styles and scripts are ours, need no session, and may be kept for ever', async (context) => {
  const stage = await openConsole(context);
  const { text } = await stage.visitor().get('/console/sign-in');
  const loaded = [...text.matchAll(/(?:src|href)="([^"]+\.(?:css|js))"/g)].map(([, path]) => path!);
  expect(loaded).toHaveLength(3);
  for (const path of loaded) {
    const asset = await stage.visitor().get(path);
    expect(asset.status, path).toBe(200);
    expect(asset.headers.get('cache-control'), path).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(asset.headers.get('content-type'), path).toMatch(path.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
    expect(asset.text.length, path).toBeGreaterThan(100);
  }
});

test('htmx is told to evaluate nothing, ask nobody else and store no page', async (context) => {
  const { text } = await (await openConsole(context)).visitor().get('/console/sign-in');
  const config = /<meta name="htmx-config" content="([^"]*)"/.exec(text)![1]!.replaceAll('&quot;', '"');
  expect(JSON.parse(config)).toEqual({
    allowEval: false,
    includeIndicatorStyles: false,
    selfRequestsOnly: true,
    historyCacheSize: 0,
  });
});

test('no source of the console puts text into a page unescaped', () => {
  const folder = 'src/console';
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) expect(readFileSync(join(folder, file), 'utf8'), file).not.toMatch(/\braw\s*\(|isEscaped/);
});
