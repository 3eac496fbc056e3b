/** Options of `relay incidents`. */
import type { Filter } from './operator-flags.ts';

export const incidentFilters: readonly Filter[] = [
  { name: 'status', value: '<status>', what: 'open (the default), ended or all' },
  { name: 'kind', value: '<kinds>', what: 'subject, group, late or expect', several: true },
  { name: 'text', value: '<text>', what: 'part of a subject' },
];
