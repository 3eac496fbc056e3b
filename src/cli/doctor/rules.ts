/** Whether the rules can be used; what is wrong with them in detail is for `relay check`. */
import type { Finding } from '../../finding.ts';
import { formatProblem } from '../../rules/problem.ts';
import type { CheckArea, Surroundings } from './surroundings.ts';

const area = 'Rules';

export const checkRulesFolder: CheckArea = async (surroundings) => {
  const { folder, folderProblem, report } = surroundings;
  const findings: Finding[] = [];
  if (report === null) {
    const detail = folderProblem ?? `${folder} can't be read`;
    findings.push({ area, name: 'folder', verdict: 'problem', detail, todo: null });
    return { findings, reached: true };
  }
  const { problems, warnings, counts } = report;
  const seeAll = `to see all: relay check ${folder} --secrets`;
  if (problems.length > 0) {
    const detail = `${counted(problems.length, 'problem')}, first ${firstOf(problems)}`;
    findings.push({ area, name: 'check', verdict: 'problem', detail, todo: seeAll });
  }
  if (warnings.length > 0) {
    const detail = `${counted(warnings.length, 'warning')}, first ${firstOf(warnings)}`;
    findings.push({ area, name: 'check', verdict: 'warning', detail, todo: seeAll });
  }
  if (findings.length === 0 && counts !== null) {
    const detail = Object.entries(counts)
      .map(([what, count]) => counted(count, what.slice(0, -1)))
      .join(', ');
    findings.push({ area, name: 'check', verdict: 'ok', detail, todo: null });
  }
  return { findings: [...findings, ...leftAlone(surroundings)], reached: true };
};

/** What nothing can be said of further down, since it is not known what to ask, or with which secret. */
function leftAlone({ rules, unset }: Surroundings): Finding[] {
  const skipped = (detail: string): Finding[] => [{ area, name: 'destinations', verdict: 'skipped', detail, todo: null }];
  if (rules === null) return skipped('not looked at while the rules cannot be used');
  return unset.length === 0 ? [] : skipped(`${unset.join(', ')}: not looked at until the secrets are set`);
}

/** In one line: place and message. */
function firstOf([first]: readonly Parameters<typeof formatProblem>[0][]): string {
  return first === undefined ? '' : formatProblem(first).split('\n', 1)[0]!;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
