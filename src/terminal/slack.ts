/** A Slack message as text on a terminal, close to what a person would see in the channel. */
import { styleText } from 'node:util';

/** As much of a message as can be seen. */
export interface VisibleMessage {
  kind: 'post' | 'update' | 'webhook';
  /** A channel's id, or `#name`. */
  channel: string;
  text: string;
  blocks: Record<string, unknown>[];
  threadTs: string | null;
  /** A reply that the channel shows too. */
  broadcast?: boolean;
  receivedAtMs: number;
}

export interface RenderOptions {
  /** Columns. */
  width: number;
  color: boolean;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;
interface Part {
  type?: string;
  text?: unknown;
  url?: string;
  elements?: Part[];
  fields?: Part[];
}

/** A reply is indented, as below the message that it belongs to. No line break at the end. */
export function renderSlackMessage(message: VisibleMessage, { width, color }: RenderOptions): string {
  const paint: Paint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
  const indent = message.threadTs === null ? '' : '    ';
  const bar = indent + paint(barColor(message.text), '┃');
  const room = Math.max(20, width - indent.length - 2);
  const time = new Date(message.receivedAtMs).toTimeString().slice(0, 5);
  const where = [channelName(message.channel), time, ...remarks(message)].join(' · ');
  const head = `${paint('bold', 'Narrative Relay')} ${paint('dim', where)}`;
  const body =
    message.blocks.length === 0 ? wrap(plainOf(message.text), room) : blockLines(message.blocks as Part[], room, paint);
  return [head, ...body].map((line) => `${bar} ${line}`.trimEnd()).join('\n');
}

function remarks({ kind, threadTs, broadcast }: VisibleMessage): string[] {
  const place = broadcast === true ? 'in thread, also sent to the channel' : 'in thread';
  return [...(kind === 'update' ? ['edited'] : []), ...(threadTs === null ? [] : [place])];
}

function channelName(channel: string): string {
  return /^[#CGD]/.test(channel) ? channel : `#${channel}`;
}

function barColor(text: string): Style {
  if (text.startsWith('🔴')) return 'red';
  return text.startsWith('✅') ? 'green' : 'blue';
}

function blockLines(blocks: Part[], width: number, paint: Paint): string[] {
  return blocks.flatMap((block) => {
    switch (block.type) {
      case 'header':
        return wrap(textOf(block.text), width).map((line) => paint('bold', line));
      case 'section':
        return block.fields ? fieldLines(block.fields, width, paint) : wrap(shown(block.text), width);
      case 'context':
        return (block.elements ?? []).flatMap((element) => wrap(shown(element), width).map((line) => paint('dim', line)));
      case 'rich_text':
        return (block.elements ?? []).flatMap((element) => richLines(element, width, paint));
      default:
        return [];
    }
  });
}

/** Two columns, as Slack lays fields out, or one where there is no room. */
function fieldLines(fields: Part[], width: number, paint: Paint): string[] {
  const cells = fields.map((field) => {
    const [label = '', ...value] = shown(field).split('\n');
    return { label, value: value.join(' ') };
  });
  const longest = Math.max(...cells.map(({ label, value }) => Math.max(columns(label), columns(value))));
  const half = Math.floor((width - 2) / 2);
  if (longest > half) return cells.flatMap(({ label, value }) => wrap(`${label}: ${value}`, width));
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += 2) {
    const [left, right] = [cells[i]!, cells[i + 1]];
    lines.push(`${paint('dim', pad(left.label, half))}  ${right ? paint('dim', right.label) : ''}`);
    lines.push(`${pad(left.value, half)}  ${right?.value ?? ''}`);
  }
  return lines;
}

function richLines({ type, elements = [] }: Part, width: number, paint: Paint): string[] {
  if (type === 'rich_text_preformatted') {
    const lines = elements.flatMap((element) => textOf(element.text).split('\n'));
    return lines.map((line) => paint('yellow', `  ${clip(line, width - 2)}`));
  }
  const parts = elements.filter((element) => element.type === 'link');
  return parts.map(({ text, url = '' }) => `${paint('cyan', textOf(text))} ${paint('dim', url)}`);
}

/** A text object, or a block's `text`, as it reads. */
function shown(part: unknown): string {
  const { type, text } = part as Part;
  return type === 'mrkdwn' ? plainOf(textOf(text)) : textOf(text);
}

function textOf(text: unknown): string {
  if (typeof text === 'string') return text;
  return typeof text === 'object' && text !== null ? textOf((text as Part).text) : '';
}

/** Markup as it reads: links and times by their label, mentions by whom they call, bold without its stars. */
function plainOf(markup: string): string {
  return markup
    .replace(/<!(?:subteam\^)?(\w+)>/g, '@$1')
    .replace(/<(?:[^<>|]*)\|([^<>]*)>/g, '$1')
    .replace(/<([^<>|]*)>/g, '$1')
    .replace(/(^|\s)\*([^*\n]+)\*(?=\s|$)/g, '$1$2')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = [];
    let current = '';
    for (const word of line.split(' ')) {
      const longer = current === '' ? word : `${current} ${word}`;
      if (columns(longer) <= width) current = longer;
      else {
        if (current !== '') lines.push(current);
        current = clip(word, width);
      }
    }
    return [...lines, current];
  });
}

const segmenter = new Intl.Segmenter();
const wide = /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFF00-\uFF60]/u;

/** Terminal columns: emoji and East Asian characters take two. */
function columns(text: string): number {
  let count = 0;
  for (const { segment } of segmenter.segment(text)) count += wide.test(segment) ? 2 : 1;
  return count;
}

function clip(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let kept = '';
  for (const { segment } of segmenter.segment(text)) {
    if (columns(kept + segment) >= width) break;
    kept += segment;
  }
  return `${kept}…`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}
