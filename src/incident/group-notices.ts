/** The wording of what is told of a group. Pure. */
import { maxNoticeText, type IncidentAct, type Notice } from '../destination/destination.ts';
import { escapedLength, oneLine, truncate } from '../destination/text.ts';
import { formatDuration } from '../event/time.ts';
import type { GroupTotals, MemberLine } from '../store/group-members.ts';

/** Members that are shown, if there is room for them in `maxNoticeText`; the others are counted. */
export const maxLines = 10;
/** UTF-16 units. With both, eight lines and more have room, and two even of nothing but what has to be escaped. */
const maxTitle = 80;
const maxSaid = 60;
/** For the line that counts the others: `and 1234567 more, 1234567 of them recovered`. */
const maxRest = 50;

export interface GroupStory {
  act: IncidentAct;
  totals: GroupTotals;
  /** At most `maxLines`. */
  lines: readonly MemberLine[];
  /** What the members have in common; '' for nothing but the rule. */
  label: string;
  rule: string;
}

export function groupNotice({ act, totals, lines, label, rule }: GroupStory): Notice {
  const over = act === 'recover';
  const listed = lines.map((line) => `• ${lineOf(line, label, !over && line.ended)}`);
  const shown = listed.slice(0, fitting(listed, maxNoticeText - maxRest));
  const rest = restOf(totals, lines.slice(0, shown.length), over);
  return {
    title: `${headline(act, totals)} · ${label === '' ? `rule ${rule}` : label}`,
    text: [...shown, ...(rest === null ? [] : [rest])].join('\n'),
    ...(over ? { tone: 'good' as const } : {}),
  };
}

/** How many of the lines, from the first on, have room together. */
function fitting(lines: readonly string[], room: number): number {
  let left = room;
  const over = lines.findIndex((line) => (left -= escapedLength(line) + 1) < 0);
  return over === -1 ? lines.length : over;
}

function headline(act: IncidentAct, { members, failures, untold, ended, firstAt, lastAt, lastEndedAt }: GroupTotals): string {
  const span = within(lastAt - firstAt);
  switch (act) {
    case 'open':
      return `${failures} ${failures === 1 ? 'failure' : 'failures'}${failures === members ? '' : ` of ${members} ${members === 1 ? 'subject' : 'subjects'}`}${span}`;
    case 'remind':
      return `${untold} more ${untold === 1 ? 'failure' : 'failures'}, ${failures}${span === '' ? ' in all' : span}`;
    case 'count':
      return `${ended} of ${members} recovered`;
    case 'recover':
      return `${members === 1 ? 'Recovered' : members === 2 ? 'Both recovered' : `All ${members} recovered`} after ${formatDuration(Math.max(0, (lastEndedAt ?? lastAt) - firstAt) / 1000)}`;
  }
}

/** ` in 38 s`; nothing for what came at once. */
function within(ms: number): string {
  return ms < 500 ? '' : ` in ${formatDuration(ms / 1000)}`;
}

/** `materialize-view · dataset 10744: executor lost (3 times) — recovered`; without the type where the title has it. */
function lineOf({ subject, jobType, datasetId, said, failures }: MemberLine, label: string, recovered: boolean): string {
  // The built-in subject, as titles spell it; another one is what its readers call the thing.
  const isBuiltIn = jobType !== null && datasetId !== null && subject === `${jobType}/${datasetId}`;
  const named = label === jobType ? `dataset ${datasetId}` : `${jobType} · dataset ${datasetId}`;
  const title = truncate(oneLine(isBuiltIn ? named : subject), maxTitle);
  const why = said === null ? '' : `: ${truncate(oneLine(said), maxSaid)}`;
  return `${title}${why}${failures > 1 ? ` (${failures} times)` : ''}${recovered ? ' — recovered' : ''}`;
}

function restOf({ members, ended }: GroupTotals, lines: readonly MemberLine[], over: boolean): string | null {
  const more = members - lines.length;
  if (more <= 0) return null;
  const recovered = over ? 0 : ended - lines.filter((line) => line.ended).length;
  return `and ${more} more${recovered > 0 ? `, ${recovered} of them recovered` : ''}`;
}
