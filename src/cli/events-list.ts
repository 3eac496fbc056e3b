/** `relay events list`. */
import { oneLine } from '../destination/text.ts';
import { eventPage, type EventSummaryView } from '../operate/shapes/views.ts';
import { eventFilters } from './events-flags.ts';
import type { Column } from './fitted-table.ts';
import { readView } from './operator-answers.ts';
import type { ListFlags } from './operator-flags.ts';
import { printList, type Listing } from './operator-list.ts';
import { minuteText, outcomeFormat, stateStanding } from './operator-words.ts';

const columns: readonly Column<EventSummaryView>[] = [
  { head: 'id', text: ({ id }) => oneLine(id) },
  { head: 'time (UTC)', text: ({ received_at }) => minuteText(received_at) },
  { head: 'state', text: ({ state }) => stateStanding(state).text, format: ({ state }) => stateStanding(state).format },
  { head: 'job type', text: typeText, flexible: true },
  { head: 'dataset', text: ({ dataset_id }) => oneLine(dataset_id ?? '–'), flexible: true },
  { head: 'outcome', text: ({ outcome }) => outcome, format: ({ outcome }) => outcomeFormat(outcome) },
  { head: 'rules', text: rulesText, flexible: true },
];

export const eventListing: Listing<EventSummaryView> = {
  path: '/events',
  page(answer) {
    const { events, next, searched_to: searchedTo } = readView(eventPage, answer);
    return { rows: events, next, searchedTo };
  },
  timeOf: ({ received_at }) => received_at,
  columns,
  none: 'No event was found.',
};

export const listEvents = (flags: ListFlags): Promise<void> => printList(eventListing, eventFilters, flags);

/** Of a job; of what is none, the event's. */
export function typeText({ kind, job_type, type }: EventSummaryView): string {
  return oneLine(job_type ?? (kind === null ? 'no event we know' : (type ?? '–')));
}

export function rulesText({ rules, replay_of }: EventSummaryView): string {
  const names = rules.length === 0 ? '–' : oneLine(rules.join(', '));
  return replay_of === null ? names : `${names} (replay)`;
}
