/** Narrative's subscriptions as people read them. */
import { oneLine, truncate } from '../destination/text.ts';
import { connectorName } from '../event/connectors.ts';
import { clockText } from '../incident/words.ts';
import type { CreatedSubscription, NewSubscription, Subscription, SubscriptionDetail } from '../narrative/api.ts';
import { deliveryState } from '../narrative/check-deliveries.ts';
import { filterInWords } from '../narrative/subscription-plan.ts';
import { shownUrl } from '../narrative/target.ts';
import { style, table } from './table.ts';

/** Longer texts would tear the table; `--json` has them whole. */
const maxCell = 80;

/** `ours`: id → its name in the rules; null: they are not known. Active ones come first. */
export function subscriptionTable(subscriptions: readonly Subscription[], ours: ReadonlyMap<string, string> | null): string {
  const ordered = subscriptions.toSorted((a, b) => Number(isArchived(a)) - Number(isArchived(b)));
  const rows = ordered.map((one) => {
    const { id, name, status, url, createdAt } = one;
    const cells = [
      oneLine(id),
      oneLine(name ?? ''),
      oneLine(status),
      ...(ours ? [ours.get(id) ?? ''] : []),
      whatInWords(one),
      shownUrl(url),
      timeText(createdAt, ''),
    ];
    const short = cells.map((text) => truncate(text, maxCell));
    return isArchived(one) ? short.map((text) => style('dim', text)) : short;
  });
  return table(['id', 'name', 'status', ...(ours ? ['in the rules'] : []), 'tells of', 'url', 'created'], rows);
}

export function isArchived({ status }: Subscription): boolean {
  return status === 'archived';
}

/** `failed of all jobs`, `app 8 (Facebook)`. */
export function whatInWords(one: Subscription | NewSubscription): string {
  if (one.kind === 'app') return appInWords(one.appId ?? '?');
  return oneLine(filterInWords('filter' in one ? one.filter : one));
}

export function appInWords(id: string): string {
  const name = connectorName(/^\d+$/.test(id) ? Number(id) : id, '');
  return `app ${oneLine(id)}${name === '' ? '' : ` (${name})`}`;
}

/** A text of others, without the url-tokens in its URLs, whole or cut off. */
export function withoutUrlTokens(text: string): string {
  return text.replaceAll(/(\/webhooks\/narrative\/[^/\s"']+\/)[^\s"']+/g, '$1…');
}

/** `5f0c… (narrative-relay): failed of all jobs → https://…`. */
export function describeSubscription(one: Subscription | CreatedSubscription): string {
  const name = one.name === null ? '' : ` (${oneLine(one.name)})`;
  return `${oneLine(one.id)}${name}: ${whatInWords(one)} → ${shownUrl(one.url)}`;
}

/** `ours`: its name in the rules; null: none, or it is not known. */
export function subscriptionPage(one: SubscriptionDetail, ours: string | null): string {
  const { deliveries } = one;
  const lines: [string, string | null][] = [
    ['name', one.name],
    ['status', one.status],
    ['in the rules', ours],
    ['tells of', whatInWords(one)],
    ['url', shownUrl(one.url)],
    ['company', one.companyId],
    ['created', timeText(one.createdAt)],
    ['updated', timeText(one.updatedAt)],
    ['events sent', counted(one.eventsSent, one.lastEventSentAt)],
    ['delivered', counted(deliveries?.successful ?? null, deliveries?.lastSuccessfulAt ?? null)],
    ['failed', counted(deliveries?.failed ?? null, deliveries?.lastFailedAt ?? null)],
  ];
  const shown = lines.flatMap(([label, text]) => (text === null ? [] : [`  ${label.padEnd(12)}  ${oneLine(text)}`]));
  return [style('bold', oneLine(one.id)), ...shown, ...remarksOn(one)].join('\n');
}

function remarksOn(one: SubscriptionDetail): string[] {
  if (isArchived(one)) {
    return ['', style('yellow', "! It is archived: it gets no events any more, and can't be made active again. Create another.")];
  }
  const failed = one.deliveries?.failed ?? 0;
  const lost = `${failed} ${failed === 1 ? 'delivery' : 'deliveries'} failed`;
  const find = '"relay reconcile" finds the events that were lost.';
  switch (deliveryState(one.deliveries)) {
    case 'unknown':
    case 'none-failed':
      return [];
    case 'recovered':
      return ['', style('yellow', `! ${lost}, and since then others have arrived. ${find}`)];
    case 'some-failed':
      return ['', style('yellow', `! ${lost}; whether others have arrived since is not said. ${find}`)];
    case 'never':
      return nothingArrives(one, 'none has ever succeeded');
    case 'last-failed':
      return nothingArrives(one, 'none has succeeded since');
  }
}

function nothingArrives({ url }: SubscriptionDetail, since: string): string[] {
  return [
    '',
    style('red', `✗ The last delivery failed, and ${since}: events don't arrive.`),
    `  1. Does Narrative reach the relay? "curl -i ${shownUrl(url)}" from elsewhere should answer 405.`,
    '  2. Does the relay refuse its events? Its log says so (401): then the secret in the rules is not that of this subscription.',
    '  3. When they arrive again, "relay reconcile" finds what was lost.',
  ];
}

/** `1234, last 2026-03-01 18:00 UTC`. */
function counted(count: number | null, last: string | null): string | null {
  if (count === null) return null;
  return last === null ? String(count) : `${count}, last ${timeText(last)}`;
}

function timeText(iso: string | null): string | null;
function timeText(iso: string | null, otherwise: string): string;
function timeText(iso: string | null, otherwise: string | null = null): string | null {
  if (iso === null) return otherwise;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? oneLine(iso) : clockText(ms);
}
