/** What operators did, for whoever asks later who it was that sent this again. */
import type { Answered } from '../../operate/operations.ts';
import type { Log } from '../../ports.ts';

/** Writes one line, and gives the answer back. `id`: of what was acted on; null for many. `outcome`: what came of it, nothing more. */
export type LogAction = <T>(
  action: string,
  id: string | null,
  answered: Answered<T>,
  outcome: (value: T) => object,
) => Answered<T>;

export function createActionLog(log: Log): LogAction {
  return (action, id, answered, outcome) => {
    const line = { action, ...(id === null ? {} : { id }) };
    if (answered.kind === 'ok') log.info({ ...line, outcome: 'done', ...outcome(answered.value) }, 'an operator acted');
    else log.info({ ...line, outcome: answered.status, detail: answered.detail }, 'an operator was refused');
    return answered;
  };
}
