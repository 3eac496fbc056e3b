/** `relay events replay`: says what it would do, asks, and does it. */
import { oneLine } from '../destination/text.ts';
import { replayAnswer, type ReplayAnswerView } from '../operate/shapes/views.ts';
import { consents, requireTerminal } from './consent.ts';
import type { ReplayFlags } from './events-flags.ts';
import { readView, severalIn } from './operator-answers.ts';
import { operatorClient, type AskRelay } from './operator-client.ts';
import { eachOf, printEach } from './operator-each.ts';
import { inFlags } from './operator-flags.ts';
import { counted } from './operator-words.ts';
import { style } from './table.ts';

/** Exit code 1 where one of them was refused, or was replayed before. */
export async function replayEvents(ids: readonly string[], flags: ReplayFlags): Promise<void> {
  const { dryRun = false, yes = false, json = false } = flags;
  if (!yes && !dryRun) requireTerminal('replay them');
  const ask = operatorClient(inFlags([], 'to'));
  const toDo = yes || dryRun ? ids : await agreed(ask, ids, flags);
  await printEach(replays(ask, toDo, flags, dryRun), json, describeReplay);
}

/** Those that can be replayed, if that is what the person wants who was told what it would do. */
async function agreed(ask: AskRelay, ids: readonly string[], flags: ReplayFlags): Promise<string[]> {
  const possible: string[] = [];
  for await (const answer of replays(ask, ids, flags, true)) {
    process.stderr.write(describeReplay(answer));
    if (answer.status === 'dry-run') possible.push(answer.of);
  }
  if (possible.length === 0) return [];
  const question = `Replay ${possible.length === 1 ? 'it' : counted(possible.length, 'event')}?`;
  return (await consents(question, 'Nothing was replayed.')) ? possible : [];
}

function replays(ask: AskRelay, ids: readonly string[], flags: ReplayFlags, dryRun: boolean): AsyncGenerator<ReplayAnswerView> {
  const { to, again = false } = flags;
  const request = { again, dry_run: dryRun, ...(to === undefined ? {} : { to: severalIn(to) }) };
  return eachOf(ids, async (id) => {
    const answer = readView(replayAnswer, await ask('POST', `/events/${id}/replay`, request));
    if (answer.status === 'duplicate') process.exitCode = 1;
    return answer;
  });
}

function describeReplay(answer: ReplayAnswerView): string {
  const { status, of, event_id: id, decisions } = answer;
  switch (status) {
    case 'replayed':
      return lines(`${style('green', '✓')} ${of} replayed as ${id}: ${outcomeText(answer)}`, decisions);
    case 'dry-run':
      return lines(`${style('bold', of)} would be ${outcomeText(answer)}`, decisions);
    case 'duplicate':
      return `${style('yellow', '!')} ${of} was replayed before, as ${id}: nothing is sent. --again replays it once more.\n`;
  }
}

/** `routed, 2 deliveries to oncall, data-eng`. */
function outcomeText({ outcome, reason, deliveries, decisions, explanation }: ReplayAnswerView): string {
  if (deliveries === 0)
    return `${outcome}, nothing is sent${reason === null || decisions.length > 0 ? '' : `: ${oneLine(reason)}`}`;
  const planned = explanation?.deliveries.map(({ destination }) => destination) ?? [];
  if (planned.length === 0) return `${outcome}, ${counted(deliveries, 'delivery')}`;
  const count = planned.length === deliveries ? counted(deliveries, 'delivery') : `${deliveries} of the deliveries`;
  return `${outcome}, ${count} to ${planned.join(', ')}`;
}

function lines(first: string, decisions: ReplayAnswerView['decisions']): string {
  const why = decisions.map(({ rule, detail }) => `  ${style('yellow', `${rule}: ${oneLine(detail)}`)}`);
  return [first, ...why].map((line) => `${line}\n`).join('');
}
