/** Writes what bench/results.json holds into the README's table: node docs/fill-figures.ts */
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
const table = [
  `Measured on ${measuredAt.slice(0, 10)}: ${hardware}; ${about.join(', ')}.`,
  '',
  '| what | measured | target | met |',
  '|---|---:|---:|---|',
  ...results.map(rowOf),
].join('\n');

const readme = readFileSync('README.md', 'utf8');
const place = /(<!-- figures: .*? -->\n)[\s\S]*?(<!-- end of figures -->)/;
if (!place.test(readme)) throw new Error('README.md has no place for the figures: put the two comments back');
writeFileSync(
  'README.md',
  readme.replace(place, (_, start: string, end: string) => `${start}\n${table}\n\n${end}`),
);
