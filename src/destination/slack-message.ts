/**
 * An alert as a Slack message, in Block Kit. Pure. Whatever the alert holds, the result is within Slack's limits
 * (docs.slack.dev/reference/block-kit): each part has a fixed share of the 9,000 characters that all blocks' text may
 * take together (the limit itself is undocumented: 9,597 passed, 11,341 were `msg_blocks_too_long`).
 */
import type { Escape } from '../rules/template.ts';
import type { Alert, AlertField } from './alert.ts';
import { statusText, type Status } from './alert-incident.ts';
import { maxNoticeText } from './destination.ts';
import { cleanText, oneLine, truncateMarkup } from './text.ts';

type PlainText = { type: 'plain_text'; text: string; emoji: false };
/** `verbatim`: Slack leaves URLs and names in the text alone instead of turning them into links. */
type Mrkdwn = { type: 'mrkdwn'; text: string; verbatim: true };
type RichText = { type: 'text'; text: string } | { type: 'link'; url: string; text: string };

export type SlackBlock =
  | { type: 'header'; text: PlainText }
  | { type: 'section'; text: Mrkdwn | PlainText }
  | { type: 'section'; fields: (Mrkdwn | PlainText)[] }
  | { type: 'context'; elements: (Mrkdwn | PlainText)[] }
  | { type: 'rich_text'; elements: { type: 'rich_text_section' | 'rich_text_preformatted'; elements: RichText[] }[] };

export type SlackMessage = {
  /** What notifications and screen readers say. Markup, so escaped. At most 3,000 characters. */
  text: string;
  blocks?: SlackBlock[];
};

/** Characters for each part, after escaping. Together under 9,000. */
const share = {
  header: 150,
  title: 600,
  mentions: 600,
  text: maxNoticeText,
  fields: 2_000,
  excerpt: 1_700,
  note: 240,
  origin: 100,
  links: 1_000,
};
const maxFieldsPerSection = 10;
const maxSections = 2;
const maxNotes = 4;
const maxLabel = 75;
const maxTopLevelText = 3_000;
/** `+1234 more owners`. */
const maxMoreOwners = 20;

