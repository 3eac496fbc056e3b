/** A request to another system, as it went out; the secrets in it are masked. */
import { html } from 'hono/html';
import { z } from 'zod';
import { truncate } from '../../destination/text.ts';
import type { Html } from '../page.ts';
import { foldedCode, jsonFold, prettyJson, visible } from './json.ts';

/** Characters of a body. */
const maxShown = 10_000;

const request = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
});

export function httpLook(given: unknown): Html {
  const parsed = request.safeParse(given);
  if (!parsed.success) return jsonFold('a request, in a form this page does not know', given);
  const { method, url, headers, body } = parsed.data;
  return html`<div class="look look-http look-plain">
    <p class="look-head"><strong>${method}</strong> <code>${visible(url)}</code></p>
    <dl class="look-details">
      ${Object.entries(headers).map(
        ([name, value]) =>
          html`<div>
            <dt><code>${visible(name)}</code></dt>
            <dd><code>${visible(value)}</code></dd>
          </div>`,
      )}
    </dl>
    ${foldedCode('body', truncate(typeof body === 'string' ? body : prettyJson(body), maxShown))}
  </div>`;
}
