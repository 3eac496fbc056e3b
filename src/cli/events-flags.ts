/** Options of `relay events`. */
import { times, type Filter, type Flags } from './operator-flags.ts';

/** But for times. */
const conditions: readonly Filter[] = [
  { name: 'state', value: '<states>', what: 'failed, completed, …', several: true },
  { name: 'type', value: '<types>', what: 'job types; * stands for any characters', several: true },
  { name: 'dataset', value: '<ids>', what: 'dataset ids', several: true },
  { name: 'outcome', value: '<outcomes>', what: 'routed, unrouted, repeated, suppressed or quarantined', several: true },
  { name: 'kind', value: '<kinds>', what: 'job, app, or relay (what it said of itself)', several: true },
  { name: 'subscription', value: '<names>', what: 'subscriptions in the rules files', several: true },
  { name: 'rule', value: '<names>', what: 'rules that matched', several: true },
  { name: 'job', value: '<id>', what: 'the id of a job' },
  { name: 'subject', value: '<subject>', what: 'the thing that is broken, such as materialize-view/10736' },
  { name: 'text', value: '<text>', what: 'part of a job id, a job type, a dataset id, a subject or a rule' },
];

export const eventFilters: readonly Filter[] = [...times, ...conditions];
export const tailFilters = conditions;

export interface TailFlags extends Flags {
  since?: string;
  json?: boolean;
}

export interface ReplayFlags {
  to?: string;
  again?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}
