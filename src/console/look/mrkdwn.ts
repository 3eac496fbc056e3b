/**
 * Slack's markup as HTML, as a reader of the channel sees it. Whatever the markup holds, the result is text, marks of emphasis
 * and http(s) links. Source: docs.slack.dev/messaging/formatting-message-text.
 */
import { html } from 'hono/html';
import { httpUrl } from '../../destination/text.ts';
import type { Html } from '../page.ts';
import { visible } from './json.ts';

/**
 * Block of code, code, `<…>`, emphasis: whichever begins first. A mark of emphasis stands at the edge of a word on its outer
 * side, and not beside a space on its inner one. No part can begin in the middle of another, so a text is read once.
 */
const marks =
  /```(?<block>[^]+?)```|`(?<code>[^`\n]+)`|<(?<special>[^<>\n]+)>|(?<![\p{L}\p{N}*_~])(?<mark>[*_~])(?!\s)(?<inner>(?:(?!\k<mark>)[^\n])+)(?<!\s)\k<mark>(?![\p{L}\p{N}])/gu;

/** `markup`: `&`, `<` and `>` that are meant as such are entities in it. Its line breaks stay: show it with `white-space: pre-wrap`. */
export function mrkdwn(markup: string): Html {
  return html`${paragraphs(markup).map(({ quoted, text }) =>
    quoted ? html`<blockquote>${inline(text)}</blockquote>` : inline(text),
  )}`;
}

/** Lines that begin with `>` are a quote, except inside a block of code. */
function paragraphs(markup: string): { quoted: boolean; text: string }[] {
  const found: { quoted: boolean; text: string }[] = [];
  let inCode = false;
  for (const line of markup.split('\n')) {
    const quoted = !inCode && line.startsWith('&gt;');
    const text = quoted ? line.slice('&gt;'.length).trimStart() : line;
    const last = found.at(-1);
    if (last?.quoted === quoted) last.text += `\n${text}`;
    else found.push({ quoted, text });
    if ((line.split('```').length - 1) % 2 === 1) inCode = !inCode;
  }
  return found;
}

function inline(markup: string): Html[] {
  const parts: Html[] = [];
  let end = 0;
  for (const match of markup.matchAll(marks)) {
    parts.push(text(markup.slice(end, match.index)), marked(match.groups!));
    end = match.index + match[0].length;
  }
  return [...parts, text(markup.slice(end))];
}

function marked({ block, code, special, mark, inner = '' }: Record<string, string | undefined>): Html {
  if (block !== undefined) return html`<pre><code>${shown(block.replace(/^\n/, ''))}</code></pre>`;
  if (code !== undefined) return html`<code>${shown(code)}</code>`;
  if (special !== undefined) return specialPart(special);
  switch (mark) {
    case '*':
      return html`<strong>${inline(inner)}</strong>`;
    case '_':
      return html`<em>${inline(inner)}</em>`;
    default:
      return html`<s>${inline(inner)}</s>`;
  }
}

/** What stands between `<` and `>`. */
function specialPart(special: string): Html {
  const bar = special.indexOf('|');
  const target = bar === -1 ? special : special.slice(0, bar);
  const label = bar === -1 ? null : special.slice(bar + 1);
  switch (target[0]) {
    case '@':
      return mention(`@${label ?? target.slice(1)}`);
    case '#':
      return mention(`#${label ?? target.slice(1)}`);
    case '!':
      return command(target.slice(1), label);
    default:
      return link(shown(target), label === null ? null : shown(label));
  }
}

/** `here`, `subteam^S0ABC`, `date^<epoch seconds>^<format>`. */
function command(target: string, label: string | null): Html {
  const [name = '', argument = ''] = target.split('^');
  switch (name) {
    case 'date':
      return date(argument, label ?? '');
    case 'subteam':
      return mention(`@${(label ?? argument).replace(/^@/, '')}`);
    default:
      return mention(`@${label ?? name}`);
  }
}

/** Slack shows it in the reader's own time zone; here stands what it shows where it can't. */
function date(seconds: string, fallback: string): Html {
  // As many seconds as a Date can hold.
  if (!/^\d{1,12}$/.test(seconds)) return text(fallback);
  return html`<time datetime="${new Date(Number(seconds) * 1000).toISOString()}">${shown(fallback)}</time>`;
}

function mention(name: string): Html {
  return html`<span class="look-mention">${shown(name)}</span>`;
}

/** `target` and `label` as they are, not as markup. Only http(s) becomes a link. */
export function link(target: string, label: string | null): Html {
  const url = httpUrl(target);
  const name = visible(label ?? target);
  if (url === null) return html`${label === null || label === target ? name : `${name} (${visible(target)})`}`;
  return html`<a href="${url}" rel="noreferrer noopener" title="${url}">${name}</a>`;
}

function text(markup: string): Html {
  return html`${shown(markup)}`;
}

/** Slack knows these three entities. `&amp;` last, so that `&amp;lt;` is not read twice. */
function shown(markup: string): string {
  return visible(markup.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
}
