import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatProblem } from '../../src/rules/problem.ts';
import { jsonSchemaOf, type JsonSchema } from '../../src/rules/json-schema.ts';
import { readScenario } from '../../src/simulator/scenario.ts';
import { scenarioFile } from '../../src/simulator/scenario-schema.ts';
import { timelineOf } from '../../src/simulator/scenario-timeline.ts';
import { blocksOf, documentAt, tableUnder } from '../docs/markdown.ts';

const page = documentAt('docs/simulator.md');

/** Every key, and what it means; that of a webhook's wish is one for all of its keys. */
function keysOf(schema: JsonSchema, prefix = ''): [key: string, meaning: string][] {
  const other = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const inside = schema.items ?? other ?? schema;
  return Object.entries(inside.properties ?? {}).flatMap(([name, part]): [string, string][] => {
    const deeper = part.items?.properties || (name === 'failures' && prefix === '');
    const meaning = String(part.description).replaceAll('`', '');
    return [[`${prefix}${name}`, meaning], ...(deeper ? keysOf(part, `${prefix}${name}: `) : [])];
  });
}

test('the table of docs/simulator.md lists what a scenario may have', () => {
  const keys = keysOf(jsonSchemaOf(scenarioFile));
  expect(keys.length).toBeGreaterThan(40);
  expect(tableUnder(page, 'Scenarios')).toEqual(keys);
});

test('the scenarios that it shows can be played', () => {
  const shown = blocksOf(page).filter(({ info }) => info === 'yaml');
  expect(shown.length).toBeGreaterThan(0);
  for (const { text } of shown) {
    const read = readScenario(text, 'docs/simulator.md', { NARRATIVE_WEBHOOK_SECRET: 'not-a-real-secret' });
    expect(read.ok ? [] : read.problems.map(formatProblem)).toEqual([]);
    if (read.ok) expect(timelineOf(read.scenario, 0).happenings.length).toBeGreaterThan(0);
  }
});

test('src/simulator/scenarios/schema.json is what the code says: otherwise run "npm run schema"', () => {
  expect(JSON.parse(readFileSync('src/simulator/scenarios/schema.json', 'utf8'))).toEqual(jsonSchemaOf(scenarioFile));
});

test('the scenarios that come with the relay tell editors of their schema', () => {
  const folder = 'src/simulator/scenarios';
  const stories = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  expect(stories).toContain('night.yaml');
  for (const name of stories) {
    expect(readFileSync(join(folder, name), 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\/schema\.json\n/);
  }
});
