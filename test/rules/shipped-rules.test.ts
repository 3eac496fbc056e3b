import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRulesFolder } from '../../src/node/rules-folder.ts';
import { checkRules } from '../../src/rules/check.ts';
import { rulesJsonSchema } from '../../src/rules/json-schema.ts';
import { anySecret } from './support.ts';

describe('the shipped rules', () => {
  test('pass the check, tests included, without a warning', () => {
    const report = checkRules(readRulesFolder('rules'), anySecret, { secrets: 'required' });
    expect(report).toMatchObject({ ok: true, problems: [], warnings: [] });
    expect(report.counts!.tests).toBeGreaterThanOrEqual(10);
  });

  const examples = readdirSync('rules/examples');
  test.each(examples)('the example %s passes the check by itself, and names each secret that it needs', (name) => {
    const path = join('rules/examples', name);
    const text = readFileSync(path, 'utf8');
    expect(checkRules([{ path, text }], anySecret, { secrets: 'required' })).toMatchObject({
      ok: true,
      problems: [],
      warnings: [],
    });
    const intro = text.slice(0, text.indexOf('\nversion:'));
    const secrets = [...text.matchAll(/env: ([A-Z_]+)/g)]
      .map(([, variable]) => variable!)
      .filter((variable) => variable !== 'NAME');
    for (const variable of secrets) expect(intro).toContain(variable);
  });

  test('rules/schema.json is what the code says: otherwise run "npm run schema"', () => {
    expect(JSON.parse(readFileSync('rules/schema.json', 'utf8'))).toEqual(rulesJsonSchema());
  });

  test('the schema explains every key to an editor', () => {
    const silent: string[] = [];
    const walk = (schema: ReturnType<typeof rulesJsonSchema>, path: string) => {
      for (const [key, property] of Object.entries(schema.properties ?? {})) {
        if (!('description' in property)) silent.push(`${path}.${key}`);
        walk(property, `${path}.${key}`);
      }
      for (const part of [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])])
        walk(part, path);
      if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, `${path}.*`);
    };
    walk(rulesJsonSchema(), '');
    expect(silent).toEqual([]);
  });
});
