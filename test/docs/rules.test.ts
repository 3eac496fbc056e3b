import { describe, expect, test } from 'vitest';
import { checkRules } from '../../src/rules/check.ts';
import { rulesJsonSchema } from '../../src/rules/json-schema.ts';
import { relayTopics } from '../../src/rules/relay-events.ts';
import { blocksOf, documentAt, tableUnder } from './markdown.ts';

type Schema = ReturnType<typeof rulesJsonSchema>;

const noSecrets = () => undefined;

/** What a part of a configuration is shown without, and what it refers to. */
const surroundings = blocksOf(documentAt('docs/rules.md'))
  .find(({ info }) => info === 'yaml rules')!
  .text.split('\ndefaults:')[0]!;

describe.each(['README.md', 'docs/rules.md'])('the rules in %s', (path) => {
  const blocks = blocksOf(documentAt(path)).filter(({ info }) => info === 'yaml rules');

  test('are all there', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(2);
    const unmarked = blocksOf(documentAt(path)).filter(({ info }) => /^ya?ml/.test(info) && info !== 'yaml rules');
    expect(unmarked).toEqual([]);
  });

  test.each(blocks)('at line $line pass the check, with their templates and tests', ({ text }) => {
    const report = checkRules(filesFor(text), noSecrets, { secrets: 'optional' });
    expect(report.problems).toEqual([]);
    expect(report.warnings.filter(({ message }) => !/ is not set$| cannot be read$|there are no rules/.test(message))).toEqual(
      [],
    );
  });
});

test('the reference explains every key that the schema has', () => {
  const { text } = documentAt('docs/rules.md');
  const missing = [...keysOf(rulesJsonSchema())].filter((key) => !new RegExp(`\`(?:[a-z]+\\.)?${key}\\b|\\b${key}:`).test(text));
  expect(missing).toEqual([]);
});

test('the reference lists all that the relay has to say about itself', () => {
  const listed = tableUnder(documentAt('docs/rules.md'), 'The relay itself').map(([type]) => type);
  expect(listed.toSorted()).toEqual(relayTopics.map((topic) => `relay.${topic}`).toSorted());
});

/** A part gets what it lacks; what it defines itself is left out of its surroundings. */
function filesFor(text: string): { path: string; text: string }[] {
  const part = { path: 'rules/part.yaml', text: `version: 1\n${text}` };
  const defines = (key: string) => new RegExp(`^${key}:`, 'm').test(text);
  const [subscriptions, destinations] = surroundings.split(/(?=^destinations:)/m);
  const around = [
    ...(defines('subscriptions') ? [] : [subscriptions]),
    ...(defines('destinations') && /^ {2}data-eng:/m.test(text) ? [] : [destinations]),
    // The tests of the reference speak of this rule.
    ...(text.includes('deliveries-page') && !defines('rules') ? [pageRule] : []),
  ];
  return [part, { path: 'rules/surroundings.yaml', text: `version: 1\n${around.join('')}` }];
}

const pageRule = `
rules:
  - name: deliveries-page
    match: { states: [failed], job_types: [datasets_deliver_data] }
    send: [{ to: oncall }, { to: data-eng }]
unmatched: { send: [{ to: triage }] }
`;

function* keysOf(schema: Schema): Iterable<string> {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    yield key;
    yield* keysOf(property);
  }
  const parts = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])];
  for (const part of parts) yield* keysOf(part);
  if (typeof schema.additionalProperties === 'object') yield* keysOf(schema.additionalProperties);
}
