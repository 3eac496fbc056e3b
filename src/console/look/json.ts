/** JSON to be read by people. */
import { html } from 'hono/html';
import { stringifyJson } from '../../event/json.ts';
import type { Html } from '../page.ts';

/** Lines that are shown at once; what is longer is folded. */
const maxOpenLines = 40;

/**
 * What would reorder what is read, or can't be seen: control and bidi characters, and those without width. The joiners of
 * emoji and of some scripts (U+200C, U+200D) stay. Inside JSON the escape means the same.
 */
const invisible = /[\0-\x08\x0B-\x1F\x7F-\x9F\u00AD\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/g; // oxlint-disable-line no-control-regex

/** The text with each invisible character as an escape: `\u202e`. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(invisible, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Preformatted, as it is. */
export function code(text: string): Html {
  // A line break that the text begins with would be taken for the tag's own.
  return html`<pre class="look-code" tabindex="0"><code>${visible(text)}</code></pre>`;
}

/** `summary`: what it is. Open while it is short. */
export function foldedCode(summary: string, text: string): Html {
  const lines = text.split('\n').length;
  return html`<details class="look-fold" ${lines <= maxOpenLines ? html`open` : ''}>
    <summary>${summary} <span class="quiet">${lines === 1 ? '1 line' : `${lines} lines`}</span></summary>
    ${code(text)}
  </details>`;
}

/** Folded, whatever its length. */
export function jsonFold(summary: string, value: unknown): Html {
  return html`<details class="look-fold">
    <summary>${summary}</summary>
    ${code(prettyJson(value))}
  </details>`;
}

/** Every digit of a large number stays. */
export function prettyJson(value: unknown): string {
  return stringifyJson(value, 2) ?? String(value);
}
