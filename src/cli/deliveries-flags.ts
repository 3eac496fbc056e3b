/** Options of `relay deliveries`. */
import { times, type Filter, type Flags } from './operator-flags.ts';

export const deliveryFilters: readonly Filter[] = [
  ...times,
  {
    name: 'status',
    value: '<statuses>',
    what: 'queued, waiting, scheduled, sending, delivered, dead, suppressed; open: whatever has not ended',
    several: true,
  },
  { name: 'destination', value: '<names>', what: 'destinations', several: true },
  { name: 'rule', value: '<names>', what: 'rules that it was sent by', several: true },
  { name: 'subject', value: '<subject>', what: 'the thing that is broken, such as materialize-view/10736' },
  { name: 'event', value: '<id>', what: 'of this event: evt_…' },
  { name: 'reason', value: '<reasons>', what: 'why it ended, or was not taken: payload, expired, silenced, …', several: true },
];

export interface ActFlags extends Flags {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}
