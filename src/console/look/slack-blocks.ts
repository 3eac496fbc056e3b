/** Block Kit as HTML: the blocks that `src/destination/slack-message.ts` makes. Any other is shown as what it is, folded. */
import { html } from 'hono/html';
import { z } from 'zod';
import type { Html } from '../page.ts';
import { code, jsonFold, visible } from './json.ts';
import { link, mrkdwn } from './mrkdwn.ts';

const textObject = z.object({ type: z.enum(['plain_text', 'mrkdwn']), text: z.string() });
const richText = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('link'), url: z.string(), text: z.string().exactOptional() }),
]);

const block = z.union([
  z.object({ type: z.literal('header'), text: textObject }),
  z.object({ type: z.literal('section'), text: textObject }),
  z.object({ type: z.literal('section'), fields: z.array(textObject) }),
  z.object({ type: z.literal('context'), elements: z.array(textObject) }),
  z.object({
    type: z.literal('rich_text'),
    elements: z.array(z.object({ type: z.enum(['rich_text_section', 'rich_text_preformatted']), elements: z.array(richText) })),
  }),
]);

type Block = z.infer<typeof block>;
type TextObject = z.infer<typeof textObject>;
type RichText = z.infer<typeof richText>;

export function slackBlock(given: unknown): Html {
  const parsed = block.safeParse(given);
  return parsed.success ? known(parsed.data) : jsonFold('a block that this page can not draw', given);
}

function known(given: Block): Html {
  switch (given.type) {
    case 'header':
      return html`<p class="look-title">${shown(given.text)}</p>`;
    case 'section':
      if ('fields' in given) return fields(given.fields);
      return prose(shown(given.text));
    case 'context':
      return html`${given.elements.map((element) => html`<div class="look-context">${shown(element)}</div>`)}`;
    case 'rich_text':
      return html`${given.elements.map(({ type, elements }) => {
        switch (type) {
          case 'rich_text_section':
            return prose(html`${elements.map(rich)}`);
          case 'rich_text_preformatted':
            return code(elements.map(({ text }) => text ?? '').join(''));
        }
      })}`;
  }
}

/** In columns where there is room. */
function fields(texts: TextObject[]): Html {
  return html`<div class="look-fields">${texts.map((each) => prose(shown(each)))}</div>`;
}

/** Its line breaks are shown, so none may stand between the tags and the text. */
export function prose(content: Html): Html {
  return html`<div class="look-text">${content}</div>`;
}

function rich(part: RichText): Html {
  switch (part.type) {
    case 'text':
      return html`${visible(part.text)}`;
    case 'link':
      return link(part.url, part.text ?? null);
  }
}

function shown({ type, text }: TextObject): Html {
  switch (type) {
    case 'plain_text':
      return html`${visible(text)}`;
    case 'mrkdwn':
      return mrkdwn(text);
  }
}
