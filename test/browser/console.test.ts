/** The night of whoever is on call, told to a real browser. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violationsOf } from './accessibility.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { adminToken, openConsoleStage, type ConsoleStage } from './console-stage.ts';

const minuteMs = 60_000;
const followed = /Following live: (?!connecting)/;

/** `say-when-left-out.ts` says so, where there is none. */
describe.runIf(findChromium() !== null)('the console, in a browser', () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchChromium()));
  afterAll(() => browser.close());

  test('tells whoever is on call what is wrong and why they were woken, and lets them do something about it', async (context) => {
    const stage = await openConsoleStage(context);
    const url = await stage.prepared.launch().ready;
    await haveABadNight(stage, url);
    const page = await newPage(browser, context);

    // Signing in leads to where one wanted to go.
    await page.goto(`${url}/console`);
    await page.getByLabel('token').fill('not-the-operators-token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expectText(page, 'not the relay');
    await page.getByLabel('token').fill(adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();

    // The incident, and the event behind it.
    await expectText(page, 'Open incidents (1)');
    await expectText(page, 'LOAD_WH is suspended');
    await page.getByRole('link', { name: 'Why, or why not?' }).click();
    await expectText(page, 'failed datasets_deliver_data');
    await expectText(page, 'PagerDuty · CRITICAL');
    const verdicts = page.getByRole('table').filter({ hasText: 'morning-digest' });
    expect(await verdicts.getByRole('row', { name: /deliveries-page/ }).innerText()).toMatch(/matched → oncall, data-eng/);
    expect(await verdicts.getByRole('row', { name: /morning-digest/ }).innerText()).toMatch(/states: failed is not completed/);

    // Two clicks, and the dataset is silent.
    await page.getByRole('link', { name: 'Silence this dataset' }).click();
    await page.getByLabel('Why').fill('known: the warehouse is being resized');
    await page.getByRole('button', { name: /^Silence/ }).click();
    await expectText(page, 'known: the warehouse is being resized');
    const pagedBefore = stage.pagerDuty.events.length;
    await stage.tell(url, { ...failure, id: 'job-again', atMs: Date.now() });
    await page.goto(`${url}/console/events`);
    await expectText(page, 'suppressed');
    expect(stage.pagerDuty.events).toHaveLength(pagedBefore);

    // What Airflow refused is sent again, now that it is mended.
    stage.airflow.answerWith(() => null);
    await page.goto(`${url}/console/deliveries`);
    await expectText(page, 'answered 422');
    await page.getByRole('link', { name: /^dlv_/ }).first().click();
    const arrives = new Promise<void>((resolve) => stage.airflow.on(() => resolve()));
    await page.getByRole('button', { name: 'Retry' }).click();
    await arrives;
    await expectText(page, 'It is sent again now');
    await page.reload();
    await expectText(page, 'delivered');

    // What comes meanwhile appears by itself, once it is looked for.
    await page.goto(`${url}/console/events`);
    await page.getByText('Follow live').click();
    await page.getByRole('status').filter({ hasText: followed }).waitFor();
    await stage.tell(url, { id: 'job-live', state: 'completed', type: 'upload-stats', datasetId: 11, atMs: Date.now() });
    await page.getByRole('row', { name: /upload-stats/ }).waitFor();

    // And out.
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.goto(`${url}/console/events`);
    await page.getByLabel('token').waitFor();
  });

  test('tells who follows live that they are signed out, in whatever window, and does not try for ever', async (context) => {
    const stage = await openConsoleStage(context);
    const url = await stage.prepared.launch().ready;
    const page = await newPage(browser, context);
    await page.goto(`${url}/console`);
    await signIn(page);
    await page.goto(`${url}/console/events?state=completed&live=1`);
    await page.getByRole('status').filter({ hasText: 'Following live: no new event yet' }).waitFor();
    const other = await page.context().newPage();
    await other.goto(`${url}/console`);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await expectText(other, 'You are signed out.');
    // The stream ends before it would tell of this.
    await stage.tell(url, { id: 'job-after', state: 'completed', type: 'upload-stats', datasetId: 11, atMs: Date.now() });
    await page.getByRole('status').filter({ hasText: 'You are signed out, so nothing more comes.' }).waitFor();
    expect(await page.getByText('upload-stats').count()).toBe(0);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('token').fill(adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${url}/console/events?state=completed&live=1`);
  });

  test('does not hold up the relay when it stops, though a page follows it live', async (context) => {
    const stage = await openConsoleStage(context);
    const relay = stage.prepared.launch();
    const url = await relay.ready;
    const page = await newPage(browser, context);
    await page.goto(`${url}/console`);
    await signIn(page);
    await page.goto(`${url}/console/events`);
    await page.getByText('Follow live').click();
    await page.getByRole('status').filter({ hasText: followed }).waitFor();
    relay.signal('SIGTERM');
    // Far less than the 5 s that requests in flight are given.
    const late = new Promise<string>((resolve) => setTimeout(() => resolve('still there after 3 s'), 3_000));
    expect(await Promise.race([relay.ended, late])).toEqual({ code: 0, signal: null });
  });

  const looks = [
    { device: 'desktop', width: 1280, height: 900, colorScheme: 'light' },
    { device: 'desktop', width: 1280, height: 900, colorScheme: 'dark' },
    { device: 'phone', width: 390, height: 844, colorScheme: 'light' },
    { device: 'phone', width: 390, height: 844, colorScheme: 'dark' },
  ] as const;

  test.for(looks)(
    'is for everybody: axe finds nothing on any page ($device, $colorScheme), and none is too wide',
    async (look, context) => {
      const { colorScheme, width, height } = look;
      const stage = await openConsoleStage(context);
      const url = await stage.prepared.launch().ready;
      await haveABadNight(stage, url);
      const page = await newPage(browser, context, { viewport: { width, height }, colorScheme });
      await page.goto(`${url}/console`);
      const problems = await problemsOf(page, 'sign-in');
      await signIn(page);
      for (const path of await pathsOf(page, url)) {
        await page.goto(`${url}${path}`);
        problems.push(...(await problemsOf(page, path)));
      }
      expect(problems).toEqual([]);
    },
  );

  test('runs nothing that an event brings along, and loads nothing from elsewhere', async (context) => {
    const stage = await openConsoleStage(context);
    const url = await stage.prepared.launch().ready;
    const hostile = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;
    await stage.tell(url, { ...failure, id: hostile, type: hostile, message: hostile, atMs: Date.now() });
    const page = await newPage(browser, context);
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) elsewhere.push(request.url());
    });
    await page.goto(`${url}/console`);
    await signIn(page);
    for (const path of await pathsOf(page, url)) {
      await page.goto(`${url}${path}`);
      expect(await page.title()).not.toBe('taken');
    }
    expect(elsewhere).toEqual([]);
  });
});

const failure = {
  state: 'failed',
  type: 'datasets_deliver_data',
  datasetId: 10736,
  message: 'Snowflake: warehouse LOAD_WH is suspended',
} as const;

/** One incident that somebody was paged for, and one delivery that died. */
async function haveABadNight(stage: ConsoleStage, url: string): Promise<void> {
  stage.airflow.answerWith(() => ({ kind: 'status', status: 422, body: 'unknown dag' }));
  const paged = new Promise<void>((resolve) => stage.pagerDuty.on(() => resolve()));
  const now = Date.now();
  await stage.tell(url, {
    id: 'job-view',
    state: 'completed',
    type: 'materialize-view',
    datasetId: 10744,
    atMs: now - 3 * minuteMs,
  });
  await stage.tell(url, { ...failure, id: 'job-delivery', atMs: now - 2 * minuteMs });
  await paged;
}

interface Look {
  viewport?: { width: number; height: number };
  colorScheme?: 'light' | 'dark';
}

type Finishing = { onTestFinished: (work: () => Promise<void>) => void };

async function newPage(browser: Browser, { onTestFinished }: Finishing, look: Look = {}): Promise<Page> {
  const visit = await browser.newContext(look);
  onTestFinished(() => visit.close());
  visit.setDefaultTimeout(15_000);
  return visit.newPage();
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('token').fill(adminToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** Every page that the console has, one of each kind. */
async function pathsOf(page: Page, url: string): Promise<string[]> {
  const linkOn = async (path: string, pattern: string) => {
    await page.goto(`${url}${path}`);
    const links = await page.locator(`a[href*="${pattern}"]`).all();
    return (await links[0]?.getAttribute('href')) ?? null;
  };
  const details = [
    await linkOn('/console/events', '/console/events/evt_'),
    await linkOn('/console', '/console/incidents/inc_'),
    await linkOn('/console/deliveries', '/console/deliveries/dlv_'),
  ];
  const lists = ['', '/events', '/incidents', '/deliveries', '/destinations', '/rules', '/silences'].map(
    (path) => `/console${path}`,
  );
  return [...lists, ...details.filter((path) => path !== null)];
}

async function problemsOf(page: Page, where: string): Promise<string[]> {
  const tooWide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  const violations = await violationsOf(page);
  return [...(tooWide ? ['wider than its screen'] : []), ...violations].map((problem) => `${where}: ${problem}`);
}

async function expectText(page: Page, text: string): Promise<void> {
  await page.getByText(text).filter({ visible: true }).first().waitFor();
}
