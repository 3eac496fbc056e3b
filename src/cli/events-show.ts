/** `relay events show`: the story of one event. */
import { cleanText, oneLine } from '../destination/text.ts';
import { parseJson, stringifyJson } from '../event/json.ts';
import { eventDetail, type EventDetailView } from '../operate/shapes/views.ts';
import { describeExplanation, describeStory } from './explain-drawing.ts';
import { typeText } from './events-list.ts';
import { readView } from './operator-answers.ts';
import { operatorClient } from './operator-client.ts';
import { minuteText, stateStanding } from './operator-words.ts';
import { style } from './table.ts';

export async function showEvent(id: string, { body, json }: { body?: boolean; json?: boolean }): Promise<void> {
  const event = readView(eventDetail, await operatorClient()('GET', `/events/${id}`));
  process.stdout.write(json ? `${stringifyJson(event, 2)}\n` : describeEvent(event, body ?? false));
}

function describeEvent(event: EventDetailView, withBody: boolean): string {
  const { explanation, deliveries } = event;
  const lines = [
    describeHappened(event),
    ...describeStory({ ...event, reconciled: event.scheme === 'reconcile' }),
    ...describeRelations(event),
    '',
    ...(explanation === null
      ? ['No rule looked at it: it is none of the events that the relay knows. "events replay" reads it anew.']
      : describeExplanation(explanation, true)),
    ...(explanation === null || explanation.rules_version === event.rules_version ? [] : ['', rulesChanged(event)]),
    ...(withBody
      ? ['', style('bold', `what came (${oneLine(event.content_type)}, ${event.bytes} bytes)`), bodyText(event.body)]
      : []),
    ...(deliveries.length === 0
      ? []
      : ['', style('dim', `The message as it looked: relay deliveries show ${deliveries[0]!.id}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** `✗ failed  materialize-view · dataset 10736 · job job-1 · 2026-03-01 18:00 UTC`. */
function describeHappened(event: EventDetailView): string {
  const { state, dataset_id: dataset, job_id: job, updated_at: at } = event;
  const facts = [
    typeText(event),
    dataset === null ? null : `dataset ${dataset}`,
    job === null ? null : `job ${job}`,
    at === null ? null : `${minuteText(at)} UTC`,
  ];
  const { text, format } = stateStanding(state);
  return `${state === null ? '' : `${style(format, text)}  `}${oneLine(facts.filter((each) => each !== null).join(' · '))}`;
}

/** To other events. */
function describeRelations({ duplicate_of: original, replays }: EventDetailView): string[] {
  return [
    ...(original === null ? [] : [`  the same as ${original}, which came before`]),
    ...(replays.length === 0 ? [] : [`  replayed as ${replays.join(', ')}`]),
  ];
}

function rulesChanged({ rules }: EventDetailView): string {
  const then = rules.length === 0 ? 'none matched' : `${rules.join(', ')} matched`;
  return style('yellow', `! The rules have changed since it came: then ${then}.`);
}

/** Laid out where it is JSON; nothing in it acts on the terminal. */
function bodyText(body: string): string {
  try {
    return cleanText(stringifyJson(parseJson(body), 2));
  } catch {
    return cleanText(body);
  }
}
