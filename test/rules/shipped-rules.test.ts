import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRulesFolder } from '../../src/node/rules-folder.ts';
import { checkRules } from '../../src/rules/check.ts';
import { rulesJsonSchema } from '../../src/rules/json-schema.ts';
import { loadRules } from '../../src/rules/load.ts';
import { anySecret, appEvent, jobEvent, relayEventFor } from './support.ts';

describe('the shipped rules', () => {
  test('pass the check, tests included, without a warning', () => {
    const report = checkRules(readRulesFolder('rules'), anySecret, { secrets: 'required' });
    expect(report).toMatchObject({ ok: true, problems: [], warnings: [] });
    expect(report.counts!.tests).toBeGreaterThanOrEqual(10);
  });

  const loaded = loadRules(readRulesFolder('rules'), anySecret);
  if (!loaded.ok) throw new Error('see the test above');
  const { plan, rules, watch } = loaded.rules;
  const types = ['datasets_deliver_data', 'models_deliver_model', 'materialize-view', 'upload-stats', 'costs'];
  const failures = [
    ...types.flatMap((type) => [10744, 10311].map((dataset_id) => jobEvent({ type, input: { dataset_id } }))),
    appEvent('facebook.audience.delivery.failed'),
    relayEventFor(),
  ];

  test('tell of each failure somewhere, and nowhere by two rules', () => {
    for (const failure of failures) {
      const to = plan(failure).matched.flatMap(({ send }) => send.map((each) => each.to));
      expect(to).not.toHaveLength(0);
      expect(new Set(to)).toHaveLength(to.length);
    }
  });

  test('tell of the end of whatever they alert on, but for what no rule knows', () => {
    for (const failure of failures) {
      for (const rule of plan(failure).matched) expect(rule.incident?.recover ?? false).toBe(rule.name !== 'unmatched');
    }
  });

  test('page for critical views, and call their owner with a runbook', () => {
    const { deliveries, owners } = plan(jobEvent({ input: { dataset_id: 10744 } }));
    expect(deliveries.map(({ destination }) => destination)).toContain('oncall');
    expect(owners).toEqual([
      { mention: '<!subteam^S0EXAMPLE>', runbook: expect.stringMatching(/^https:\/\/wiki\.example\.com\//) },
    ]);
    expect(plan(jobEvent({ input: { dataset_id: 10311 } })).owners).toEqual([]);
  });

  test('fold storms, watch for jobs that hang and for silence, and end the night with a digest', () => {
    expect(rules.find(({ name }) => name === 'refreshes')?.incident?.group).toMatchObject({ by: ['job.type'] });
    expect(rules.find(({ name }) => name === 'stuck')?.trigger).toMatchObject({ kind: 'late' });
    expect(rules.find(({ name }) => name === 'morning-digest')?.trigger).toMatchObject({
      kind: 'digest',
      at: '08:30',
      timezone: 'UTC',
    });
    expect(watch.noEventsMs).toBe(24 * 3_600_000);
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
