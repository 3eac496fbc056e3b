/** Telling what a time of day brought: a notice, in the name of its rule. */
import type { IncidentAct, Notice, Severity } from '../destination/destination.ts';
import { mergeSends } from '../rules/planner.ts';
import type { Tick, TickSpec } from '../store/ticks.ts';
import type { Dispatch } from './dispatch.ts';

/** `usual`: the severity where the rule names none. Inside the caller's transaction. */
export function tellTick(
  dispatch: Dispatch,
  { kind, rule, incident, spec: { send } }: Pick<Tick, 'kind' | 'rule' | 'incident'> & { spec: Pick<TickSpec, 'send'> },
  notice: Notice,
  { act, usual }: { act: IncidentAct | null; usual: Severity },
  now: number,
): void {
  const planned = mergeSends([{ rule: { name: rule, send }, act }], usual);
  dispatch.notice(notice, { subject: `${kind}/${rule}`, planned, owners: [], incident }, now);
}
