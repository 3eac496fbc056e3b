/** `relay deliveries list`. */
import { oneLine } from '../destination/text.ts';
import { deliveryPage, type DeliverySummaryView } from '../operate/shapes/views.ts';
import { deliveryFilters } from './deliveries-flags.ts';
import type { Column } from './fitted-table.ts';
import { readView } from './operator-answers.ts';
import type { ListFlags } from './operator-flags.ts';
import { printList, type Listing } from './operator-list.ts';
import { minuteText, statusStanding } from './operator-words.ts';

const columns: readonly Column<DeliverySummaryView>[] = [
  { head: 'id', text: ({ id }) => oneLine(id) },
  { head: 'time (UTC)', text: ({ created_at }) => minuteText(created_at) },
  { head: 'status', text: ({ status }) => statusStanding(status).text, format: ({ status }) => statusStanding(status).format },
  { head: 'destination', text: ({ destination }) => oneLine(destination), flexible: true },
  { head: 'subject', text: ({ subject }) => oneLine(subject), flexible: true },
  { head: 'why', text: whyText, flexible: true },
];

const listing: Listing<DeliverySummaryView> = {
  path: '/deliveries',
  page(answer) {
    const { deliveries, next, searched_to: searchedTo } = readView(deliveryPage, answer);
    return { rows: deliveries, next, searchedTo };
  },
  timeOf: ({ created_at }) => created_at,
  columns,
  none: 'No delivery was found.',
};

export const listDeliveries = (flags: ListFlags): Promise<void> => printList(listing, deliveryFilters, flags);

/** Why it stands as it does; where there is nothing to say, the rule that sent it. */
function whyText({ status, reason, detail, rule }: DeliverySummaryView): string {
  const why = status === 'delivered' ? [] : [reason, detail].filter((part) => part !== null);
  return oneLine(why.join(': ') || (rule === null ? '–' : `rule ${rule}`));
}
