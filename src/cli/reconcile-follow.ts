/** Watches a run until it is over. The run is the relay's: it goes on without its watcher. */
import { setTimeout as sleep } from 'node:timers/promises';
import { truncate } from '../destination/text.ts';
import type { AskRelay } from './operator-client.ts';
import { showRun, type RunAnswer } from './reconcile-answers.ts';
import { progressText } from './reconcile-text.ts';
import { CommandFailure } from './rules.ts';

const askEveryMs = 500;
/** As shells count it: 128 and the signal's number. */
const interrupted = 130;

/** With a line of progress where standard error is a terminal. Ctrl-C ends the watching, and the process. */
export async function followRun(ask: AskRelay, begun: RunAnswer): Promise<RunAnswer> {
  const onInterrupt = () => {
    clearProgress();
    process.stderr.write(`\n${goesOn(begun.id)}\n`);
    process.exit(interrupted);
  };
  process.once('SIGINT', onInterrupt);
  try {
    let run = begun;
    while (run.status === 'running') {
      showProgress(run);
      await sleep(askEveryMs);
      run = await asked(ask, run.id);
    }
    return run;
  } finally {
    clearProgress();
    process.off('SIGINT', onInterrupt);
  }
}

async function asked(ask: AskRelay, id: string): Promise<RunAnswer> {
  try {
    return await showRun(ask, id);
  } catch (error) {
    if (!(error instanceof CommandFailure) || error.exitCode !== 3) throw error;
    throw new CommandFailure(3, `${error.message}\n${goesOn(id)}`);
  }
}

function goesOn(id: string): string {
  return `${id} goes on in the relay. To follow it: relay reconcile --follow ${id}; to end it: relay reconcile --cancel ${id}`;
}

function showProgress(run: RunAnswer): void {
  const { isTTY, columns } = process.stderr;
  // A terminal of unknown width says 0.
  if (isTTY) process.stderr.write(`\r\u001b[K${truncate(progressText(run), (columns || 80) - 1)}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}
