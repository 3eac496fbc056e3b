/** `relay deliveries show`. */
import { oneLine } from '../destination/text.ts';
import { stringifyJson } from '../event/json.ts';
import { deliveryDetail, type DeliveryDetailView } from '../operate/shapes/views.ts';
import { describeAttempt, describePreview } from './explain-drawing.ts';
import { readView } from './operator-answers.ts';
import { operatorClient } from './operator-client.ts';
import { minuteText, statusStanding } from './operator-words.ts';
import { style } from './table.ts';

export async function showDelivery(id: string, { json }: { json?: boolean }): Promise<void> {
  const delivery = readView(deliveryDetail, await operatorClient()('GET', `/deliveries/${id}`));
  process.stdout.write(json ? `${stringifyJson(delivery, 2)}\n` : describeDelivery(delivery));
}

function describeDelivery(delivery: DeliveryDetailView): string {
  const { id, destination, status, type, made, preview, members } = delivery;
  const { text, format } = statusStanding(status);
  const facts = factsOf(delivery);
  const width = Math.max(...facts.map(([label]) => label.length));
  const lines = [
    `${style(format, text)}  ${style('bold', id)} to ${destination} (${type ?? 'no longer in the rules'})`,
    ...facts.map(([label, value]) => `  ${style('dim', label.padEnd(width))}  ${oneLine(value)}`),
    ...(made.length === 0 ? [] : ['', style('bold', 'attempts'), ...made.map((attempt) => `  ${describeAttempt(attempt)}`)]),
    '',
    style('bold', messageWords(delivery)),
    ...(preview === null ? [`  ${noMessage(delivery)}`] : describePreview(preview)),
    ...(members.length === 0 ? [] : ['', style('bold', 'it tells of')]),
    ...members.map(({ subject, event_id }) => `  ${event_id}  ${oneLine(subject)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function factsOf(delivery: DeliveryDetailView): [label: string, value: string][] {
  const { event_id, subject, title, rule, merged, severity, act, incident_id, fallback_of, note, receipt } = delivery;
  const { created_at, due_at, expires_at, finished_at, reason, detail } = delivery;
  const why = [reason, detail].filter((part) => part !== null).join(': ');
  const facts: [string, string | null][] = [
    ['why', why === '' ? null : why],
    ['event', event_id ?? "none: in the relay's own words"],
    ['title', title],
    ['subject', subject],
    ['rule', rule === null ? null : [rule, ...merged.map((each) => `also ${each}`)].join(', ')],
    ['severity', severity],
    ['incident', incident_id === null ? null : [incident_id, act].filter((part) => part !== null).join(', ')],
    ['in place of', fallback_of],
    ['note', note],
    ['made', timeText(created_at)],
    ['due', due_at === null ? null : timeText(due_at)],
    finished_at === null ? ['tried until', timeText(expires_at)] : ['ended', timeText(finished_at)],
    [
      'receipt',
      receipt &&
        Object.entries(receipt)
          .map(([key, value]) => `${key} ${value}`)
          .join(', '),
    ],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null);
}

const timeText = (iso: string) => `${minuteText(iso)} UTC`;

function messageWords({ status, preview_of }: DeliveryDetailView): string {
  switch (preview_of) {
    case 'sent':
      return 'the message as it looked';
    case 'nothing':
      return 'no message';
    case 'now':
      return status === 'dead' || status === 'suppressed'
        ? 'the message that was not delivered, as it would look now'
        : 'the message as it would look now';
  }
}

function noMessage({ status, preview_of }: DeliveryDetailView): string {
  if (preview_of !== 'nothing') return 'It can not be drawn any more: its destination or its event is gone.';
  return `Nothing ${status === 'delivered' ? 'was' : 'would be'} sent: there is no message of its incident to edit.`;
}
