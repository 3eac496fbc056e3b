/**
 * Takes the pictures of the console in docs/console/, each page light and dark, on a desktop and on a phone, from a relay that had
 * the demo's night behind it:
 * node docs/take-pictures.ts
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../test/browser/chromium.ts';

const folder = resolve(import.meta.dirname, 'console');
const looks = [
  { name: 'desktop-light', viewport: { width: 1280, height: 1180 }, colorScheme: 'light' },
  { name: 'desktop-dark', viewport: { width: 1280, height: 1180 }, colorScheme: 'dark' },
  { name: 'phone-light', viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  { name: 'phone-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const;

/** The demo, once its night is over. */
async function startDemo() {
  const demo = spawn(process.execPath, ['src/cli/main.ts', 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const line of createInterface({ input: demo.stdout })) {
    said += `${line}\n`;
    if (line.includes('Ctrl-C stops everything')) break;
  }
  demo.stdout.resume();
  if (demo.exitCode !== null) throw new Error(`the demo ended: ${said.slice(-2_000)}`);
  const found = (pattern: RegExp) => pattern.exec(said)?.[1] ?? fail(`the demo does not say ${pattern}: was it changed?`);
  return {
    consoleUrl: found(/^(http\S+\/console)$/m),
    token: found(/^Sign in with the token (\S+)$/m),
    webhookUrl: found(/^The relay listens on (\S+)$/m),
    secret: found(/Authorization: Bearer (\S+)'/),
    async stop(): Promise<void> {
      demo.kill('SIGINT');
      await once(demo, 'close');
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}

type Demo = Awaited<ReturnType<typeof startDemo>>;

/** Something that fails in the morning: what whoever looks at the console came for. */
async function failInTheMorning({ webhookUrl, secret }: Demo): Promise<void> {
  const failed = (id: string, type: string, dataset: number, message: string) => ({
    id,
    type: 'job.failed',
    data: { job_id: id, state: 'failed', type, input: { dataset_id: dataset }, failures: [{ message }] },
  });
  for (const event of [
    failed('6f1d2c1e-7a0b-4a54-9a55-2f8f6a1d0c11', 'materialize-view', 10744, 'Query exceeded the warehouse timeout of 3600 s'),
    failed('b7c0a7de-02b8-47c5-8a34-9b8f6f0a7c42', 'datasets_deliver_data', 10736, 'Snowflake: warehouse LOAD_WH is suspended'),
  ]) {
    const answer = await fetch(webhookUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify(event),
    });
    if (answer.status !== 202) throw new Error(`the relay answered ${answer.status}: ${await answer.text()}`);
  }
}

/** A silence as somebody would make it, so that there is one to be seen. */
async function silenceSomething({ consoleUrl, token }: Demo): Promise<void> {
  const answer = await fetch(new URL('/api/v1/silences', consoleUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      match: { dataset_ids: [10988] },
      for: '2h',
      reason: 'backfill of last week, ends by itself',
      author: 'data engineering',
    }),
  });
  if (answer.status !== 201) throw new Error(`no silence: ${answer.status} ${await answer.text()}`);
}

async function takePictures(browser: Browser, { consoleUrl, token }: Demo): Promise<void> {
  for (const { name, ...look } of looks) {
    const visit = await browser.newContext(look);
    const page = await visit.newPage();
    const take = async (of: string, fullPage = false) => {
      // Nothing blinks, and nobody is about to type.
      await page.evaluate('document.activeElement?.blur()');
      await page.screenshot({ path: join(folder, `${of}-${name}.png`), fullPage, animations: 'disabled', caret: 'hide' });
    };
    await page.goto(consoleUrl);
    await take('sign-in');
    await page.getByLabel('token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await take('now');
    for (const path of ['events', 'deliveries', 'rules', 'silences']) {
      await page.goto(`${consoleUrl}/${path}`);
      await take(path);
    }
    await openFailure(page, consoleUrl);
    await take('event');
    await visit.close();
  }
}

async function openFailure(page: Page, consoleUrl: string): Promise<void> {
  await page.goto(`${consoleUrl}/events?text=10736&state=failed`);
  const newest = await page.locator('a[href*="/console/events/evt_"]').first().getAttribute('href');
  await page.goto(new URL(newest ?? fail('the failure of dataset 10736 is not in the list'), consoleUrl).href);
}

mkdirSync(folder, { recursive: true });
const demo = await startDemo();
const browser = await launchChromium();
try {
  await failInTheMorning(demo);
  await silenceSomething(demo);
  await new Promise((settled) => setTimeout(settled, 4_000));
  await takePictures(browser, demo);
} finally {
  await browser.close();
  await demo.stop();
}
