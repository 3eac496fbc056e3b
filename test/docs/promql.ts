/** Reads PromQL as Prometheus would, and against the metrics that there are. Source: https://prometheus.io/docs/prometheus/latest/querying/basics/ */
import { parser } from '@prometheus-io/lezer-promql';
import { metricCatalogue } from '../../src/observe/metrics.ts';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

export interface Reading {
  /** What is wrong with it, in sentences; none: nothing. */
  faults: string[];
  /** Labels that its result can have; none for a number. */
  labels: ReadonlySet<string>;
  /** As it names them. */
  metrics: ReadonlySet<string>;
}

interface Series {
  counts: boolean;
  labels: readonly string[];
}

/** What Prometheus adds to every series it scrapes. */
const ofTheScrape = ['job', 'instance'];

/** Every series that can be asked for: ours as they are scraped, and Prometheus' own `up`. */
const known = new Map<string, Series>([['up', { counts: false, labels: [] }]]);
for (const [name, { type, labels }] of Object.entries(metricCatalogue)) {
  const full = `narrative_relay_${name}`;
  if (type !== 'histogram') known.set(full, { counts: type === 'counter', labels });
  else {
    known.set(`${full}_bucket`, { counts: true, labels: [...labels, 'le'] });
    for (const part of ['sum', 'count']) known.set(`${full}_${part}`, { counts: true, labels });
  }
}

const ofCounters = new Set(['rate', 'irate', 'increase', 'resets']);
const ofGauges = new Set(['delta', 'idelta', 'deriv', 'predict_linear']);
const noLabels: ReadonlySet<string> = new Set();

export function readPromql(expression: string): Reading {
  const faults: string[] = [];
  const metrics = new Set<string>();
  const tree = parser.parse(expression);
  const text = (node: SyntaxNode) => expression.slice(node.from, node.to);

  /** Names of the labels in `by (…)`, `on (…)`. */
  function namesIn(clause: SyntaxNode | null): string[] {
    return clause?.getChild('GroupingLabels')?.getChildren('LabelName').map(text) ?? [];
  }

  function requireLabels(names: readonly string[], there: ReadonlySet<string>, where: string): void {
    for (const name of names) if (!there.has(name)) faults.push(`${where} has no label ${name}`);
  }

  function selector(node: SyntaxNode, within: readonly string[]): ReadonlySet<string> {
    const name = text(node.getChild('Identifier') ?? node);
    metrics.add(name);
    const series = known.get(name);
    if (series === undefined) {
      faults.push(`there is no metric ${name}`);
      return noLabels;
    }
    const labels = new Set([...series.labels, ...ofTheScrape]);
    const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
    requireLabels(
      matchers.map((each) => text(each.getChild('LabelName')!)),
      labels,
      name,
    );
    const innermost = within.at(-1) ?? '';
    if (ofCounters.has(innermost) && !series.counts) faults.push(`${innermost}() of the gauge ${name}`);
    if (ofGauges.has(innermost) && series.counts) faults.push(`${innermost}() of the counter ${name}`);
    if (name.endsWith('_bucket') && !within.includes('histogram_quantile'))
      faults.push(`${name} outside of histogram_quantile()`);
    return labels;
  }

  function aggregate(node: SyntaxNode, within: readonly string[]): ReadonlySet<string> {
    const inner = labelsOf(node.getChild('FunctionCallBody')!, within);
    const names = namesIn(node.getChild('AggregateModifier'));
    requireLabels(names, inner, text(node));
    return new Set(names);
  }

  function call(node: SyntaxNode, within: readonly string[]): ReadonlySet<string> {
    const name = text(node.getChild('FunctionIdentifier')!);
    const body = node.getChild('FunctionCallBody');
    const inner = body === null ? noLabels : labelsOf(body, [...within, name]);
    if (name === 'histogram_quantile') {
      requireLabels(['le'], inner, text(node));
      if (!/_bucket\b/.test(text(node))) faults.push(`histogram_quantile() of no histogram: ${text(node)}`);
    }
    return name === 'absent' ? noLabels : new Set([...inner].filter((label) => name !== 'histogram_quantile' || label !== 'le'));
  }

  function binary(node: SyntaxNode, within: readonly string[]): ReadonlySet<string> {
    const [left, right] = [labelsOf(node.firstChild!, within), labelsOf(node.lastChild!, within)];
    const names = namesIn(node.getChild('MatchingModifierClause'));
    requireLabels(names, left, text(node.firstChild!));
    requireLabels(names, right, text(node.lastChild!));
    return node.getChild('And') || node.getChild('Unless') ? left : new Set([...left, ...right]);
  }

  function labelsOf(node: SyntaxNode, within: readonly string[]): ReadonlySet<string> {
    switch (node.name) {
      case 'VectorSelector':
        return selector(node, within);
      case 'AggregateExpr':
        return aggregate(node, within);
      case 'FunctionCall':
        return call(node, within);
      case 'BinaryExpr':
        return binary(node, within);
      default: {
        const labels = new Set<string>();
        for (let child = node.firstChild; child; child = child.nextSibling)
          labelsOf(child, within).forEach((label) => labels.add(label));
        return labels;
      }
    }
  }

  let broken = false;
  tree.iterate({
    enter: ({ type, from }) => void (type.isError && (broken = true) && faults.push(`can't be parsed at ${from}`)),
  });
  return { faults, labels: broken ? noLabels : labelsOf(tree.topNode, []), metrics };
}
