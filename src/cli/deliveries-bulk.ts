/** The same done to all deliveries that a filter finds: first shown, then asked for, then done step by step. */
import { oneLine } from '../destination/text.ts';
import { stringifyJson } from '../event/json.ts';
import { bulkAnswer, type BulkAnswerView } from '../operate/shapes/views.ts';
import { consents, requireTerminal } from './consent.ts';
import { readView } from './operator-answers.ts';
import type { AskRelay } from './operator-client.ts';
import { counted } from './operator-words.ts';
import { clearProgress, showProgress } from './progress.ts';
import { style } from './table.ts';

export type Act = BulkAnswerView['action'];

const words = {
  retry: {
    would: 'would be sent again',
    done: 'will be sent again',
    question: 'Send',
    again: ' again',
    not: 'Nothing is sent again.',
  },
  discard: { would: 'would be discarded', done: 'were discarded', question: 'Discard', again: '', not: 'Nothing was discarded.' },
} as const;

export async function actOnMany(
  ask: AskRelay,
  act: Act,
  filter: Record<string, string>,
  { dryRun, yes, json }: { dryRun: boolean; yes: boolean; json: boolean },
): Promise<void> {
  if (!yes && !dryRun) requireTerminal(`${act} them`);
  const tell = (answer: BulkAnswerView) =>
    void process.stdout.write(json ? `${stringifyJson(answer, 2)}\n` : describeBulk(answer));
  if (dryRun) return tell(await inSteps(ask, act, filter, true));
  if (!yes) {
    const planned = await inSteps(ask, act, filter, true);
    if (planned.done === 0) return tell(planned);
    process.stderr.write(describeBulk(planned));
    const { question, again, not } = words[act];
    if (!(await consents(`${question} ${counted(planned.done, 'delivery')}${again}?`, not))) return;
  }
  tell(await inSteps(ask, act, filter, false));
}

/** The answers to all steps as one. A step that fails says what the steps before it did. */
async function inSteps(ask: AskRelay, act: Act, filter: Record<string, string>, dryRun: boolean): Promise<BulkAnswerView> {
  let sum: BulkAnswerView = { action: act, dry_run: dryRun, matched: 0, done: 0, skipped: [], next: null };
  try {
    do {
      const request = { filter, dry_run: dryRun, before: sum.next };
      sum = added(sum, readView(bulkAnswer, await ask('POST', `/deliveries/${act}`, request)));
      showProgress(`looked at ${counted(sum.matched, 'delivery')}, ${sum.done} ${dryRun ? words[act].would : words[act].done}`);
    } while (sum.next !== null);
    return sum;
  } catch (error) {
    clearProgress();
    if (sum.done > 0 && !dryRun) process.stderr.write(`Not all was done: ${describeBulk(sum)}`);
    throw error;
  } finally {
    clearProgress();
  }
}

function added(sum: BulkAnswerView, step: BulkAnswerView): BulkAnswerView {
  const skipped = new Map(sum.skipped.map((each) => [each.reason, each]));
  for (const each of step.skipped) {
    const before = skipped.get(each.reason);
    skipped.set(each.reason, before ? { ...before, count: before.count + each.count } : each);
  }
  return { ...step, matched: sum.matched + step.matched, done: sum.done + step.done, skipped: [...skipped.values()] };
}

function describeBulk({ action, dry_run: dryRun, matched, done, skipped }: BulkAnswerView): string {
  if (matched === 0) return 'No delivery was found to which that can be done.\n';
  const what = dryRun ? words[action].would : words[action].done;
  const sign = dryRun || done === 0 ? '' : `${style('green', '✓')} `;
  const lines = [
    `${sign}${done} of ${counted(matched, 'delivery')} ${what}.`,
    ...skipped.map(
      ({ reason, count, example }) => `  ${style('yellow', `${count} left: ${oneLine(reason)}`)}, such as ${example}`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
