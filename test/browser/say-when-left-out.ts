/** Before and after all tests: says so when there is no browser for the console's. */
import { findChromium, howToGetChromium } from './chromium.ts';

export function setup(): () => void {
  if (findChromium() !== null) return () => {};
  if (process.env.CI) throw new Error(`the console's test can't be run: ${howToGetChromium}`);
  const say = () =>
    void process.stderr.write(`\nLEFT OUT: the console's test in a browser (test/browser). ${howToGetChromium}\n`);
  say();
  return say;
}