/** For `composeAlert`: event data can then neither mention (`<!channel>`) nor forge a link (`<url|label>`). */
export const slackEscape: Escape = (value) =>
  cleanText(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Escaped markup as the plain text that it shows. */
function shownText(markup: string): string {
  return markup.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Raw text, cut so that it fits after Slack has escaped it. */
function fitted(raw: string, max: number): string {
  return shownText(truncateMarkup(slackEscape(raw), max));
}

const toneEmoji: Record<Alert['tone'], string> = { bad: '🔴', good: '✅', neutral: '🔵' };

export function slackMessage(alert: Alert): SlackMessage & { blocks: SlackBlock[] } {
  return {
    text: notification(alert),
    blocks: [
      ...titleBlocks(alert),
      ...statusBlocks(alert),
      ...noteBlocks(alert.notes),
      ...textBlocks(alert.text),
      ...fieldBlocks(alert.fields),
      ...excerptBlocks(alert.excerpt),
      ...linkBlocks(alert.links),
      ...contextBlocks([fitted(oneLine(alert.origin), share.origin)]),
    ],
  };
}

/**
 * The same as news in an incident's thread: what happened this time, since the message above the thread has the rest.
 * Compact, for ten of them are to be read in a row.
 */
export function slackReply(alert: Alert): SlackMessage & { blocks: SlackBlock[] } {
  const title = fitted(`${toneEmoji[alert.tone]} ${shownText(oneLine(alert.title))}`, share.title);
  return {
    text: notification(alert),
    blocks: [
      { type: 'section', text: plainText(title) },
      ...statusBlocks(alert),
      ...noteBlocks(alert.notes),
      ...textBlocks(alert.text),
      ...excerptBlocks(alert.excerpt),
      ...linkBlocks(alert.links),
      ...contextBlocks([fitted(oneLine(alert.origin), share.origin)]),
    ],
  };
}

/** One line for the lock screen: what failed, how often, and why. */
function notification(alert: Alert): string {
  const detail = alert.text === null ? slackEscape((alert.excerpt ?? '').slice(0, 2_000)) : alert.text;
  const firstLine = detail.trim().split('\n', 1)[0] ?? '';
  const parts = [
    `${toneEmoji[alert.tone]} ${truncateMarkup(oneLine(alert.title), 1_000)}`,
    // A recovery's title has it.
    alert.status === null || alert.tone === 'good' ? '' : slackEscape(statusText(alert.status)),
    truncateMarkup(firstLine, 300),
  ];
  return [parts.filter((part) => part !== '').join(' — '), ...mentionLine(alert.mentions)].join(' ');
}

/**
 * The same without blocks, for a Slack that refuses them: everything said, nothing laid out. Markup; at most 3,000
 * characters.
 */
export function plainSlackMessage(alert: Alert): SlackMessage {
  const links = alert.links.map(({ label, url }) => `${slackEscape(oneLine(label))}: ${slackEscape(url)}`);
  const fields = alert.fields.slice(0, maxFieldsPerSection).map(({ label, value }) => `${slackEscape(oneLine(label))}: ${value}`);
  const parts = [
    `${toneEmoji[alert.tone]} ${truncateMarkup(oneLine(alert.title), 500)}`,
    alert.status === null ? '' : slackEscape(statusText(alert.status)),
    ...mentionLine(alert.mentions),
    ...alert.notes.slice(0, maxNotes).map((note) => truncateMarkup(slackEscape(oneLine(note)), 200)),
    truncateMarkup(cleanText(alert.text ?? ''), share.text),
    truncateMarkup(fields.join('\n'), 600),
    truncateMarkup(slackEscape(alert.excerpt ?? ''), 600),
    truncateMarkup(links.join('\n'), 600),
  ];
  return { text: truncateMarkup(parts.filter((part) => part !== '').join('\n'), maxTopLevelText) };
}

function titleBlocks({ tone, title }: Alert): SlackBlock[] {
  const line = oneLine(title);
  const shown = `${toneEmoji[tone]} ${shownText(line)}`;
  // Counted escaped, to be safe: Slack doesn't say which it counts.
  const header: SlackBlock = { type: 'header', text: plainText(fitted(shown, share.header)) };
  return header.text.text === shown
    ? [header]
    : [header, { type: 'section', text: plainText(fitted(shownText(line), share.title)) }];
}

/** Bold, its times in the reader's own time zone; then who is called. */
function statusBlocks({ status, mentions }: Alert): SlackBlock[] {
  const lines = [...(status === null ? [] : [`*${localStatus(status)}*`]), ...mentionLine(mentions)];
  return lines.length === 0 ? [] : [{ type: 'section', text: mrkdwn(lines.join('\n')) }];
}

/** Source: docs.slack.dev/messaging/formatting-message-text#date-formatting. */
function localStatus(status: Status): string {
  return status
    .map((part) =>
      typeof part === 'string'
        ? slackEscape(part)
        : `<!date^${Math.floor(part.atMs / 1000)}^{date_short_pretty} {time}|${slackEscape(part.utc)}>`,
    )
    .join('');
}

/** As many as fit, whole: half of one would be text that calls nobody. The others are counted. */
function mentionLine(mentions: string[]): string[] {
  const all = mentions.join(' ');
  if (all.length <= share.mentions) return all === '' ? [] : [all];
  const shown: string[] = [];
  let left = share.mentions - maxMoreOwners;
  for (const mention of mentions) {
    if (mention.length + 1 > left) continue;
    shown.push(mention);
    left -= mention.length + 1;
  }
  const more = mentions.length - shown.length;
  return [[...shown, `+${more} more ${more === 1 ? 'owner' : 'owners'}`].join(' ')];
}

function textBlocks(text: string | null): SlackBlock[] {
  const trimmed = cleanText(text ?? '').trim();
  return trimmed === '' ? [] : [{ type: 'section', text: mrkdwn(truncateMarkup(trimmed, share.text)) }];
}

function fieldBlocks(fields: AlertField[]): SlackBlock[] {
  const shown: (Mrkdwn | PlainText)[] = [];
  let left = share.fields;
  for (const field of fields) {
    const object = fieldText(field, Math.min(left, 400));
    if (object === null || shown.length === maxFieldsPerSection * maxSections) break;
    shown.push(object);
    left -= slackEscape(object.text).length;
  }
  const blocks: SlackBlock[] = [];
  for (let i = 0; i < shown.length; i += maxFieldsPerSection) {
    blocks.push({ type: 'section', fields: shown.slice(i, i + maxFieldsPerSection) });
  }
  if (shown.length < fields.length) blocks.push(...contextBlocks([`${fields.length - shown.length} more fields left out`]));
  return blocks;
}

/**
 * What Slack would take for formatting: a mark that a word begins with, any backtick, a quote. There is no escape for
 * these, so such a value from an event goes out as plain text. In a rule's own field they are meant.
 */
const looksFormatted = /(^|[^\p{L}\p{N}])[*_~]|`|^&gt;/mu;

function fieldText({ label, value, source }: AlertField, max: number): Mrkdwn | PlainText | null {
  const name = truncateMarkup(slackEscape(oneLine(label)), maxLabel);
  const room = max - name.length - 3;
  if (room < 20) return null;
  const markup = truncateMarkup(cleanText(value).trim(), room) || '–';
  if (source === 'event' && looksFormatted.test(markup)) return plainText(shownText(`${name}\n${markup}`).trim());
  return mrkdwn(`${name === '' ? '' : `*${name}*\n`}${markup}`);
}

function excerptBlocks(excerpt: string | null): SlackBlock[] {
  const text = fitted((excerpt ?? '').slice(0, share.excerpt * 4), share.excerpt).trim();
  if (text === '') return [];
  return [{ type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }] }];
}

/**
 * Links, not buttons: a button needs an app that answers interactions, and Slack marks it with a warning where there is
 * none, as with an incoming webhook.
 */
function linkBlocks(links: Alert['links']): SlackBlock[] {
  const elements: RichText[] = [];
  let left = share.links;
  for (const { label, url } of links) {
    const text = fitted(oneLine(label), maxLabel) || 'Link';
    const cost = slackEscape(text).length + slackEscape(url).length + 3;
    if (cost > left) continue;
    left -= cost;
    if (elements.length > 0) elements.push({ type: 'text', text: ' · ' });
    elements.push({ type: 'link', url, text });
  }
  return elements.length === 0 ? [] : [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }];
}

function noteBlocks(notes: string[]): SlackBlock[] {
  const shown = notes.slice(0, maxNotes).map((note) => fitted(oneLine(note), share.note));
  return contextBlocks(shown.map((note) => (note === '' ? '' : `⚠️ ${note}`)));
}

function contextBlocks(lines: string[]): SlackBlock[] {
  const elements = lines.filter((line) => line !== '').map(plainText);
  return elements.length === 0 ? [] : [{ type: 'context', elements }];
}

function plainText(text: string): PlainText {
  return { type: 'plain_text', text, emoji: false };
}

function mrkdwn(text: string): Mrkdwn {
  return { type: 'mrkdwn', text, verbatim: true };
}
