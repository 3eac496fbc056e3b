/** Changed rules files are noticed, each change once, however they are written. */
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readRulesFolder } from '../../src/node/rules-folder.ts';
import { watchRules, type RulesWatch } from '../../src/node/watch-rules.ts';
import type { RulesFile } from '../../src/rules/source.ts';

let root: string;
let folder: string;
let watching: RulesWatch;
let reports: (RulesFile[] | Error)[];
let onReport: () => void;

const textsOf = (found: RulesFile[] | Error | undefined) =>
  Array.isArray(found) ? found.map(({ text }) => text) : found?.message;
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

function start(known: RulesFile[] = existsSync(folder) && readdirSync(folder).length > 0 ? readRulesFolder(folder) : []): void {
  watching = watchRules(
    folder,
    known,
    () => readRulesFolder(folder),
    (found) => {
      reports.push(found);
      onReport();
    },
  );
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'watch-rules-'));
  folder = join(root, 'rules');
  mkdirSync(folder);
  write('a.yaml', 'first');
  reports = [];
  onReport = () => {};
});

afterEach(() => {
  watching.stop();
  vi.useRealTimers();
  rmSync(root, { recursive: true, force: true });
});

/** The next report; `change` is what brings it about. */
async function reportOf(change: () => void): Promise<string[] | string | undefined> {
  const reported = new Promise<void>((resolve) => (onReport = resolve));
  change();
  await reported;
  return textsOf(reports.at(-1));
}

describe('by the file system’s word', () => {
  beforeEach(() => {
    // It never gets to look by itself.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    start();
  });

  test('a file that is written, added or removed', async () => {
    expect(await reportOf(() => write('a.yaml', 'second'))).toEqual(['second']);
    expect(await reportOf(() => write('b.yaml', 'another'))).toEqual(['second', 'another']);
    expect(await reportOf(() => rmSync(join(folder, 'a.yaml')))).toEqual(['another']);
    expect(reports).toHaveLength(3);
  });

  test('a file that is put in its place by renaming, as editors and deployments do', async () => {
    const replace = () => {
      write('.a.yaml.new', 'renamed');
      renameSync(join(folder, '.a.yaml.new'), join(folder, 'a.yaml'));
    };
    expect(await reportOf(replace)).toEqual(['renamed']);
  });

  test('what is no longer there is reported as an error in words, and so is its return', async () => {
    expect(await reportOf(() => rmSync(join(folder, 'a.yaml')))).toMatch(/no \*\.yaml in .*rules/);
    expect(await reportOf(() => write('a.yaml', 'back'))).toEqual(['back']);
  });
});

test('a file that is written in several steps is read when it has been left alone for a moment', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  start();
  const changes = watch(folder);
  for (const text of ['', 'vers', 'version: 1']) {
    const noticed = once(changes, 'change');
    write('a.yaml', text);
    await noticed;
    await new Promise(setImmediate);
    vi.advanceTimersByTime(99);
    expect(reports).toEqual([]);
  }
  changes.close();
  vi.advanceTimersByTime(1);
  expect(reports.map(textsOf)).toEqual([['version: 1']]);
});

describe('by looking, where the file system says nothing', () => {
  /** Watches with a clock that the test moves, a folder that has been exchanged for another one meanwhile. */
  function startAndExchangeFolder(): void {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    start();
    renameSync(folder, join(root, 'before'));
    mkdirSync(folder);
    write('a.yaml', 'exchanged');
  }

  test('a folder that was exchanged for another one is noticed within five seconds, once', () => {
    startAndExchangeFolder();
    vi.advanceTimersByTime(5_000);
    expect(reports.map(textsOf)).toEqual([['exchanged']]);
    vi.advanceTimersByTime(60_000);
    expect(reports).toHaveLength(1);
  });

  test('an error that stays is reported once, not at every look', () => {
    startAndExchangeFolder();
    rmSync(folder, { recursive: true });
    vi.advanceTimersByTime(60_000);
    expect(reports.map(textsOf)).toEqual([expect.stringMatching(/rules does not exist: create it/)]);
  });

  test('after it is stopped, nothing is reported', () => {
    startAndExchangeFolder();
    watching.stop();
    vi.advanceTimersByTime(60_000);
    expect(reports).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('asked to reload, it reports even what has not changed: a secret may have', () => {
  start();
  watching.reload();
  expect(reports.map(textsOf)).toEqual([['first']]);
});

test('a change is noticed although the folder was empty or missing at the start', async () => {
  rmSync(join(folder, 'a.yaml'));
  start();
  expect(await reportOf(() => write('a.yaml', 'now'))).toEqual(['now']);
});

test('a change between reading the rules and watching them is noticed', async () => {
  const known = readRulesFolder(folder);
  write('a.yaml', 'second');
  start(known);
  const reported = new Promise<void>((resolve) => (onReport = resolve));
  write('touch.yaml', '');
  await reported;
  expect(textsOf(reports[0])).toContain('second');
});
