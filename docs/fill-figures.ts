/** Writes what bench/results.json holds into docs/performance.md, and what has a target into the README: node docs/fill-figures.ts */
import { readFileSync, writeFileSync } from 'node:fs';

interface Row {
  what: string;
  unit: string;
  value: number;
  target: { atLeast?: number; atMost?: number } | null;
  met: boolean | null;
}

interface Results {
  measuredAt: string;
  machine: Record<string, string>;
  results: Row[];
}

const { measuredAt, machine, results } = JSON.parse(readFileSync('bench/results.json', 'utf8')) as Results;

const rounded = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: value < 1000 ? 2 : 3 });

function rowOf({ what, unit, value, target, met }: Row): string {
  const wanted = target === null ? '' : `${target.atLeast === undefined ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`} ${unit}`;
  return `| ${what.replace(/^ +/, '… ')} | ${rounded(value)} ${unit} | ${wanted} | ${met === null ? '' : met ? 'yes' : '**no**'} |`;
}

const { machine: hardware, ...versions } = machine;
const about = Object.entries(versions).map(([name, value]) => `${name} ${value}`);
const measured = `Measured on ${measuredAt.slice(0, 10)}: ${hardware}; ${about.join(', ')}.`;

function tableOf(rows: readonly Row[]): string {
  return ['| what | measured | target | met |', '|---|---:|---:|---|', ...rows.map(rowOf)].join('\n');
}

function fill(path: string, name: string, text: string): void {
  const document = readFileSync(path, 'utf8');
  const place = new RegExp(`(<!-- ${name}: .*? -->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  if (!place.test(document)) throw new Error(`${path} has no place for the ${name}: put the two comments back`);
  writeFileSync(
    path,
    document.replace(place, (_, start: string, end: string) => `${start}\n${text}\n\n${end}`),
  );
}

fill('docs/performance.md', 'figures', `${measured}\n\n${tableOf(results)}`);
// What is indented is a part of the row above it.
fill('README.md', 'targets', tableOf(results.filter(({ what, target }) => target !== null && !what.startsWith(' '))));
