/** The dashboard and the alert rules in `ops/`: they ask for what is measured, and say what to do. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { metricCatalogue } from '../../src/observe/metrics.ts';
import { anchorsOf, documentAt } from './markdown.ts';
import { readPromql } from './promql.ts';

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook: string };
}
const rules = (parse(readFileSync('ops/prometheus-rules.yaml', 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);

interface Target {
  refId: string;
  expr: string;
  legendFormat: string;
}
interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Target[];
  fieldConfig?: { defaults: { unit?: string } };
}
const dashboard = JSON.parse(readFileSync('ops/grafana-dashboard.json', 'utf8')) as {
  panels: Panel[];
  templating: { list: { name: string; type: string; definition?: string }[] };
  annotations: { list: { expr: string }[] };
};
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const targets = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));

/** With Grafana's own variable for a range in place; those in quotes are text as good as any. */
const read = (expression: string) => readPromql(expression.replaceAll('$__rate_interval', '5m'));

/** Labels that a text puts in: `{{ $labels.destination }}`; in Grafana's legends `{{destination}}`. */
const labelsIn = (text: string) =>
  [...text.matchAll(/\$labels\.(\w+)|\{\{(\w+)\}\}/g)].map(([, ofAlert, ofLegend]) => ofAlert ?? ofLegend!);
const missing = (labels: ReadonlySet<string>, texts: readonly string[]) =>
  texts.flatMap(labelsIn).filter((label) => !labels.has(label));

describe.each(rules)('the alert $alert', ({ expr, labels, annotations }) => {
  test('asks for what is measured', () => {
    expect(read(expr).faults).toEqual([]);
  });

  test('names only labels that it has', () => {
    expect(missing(read(expr).labels, Object.values(annotations))).toEqual([]);
  });

  test('says how urgent it is, and leads to a section that says what to do', () => {
    expect(['page', 'ticket']).toContain(labels.severity);
    const [path, anchor] = annotations.runbook.split('#');
    expect(anchorsOf(documentAt(path!))).toContain(anchor);
  });
});

describe('the dashboard', () => {
  test.each(targets)('$title ($refId) asks for what is measured, and names only labels that it has', ({ expr, legendFormat }) => {
    const { faults, labels } = read(expr);
    expect(faults).toEqual([]);
    expect(missing(labels, [legendFormat])).toEqual([]);
  });

  test('shows every metric there is', () => {
    const shown = new Set(targets.flatMap(({ expr }) => [...read(expr).metrics]));
    const bare = new Set([...shown].map((name) => name.replace(/^narrative_relay_/, '').replace(/_(bucket|sum|count)$/, '')));
    expect(Object.keys(metricCatalogue).filter((name) => !bare.has(name))).toEqual([]);
  });

  test('marks starts by what is measured', () => {
    expect(dashboard.annotations.list.flatMap(({ expr }) => read(expr).faults)).toEqual([]);
  });

  test('its variables hold values of labels that there are, and each is used', () => {
    const queries = dashboard.templating.list.filter(({ type }) => type === 'query');
    for (const { name, definition } of queries) {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition!)!;
      expect(label).toBe(name);
      expect([...read(metric!).labels]).toContain(label);
    }
    const text = JSON.stringify(dashboard.panels);
    const named = dashboard.templating.list.map(({ name }) => name);
    expect(named.filter((name) => !text.includes(`$${name}`) && !text.includes(`\${${name}}`))).toEqual([]);
    const used = targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name!));
    expect(used.filter((name) => ![...named, '__rate_interval'].includes(name))).toEqual([]);
  });

  test('each panel says in what unit, and in words what it shows', () => {
    expect(panels.filter(({ description, fieldConfig }) => !description || !fieldConfig?.defaults.unit)).toEqual([]);
  });

  test('no two panels have one id or lie over each other, and none sticks out', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });
});

describe('the Litestream example', () => {
  const { dbs } = parse(readFileSync('docs/deploy/litestream.yml', 'utf8')) as {
    dbs: { path: string; 'min-checkpoint-page-count': number }[];
  };

  test('copies the store that the systemd unit names', () => {
    const unit = readFileSync('docs/deploy/narrative-relay.service', 'utf8');
    expect(dbs.map(({ path }) => path)).toEqual([/^Environment=RELAY_DB=(.+)$/m.exec(unit)![1]]);
  });

  test('checkpoints before the relay does', () => {
    const [, pages] = /wal_autocheckpoint = (\d+)/.exec(readFileSync('src/node/sqlite.ts', 'utf8'))!;
    expect(dbs[0]!['min-checkpoint-page-count']).toBeLessThan(Number(pages));
  });
});
