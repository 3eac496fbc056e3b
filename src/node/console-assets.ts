/** The console's scripts from their packages, where Node finds them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ConsoleAssets } from '../console/assets.ts';

const { resolve } = createRequire(import.meta.url);
const textOf = (module: string) => readFileSync(resolve(module), 'utf8');

export const nodeConsoleAssets: ConsoleAssets = {
  htmx: () => textOf('htmx.org/dist/htmx.min.js'),
};
