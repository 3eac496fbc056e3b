/** The system's Chromium, driven by playwright-core. Nothing is downloaded: where there is none, whoever asks is told so. */
import { accessSync, constants } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'];

export const howToGetChromium =
  'no Chromium was found: install it (on Debian: apt-get install chromium), or set CHROMIUM to the path of one';

/** Null: there is none. `CHROMIUM` names one; then it has to be there. */
export function findChromium(): string | null {
  const named = process.env.CHROMIUM;
  if (named) {
    accessSync(named, constants.X_OK);
    return named;
  }
  return places.find(isThere) ?? null;
}

/** Throws when there is none. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error(howToGetChromium);
  // A container has neither a sandbox nor much shared memory; all it opens is the relay on loopback.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
