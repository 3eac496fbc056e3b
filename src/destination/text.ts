/** Text from events, made fit to be shown: what a person reads is what the event says, and nothing acts on the reader's client. */

/** C0 and C1 controls but tab and line feed; bidi embeddings, overrides and isolates, which reorder what is read (CVE-2021-42574). */
const hidden = /[\0-\x08\x0B-\x1F\x7F-\x9F\u202A-\u202E\u2066-\u2069]/g; // oxlint-disable-line no-control-regex
const lineBreaks = /\r\n?|\u2028|\u2029/g;

/**
 * Well-formed text without control characters (but `\n` and `\t`) and without bidi overrides and isolates. Any line break
 * becomes `\n`. Right-to-left letters and the marks U+200E and U+200F stay: they disguise nothing.
 */
export function cleanText(text: string): string {
  return text.toWellFormed().replace(lineBreaks, '\n').replace(hidden, '');
}

/** Cleaned, on one line, without space around it. */
export function oneLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').trim();
}

/** At most `max` UTF-16 units, which is how Slack counts; the cut never splits a surrogate pair. `ellipsis` counts too. */
export function truncate(text: string, max: number, ellipsis = '…'): string {
  if (text.length <= max) return text;
  if (ellipsis.length >= max) return text.slice(0, wholeCharacters(text, max));
  return text.slice(0, wholeCharacters(text, max - ellipsis.length)) + ellipsis;
}

/** UTF-16 units of a text once `&`, `<` and `>` are entities, as Slack counts it. */
export function escapedLength(text: string): number {
  return text.length + 4 * (text.match(/&/g) ?? []).length + 3 * (text.match(/[<>]/g) ?? []).length;
}

/**
 * `truncate` for escaped markup: it cuts neither inside an entity (`&amp;`) nor inside a `<link|label>`, which only a
 * rule's author can have written, since event data is escaped by then.
 */
export function truncateMarkup(text: string, max: number, ellipsis = '…'): string {
  if (text.length <= max) return text;
  let head = truncate(text, max - ellipsis.length, '');
  const opened = head.lastIndexOf('<');
  if (opened > head.lastIndexOf('>') && beginsLink.test(head.slice(opened))) head = head.slice(0, opened);
  return head.replace(/&[a-z]{0,3}$/, '') + ellipsis;
}

/** A mention, a channel, a command or a link; a `<` alone is only less than. */
const beginsLink = /^<(?:[!@#]|h(?:t(?:t(?:p|$)|$)|$)|m(?:a(?:i(?:l|$)|$)|$)|$)/;

function wholeCharacters(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

/** The normalised http(s) URL, with what would end a link in some markup percent-encoded; null for anything else. */
export function httpUrl(text: string): string | null {
  const url = URL.parse(cleanText(text).trim());
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null;
  return url.href.replace(/[<>|" ]/g, encodeURIComponent);
}
