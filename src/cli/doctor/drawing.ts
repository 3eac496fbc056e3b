/** What `doctor` found, for people: by area, each with a sign, and below it what to do. */
import { oneLine } from '../../destination/text.ts';
import type { Finding, Verdict } from '../../finding.ts';
import { style } from '../table.ts';

const signs: Record<Verdict, { sign: string; format: Parameters<typeof style>[0] }> = {
  ok: { sign: '✓', format: 'green' },
  warning: { sign: '!', format: 'yellow' },
  problem: { sign: '✗', format: 'red' },
  skipped: { sign: '–', format: 'dim' },
};

export function draw(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  const areas = [...Map.groupBy(findings, ({ area }) => area)].map(([area, found]) =>
    [style('bold', area), ...found.flatMap((each) => linesOf(each, width))].join('\n'),
  );
  return `${[...areas, summary(findings)].join('\n\n')}\n`;
}

function linesOf({ name, verdict, detail, todo }: Finding, width: number): string[] {
  const { sign, format } = signs[verdict];
  const first = `  ${style(format, sign)} ${name.padEnd(width)}  ${oneLine(detail)}`;
  return todo === null ? [first] : [first, `    ${' '.repeat(width)}  ${style('dim', `→ ${oneLine(todo)}`)}`];
}

function summary(findings: readonly Finding[]): string {
  const count = (verdict: Verdict) => findings.filter((each) => each.verdict === verdict).length;
  const parts = [
    counted(count('problem'), 'problem'),
    counted(count('warning'), 'warning'),
    ...(count('skipped') > 0 ? [`${count('skipped')} not looked at`] : []),
  ];
  const { sign, format } = signs[count('problem') > 0 ? 'problem' : 'ok'];
  return `${style(format, sign)} ${parts.join(', ')}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
