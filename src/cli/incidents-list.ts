/** `relay incidents list`. */
import { oneLine } from '../destination/text.ts';
import { incidentPage, type IncidentView } from '../operate/shapes/views.ts';
import { incidentFilters } from './incidents-flags.ts';
import type { Column } from './fitted-table.ts';
import { readView } from './operator-answers.ts';
import type { ListFlags } from './operator-flags.ts';
import { printList, type Listing } from './operator-list.ts';
import { minuteText, standing, type Standing } from './operator-words.ts';

const columns: readonly Column<IncidentView>[] = [
  { head: 'id', text: ({ id }) => oneLine(id) },
  { head: 'since (UTC)', text: ({ opened_at }) => minuteText(opened_at) },
  { head: 'status', text: (each) => incidentStanding(each).text, format: (each) => incidentStanding(each).format },
  { head: 'subject', text: ({ subject }) => oneLine(subject), flexible: true },
  { head: 'failures', text: ({ failures }) => String(failures) },
  { head: 'silence', text: ({ silenced_by }) => oneLine(silenced_by ?? '–'), flexible: true },
  { head: 'last said', text: ({ last_said }) => oneLine(last_said ?? '–'), flexible: true },
];

const listing: Listing<IncidentView> = {
  path: '/incidents',
  page(answer) {
    const { incidents, next } = readView(incidentPage, answer);
    return { rows: incidents, next, searchedTo: null };
  },
  timeOf: ({ opened_at }) => opened_at,
  columns,
  none: 'No incident was found. Those that are over: --status all',
};

export const listIncidents = (flags: ListFlags): Promise<void> => printList(listing, incidentFilters, flags);

export function incidentStanding({ status }: Pick<IncidentView, 'status'>): Standing {
  return status === 'open' ? standing('bad', 'open') : standing('good', 'ended');
}
