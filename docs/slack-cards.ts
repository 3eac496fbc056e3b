/** Messages as Slack shows them, drawn as cards of one SVG that a phone can show, light or dark as its reader has it. */
import { clipped, runsOf, widthOf, wrapped, type Run, type Style } from './slack-text.ts';

/** As much of a message as is drawn. */
export interface CardMessage {
  blocks: Block[];
  edited: boolean;
}

export interface Card {
  /** Above the card: what is to be seen. */
  caption: string;
  message: CardMessage;
  /** What of the message is drawn; the rest is left out. */
  show: { fields: number; textLines: number; codeLines: number };
  replies: CardMessage[];
  /** Further replies, which are counted. */
  more: number;
}

interface TextObject {
  type?: string;
  text?: string;
}

export interface Block {
  type?: string;
  text?: TextObject;
  fields?: TextObject[];
  elements?: (TextObject & { elements?: (TextObject & { url?: string })[] })[];
}

const width = 460;
const margin = 12;
const gutter = 60;
const column = width - gutter - margin - 14;
const size = { body: 15, header: 17, small: 12.5, code: 11.5 };
const lineHeight = 1.4;

export function drawCards(cards: readonly Card[], label: string): string {
  const parts: string[] = [];
  let y = margin;
  for (const card of cards) {
    const { svg, height } = drawCard(card, y);
    parts.push(svg);
    y += height;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${Math.ceil(y)}" role="img" aria-label="${escaped(label)}">
<style>
text{font-family:"Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif;white-space:pre;fill:#1d1c1d}
.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.bold{font-weight:700}.dim{fill:#616061}.link{fill:#1264a3}.mention{fill:#8a5a00}
.page{fill:#f6f8fa}.card{fill:#fff;stroke:#d0d7de}.box{fill:#f6f6f6;stroke:#dedede}.rule{stroke:#d8d8d8;stroke-width:2}.mark{fill:#5b3a8c}.letter{fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#d1d2d3}.dim{fill:#9b9c9e}.link{fill:#4aa8de}.mention{fill:#e8b64c}
.page{fill:#0d1117}.card{fill:#1a1d21;stroke:#383b40}.box{fill:#222529;stroke:#3a3d42}.rule{stroke:#3f4247}.mark{fill:#8b6cc0}.letter{fill:#fff}}
</style>
<rect class="page" width="${width}" height="${Math.ceil(y)}" rx="8"/>
${parts.join('\n')}
</svg>
`;
}

/** Draws from `top` downwards. */
function drawCard({ caption, message, show, replies, more }: Card, top: number): { svg: string; height: number } {
  const inside: string[] = [];
  let y = top + 26;
  const bodyTop = y;
  y += 12;
  y = drawMessage(inside, message, show, y, gutter);
  if (replies.length + more > 0) {
    const count = replies.length + more;
    inside.push(textAt(gutter, y + 14, size.small, [{ text: count === 1 ? '1 reply' : `${count} replies`, style: 'link' }]));
    y += 24;
    const from = y;
    for (const reply of replies) y = drawMessage(inside, reply, { fields: 0, textLines: 2, codeLines: 1 }, y, gutter + 14);
    if (replies.length > 0) inside.unshift(`<path class="rule" d="M${gutter + 2} ${from}V${y - 6}"/>`);
  }
  const frame = `<rect class="card" x="${margin}" y="${bodyTop}" width="${width - 2 * margin}" height="${(y - bodyTop + 4).toFixed(1)}" rx="8"/>`;
  const title = textAt(margin + 2, top + 15, size.small, [{ text: caption, style: 'dim' }]);
  return { svg: [title, frame, ...inside].join('\n'), height: y - top + 20 };
}

function drawMessage(into: string[], { blocks, edited }: CardMessage, show: Card['show'], top: number, x: number): number {
  const isReply = x > gutter;
  const room = column - (x - gutter);
  if (!isReply) {
    into.push(`<rect class="mark" x="${margin + 10}" y="${top}" width="32" height="32" rx="7"/>`);
    into.push(`<text class="letter bold" x="${margin + 20}" y="${top + 22}" font-size="17">N</text>`);
  }
  const head: Run[] = [
    { text: 'Narrative Relay', style: 'bold' },
    { text: edited ? '  APP   (edited)' : '  APP', style: 'dim' },
  ];
  into.push(textAt(x, top + 12, isReply ? size.small : 14, head));
  let y = top + (isReply ? 18 : 22);
  for (const block of isReply ? blocks.filter(isNews) : blocks) y = drawBlock(into, block, show, y, x, room);
  return y + 8;
}

/** What a reply says, without its links and its origin, which are those of the message above. */
function isNews({ type, elements = [] }: Block): boolean {
  return type === 'section' || elements.some((element) => element.type === 'rich_text_preformatted');
}

function drawBlock(into: string[], block: Block, show: Card['show'], y: number, x: number, room: number): number {
  const lines = (runs: Run[], at: number, most = 20, font = size.body) => {
    const all = wrapped(runs, room, font);
    const shown = all.slice(0, most);
    shown.forEach((line, i) => into.push(textAt(x, at + (i + 0.78) * font * lineHeight, font, line)));
    if (all.length > most) into.push(textAt(x, at + (most + 0.6) * font * lineHeight, font, [{ text: '⋮', style: 'dim' }]));
    return at + (shown.length + (all.length > most ? 1 : 0)) * font * lineHeight;
  };
  switch (block.type) {
    case 'header':
      return lines(bold(runsOf(block.text ?? {})), y, 3, size.header) + 2;
    case 'section':
      if (block.fields) return drawFields(into, block.fields.slice(0, show.fields), y, x, room);
      return lines(runsOf(block.text ?? {}), y, show.textLines) + 2;
    case 'context':
      return lines(dimmed((block.elements ?? []).flatMap(runsOf)), y + 2, 1, size.small);
    case 'rich_text':
      return (block.elements ?? []).reduce((at, { type, elements = [] }) => {
        if (type === 'rich_text_preformatted')
          return drawCode(into, elements.map(({ text = '' }) => text).join(''), show.codeLines, at, x, room);
        return (
          lines(
            elements.map(({ text = '', url }): Run => ({ text, style: url === undefined ? 'plain' : 'link' })),
            at,
            2,
            14,
          ) + 2
        );
      }, y);
    default:
      return y;
  }
}

/** Two columns, as Slack lays fields out; a long one has a row of its own. */
function drawFields(into: string[], fields: readonly TextObject[], y: number, x: number, room: number): number {
  const half = room / 2;
  let at = y + 2;
  let left = true;
  for (const [i, field] of fields.entries()) {
    const [label = '', ...value] = runsOf(field)
      .map(({ text }) => text)
      .join('')
      .split('\n');
    const text = value.join(' ');
    const wide = widthOf(text, 14, 'plain') > half - 8;
    if (wide && !left) at += 40;
    const where = wide || left ? x : x + half;
    into.push(textAt(where, at + 12, size.small, [{ text: label, style: 'bold' }]));
    into.push(textAt(where, at + 29, 14, [{ text: clipped(text, wide ? room : half - 8, 14, 'plain'), style: 'plain' }]));
    left = wide || !left;
    if (left || i === fields.length - 1) at += 40;
  }
  return at;
}

function drawCode(into: string[], text: string, most: number, y: number, x: number, room: number): number {
  const all = text.split('\n');
  const shown = all.slice(0, most).map((line) => clipped(line, room - 16, size.code, 'code'));
  if (shown.length === 0) return y;
  const height = shown.length * size.code * 1.5 + 10;
  into.push(`<rect class="box" x="${x}" y="${(y + 3).toFixed(1)}" width="${room}" height="${height.toFixed(1)}" rx="4"/>`);
  shown.forEach((line, i) => into.push(textAt(x + 8, y + 17 + i * size.code * 1.5, size.code, [{ text: line, style: 'code' }])));
  return y + height + 6;
}

function bold(runs: readonly Run[]): Run[] {
  return runs.map(({ text }) => ({ text, style: 'bold' }));
}

function dimmed(runs: readonly Run[]): Run[] {
  return runs.map(({ text }) => ({ text, style: 'dim' }));
}

function textAt(x: number, y: number, fontSize: number, runs: readonly Run[]): string {
  const spans = runs.map(({ text, style }) =>
    style === 'plain' ? escaped(text) : `<tspan class="${classOf(style)}">${escaped(text)}</tspan>`,
  );
  return `<text x="${x}" y="${y.toFixed(1)}" font-size="${fontSize}">${spans.join('')}</text>`;
}

function classOf(style: Style): string {
  return style === 'mention' ? 'mention bold' : style;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
