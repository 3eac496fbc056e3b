import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { metricCatalogue } from '../../src/observe/metrics.ts';
import { settingsReference } from '../../src/settings.ts';
import { anchorsOf, blocksOf, documentAt, documents, localLinksOf, tableUnder } from './markdown.ts';

const readme = documentAt('README.md');

test('the settings table lists what the code reads, with its defaults', () => {
  const expected = settingsReference.map(({ name, default: usual, meaning }) => [name, usual, meaning]);
  expect(tableUnder(readme, 'Settings')).toEqual(expected);
});

test('the metrics table lists what is measured, with its labels', () => {
  const expected = Object.entries(metricCatalogue).map(([name, { type, labels, help }]) => [name, type, labels.join(', '), help]);
  expect(tableUnder(documentAt('docs/http.md'), 'Metrics')).toEqual(expected);
});

describe.each(documents)('$path', (document) => {
  test('links to files and headings that exist', () => {
    const broken = localLinksOf(document).filter((target) => {
      const [file, anchor] = target.split('#');
      const path = file ? join(dirname(document.path), file) : document.path;
      if (!existsSync(path)) return true;
      return anchor !== undefined && !anchorsOf({ path, text: readFileSync(path, 'utf8') }).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = [...document.text.matchAll(/npm run (?:-s )?([a-z][a-z:-]*)/g)].map(([, name]) => name!);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('names commands of the relay, and options of theirs, that exist', () => {
    const wrong = namedCommands(document.text).filter(({ command, options }) => {
      const help = helpOf(command);
      return help === null || options.some((option) => !optionsIn(help).includes(option));
    });
    expect(wrong).toEqual([]);
    // A process for each command.
  }, 60_000);

  test('names files of the repository that exist', () => {
    const named = [...document.text.matchAll(/`((?:src|test|docs|rules|bench)\/[\w./-]+)`/g)].map(([, path]) => path!);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });
});

test('the README is short enough to be read', () => {
  expect(readme.text.split('\n').length).toBeLessThan(450);
});

test('each block of the README says what it is', () => {
  expect(blocksOf(readme).filter(({ info }) => info === '')).toEqual([]);
});

/** `relay check`, `npm run relay -- check --secrets`, `node src/cli/main.ts silences list --all`. */
function namedCommands(text: string): { command: string[]; options: string[] }[] {
  const pattern = /(?:npm run (?:-s )?relay -- |`relay |node src\/cli\/main\.ts )([a-z][a-z-]*)([^`\n#]*)/g;
  return [...text.matchAll(pattern)].map(([, name, rest]) => {
    const part = /^ ([a-z]+)/.exec(rest!)?.[1];
    return {
      command: part !== undefined && commandsIn(relay(name!, '--help')).includes(part) ? [name!, part] : [name!],
      options: rest!.match(/--[a-z][a-z-]*/g) ?? [],
    };
  });
}

const commandsIn = (help: string) =>
  [...(help.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name!);
const optionsIn = (help: string): string[] => help.match(/--[a-z][a-z-]*/g) ?? [];

/** Null when there is no such command. */
function helpOf(command: string[]): string | null {
  return commandsIn(relay('--help')).includes(command[0]!) ? relay(...command, '--help') : null;
}

const helps = new Map<string, string>();

function relay(...parameters: string[]): string {
  const line = parameters.join(' ');
  if (!helps.has(line)) {
    helps.set(line, execFileSync(process.execPath, ['src/cli/main.ts', ...parameters], { encoding: 'utf8' }));
  }
  return helps.get(line)!;
}
