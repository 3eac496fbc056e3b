/**
 * What Slack would find wrong with a message, and what a careful reviewer would. Written from Slack's reference
 * (docs.slack.dev/reference/block-kit), knowing nothing of how the relay builds its messages.
 */
export interface SlackVerdict {
  /** Slack refuses the message with this code. */
  error: { code: string; messages: string[] } | null;
  /** Slack takes it, yet it could mention people, forge links or be re-interpreted. */
  traps: string[];
}

export interface CheckOptions {
  /** Whether `<!channel>`, `<@U…>` and the like are meant: all, none (the default), or these alone. Others are traps. */
  mentions?: Mentions;
  /** `edit`: `chat.update`, which knows no unfurling. */
  request?: 'post' | 'edit';
}

type Mentions = 'allowed' | 'forbidden' | readonly string[];

type Json = Record<string, unknown>;

const maxBlocks = 50;
/** Undocumented: between 9,597 (taken) and 11,341 (refused). */
const maxAllText = 9_600;

export function checkSlackMessage(message: Json, { mentions = 'forbidden', request = 'post' }: CheckOptions = {}): SlackVerdict {
  const findings = new Findings(mentions);
  const { text, blocks = [], attachments = [] } = message;
  if (text !== undefined && typeof text !== 'string') findings.refuse('invalid_arguments', 'text is no string');
  if (typeof text === 'string') {
    if (text.length > 4_000) findings.refuse('msg_too_long', `text has ${text.length} characters`);
    else if (text.length > 3_000) findings.trap(`text has ${text.length} characters, over the advised 3000`);
    if (disguise.test(text)) findings.trap('text: control, bidi or broken characters');
    findings.markup(text, 'text');
  }
  if (!Array.isArray(blocks)) findings.refuse('invalid_blocks_format', 'blocks is no array');
  else checkBlocks(blocks, findings);
  if (!Array.isArray(attachments) || attachments.length > 100) findings.refuse('too_many_attachments', 'over 100 attachments');
  const hasBlocks = Array.isArray(blocks) && blocks.length > 0;
  if (!hasBlocks && (typeof text !== 'string' || text.trim() === '')) findings.refuse('no_text', 'neither text nor blocks');
  if (hasBlocks && (typeof text !== 'string' || text.trim() === '')) findings.trap('no text for notifications beside the blocks');
  checkMetadata(message.metadata, findings);
  checkThread(message, findings);
  if (request === 'post' && (message.unfurl_links !== false || message.unfurl_media !== false))
    findings.trap('unfurling is not switched off');
  if (message.link_names !== undefined) findings.trap('link_names turns names in event data into mentions');
  return findings.verdict();
}

function checkBlocks(blocks: unknown[], findings: Findings): void {
  if (blocks.length > maxBlocks)
    findings.refuse('invalid_blocks', `no more than ${maxBlocks} blocks allowed, got ${blocks.length}`);
  const ids = new Set<string>();
  blocks.forEach((block, i) => {
    const at = `blocks[${i}]`;
    if (!isObject(block)) return findings.invalid(at, 'is no object');
    if (block.block_id !== undefined) {
      const id = String(block.block_id);
      if (id.length > 255 || id === '' || ids.has(id)) findings.invalid(at, 'block_id is empty, too long or not unique');
      ids.add(id);
    }
    checkBlock(block, at, findings);
  });
  if (findings.textLength > maxAllText) findings.refuse('msg_blocks_too_long', `${findings.textLength} characters in all blocks`);
}

function checkBlock(block: Json, at: string, findings: Findings): void {
  switch (block.type) {
    case 'header':
      return findings.textObject(block.text, `${at}.text`, 150, 'plain_text');
    case 'section':
      return checkSection(block, at, findings);
    case 'context':
      return findings.list(block.elements, `${at}.elements`, 10, (element, where) => findings.textObject(element, where, 3_000));
    case 'actions':
      return findings.list(block.elements, `${at}.elements`, 25, (element, where) => checkButton(element, where, findings));
    case 'rich_text':
      return findings.list(block.elements, `${at}.elements`, 100, (element, where) => checkRichText(element, where, findings));
    case 'divider':
      return;
    default:
      return findings.invalid(at, `unsupported type: ${String(block.type)}`);
  }
}

function checkSection(block: Json, at: string, findings: Findings): void {
  if (block.text === undefined && block.fields === undefined) findings.invalid(at, 'has neither text nor fields');
  if (block.text !== undefined) findings.textObject(block.text, `${at}.text`, 3_000);
  if (block.fields === undefined) return;
  findings.list(block.fields, `${at}.fields`, 10, (field, where) => findings.textObject(field, where, 2_000));
}

function checkButton(element: unknown, at: string, findings: Findings): void {
  if (!isObject(element) || element.type !== 'button') return findings.invalid(at, 'is no button');
  findings.textObject(element.text, `${at}.text`, 75, 'plain_text');
  if (element.url !== undefined) findings.url(element.url, `${at}.url`);
  if (String(element.value ?? '').length > 2_000) findings.invalid(at, 'value is over 2000 characters');
}

function checkRichText(element: unknown, at: string, findings: Findings): void {
  if (!isObject(element) || !/^rich_text_(section|preformatted|quote)$/.test(String(element.type))) {
    return findings.invalid(at, 'is no rich text element');
  }
  findings.list(element.elements, `${at}.elements`, 1_000, (part, where) => {
    if (!isObject(part) || (part.type !== 'text' && part.type !== 'link'))
      return findings.invalid(where, 'is neither text nor link');
    if (part.type === 'link') findings.url(part.url, `${where}.url`);
    if (part.type === 'text' || part.text !== undefined) findings.characters(part.text, where, 3_000);
  });
}

function checkMetadata(metadata: unknown, findings: Findings): void {
  if (metadata === undefined) return;
  if (!isObject(metadata) || typeof metadata.event_type !== 'string' || !isObject(metadata.event_payload)) {
    return findings.refuse('invalid_metadata_format', 'metadata needs event_type and event_payload');
  }
  for (const [key, value] of Object.entries(metadata.event_payload)) {
    if (!/^[a-z][a-z0-9_]*$/.test(key) || typeof value === 'object')
      findings.refuse('invalid_metadata_schema', `metadata key ${key}`);
  }
}

function checkThread({ thread_ts: thread, reply_broadcast: broadcast }: Json, findings: Findings): void {
  if (thread !== undefined && typeof thread !== 'string') findings.refuse('invalid_arguments', 'thread_ts is no string');
  if (broadcast !== undefined && thread === undefined) findings.trap('reply_broadcast without a thread_ts does nothing');
}

const entity = /&(?:amp|lt|gt);/g;
const link = /^https?:\/\/[^\s<>|]+(\|[^<>|]*)?$/;
const dateForm = /^!date\^\d+\^[^<>|]+\|[^<>|]*$/;
const mention = /^(![a-z]+(\^|$)|@[UW][A-Z0-9]+|#C[A-Z0-9]+)/;
/** Controls, bidi overrides and isolates, lone surrogates: invisible, and able to disguise what is read. */
const disguise = /[\0-\x08\x0B-\x1F\x7F-\x9F\u202A-\u202E\u2066-\u2069]|\p{Surrogate}/u; // oxlint-disable-line no-control-regex

/** Collects what is wrong; the first code found is the one that Slack answers. */
class Findings {
  textLength = 0;
  #code: string | null = null;
  readonly #messages: string[] = [];
  readonly #traps: string[] = [];
  readonly #mentions: Mentions;

  constructor(mentions: Mentions) {
    this.#mentions = mentions;
  }

  verdict(): SlackVerdict {
    return { error: this.#code === null ? null : { code: this.#code, messages: this.#messages }, traps: this.#traps };
  }

  refuse(code: string, message: string): void {
    this.#code ??= code;
    this.#messages.push(`[ERROR] ${message}`);
  }

  invalid(at: string, message: string): void {
    this.refuse('invalid_blocks', `${message} [json-pointer:/${at.replace(/[.[]/g, '/').replaceAll(']', '')}]`);
  }

  trap(message: string): void {
    this.#traps.push(message);
  }

  list(value: unknown, at: string, max: number, check: (item: unknown, at: string) => void): void {
    if (!Array.isArray(value) || value.length === 0) return this.invalid(at, 'must be a list with at least one item');
    if (value.length > max) this.invalid(at, `no more than ${max} items allowed, got ${value.length}`);
    value.forEach((item, i) => check(item, `${at}[${i}]`));
  }

  textObject(value: unknown, at: string, max: number, only?: 'plain_text'): void {
    if (!isObject(value)) return this.invalid(at, 'is no text object');
    if (value.type !== 'plain_text' && (value.type !== 'mrkdwn' || only !== undefined)) {
      return this.invalid(at, `type ${String(value.type)} is not allowed here`);
    }
    this.characters(value.text, at, max);
    if (value.type !== 'mrkdwn') return;
    if (value.verbatim !== true) this.trap(`${at}: mrkdwn without verbatim, so names and URLs in the data become links`);
    if (typeof value.text === 'string') this.markup(value.text, at);
  }

  characters(value: unknown, at: string, max: number): void {
    if (typeof value !== 'string' || value === '') return this.invalid(at, 'must be at least 1 character');
    if (value.length > max) this.invalid(at, `must be less than ${max + 1} characters, is ${value.length}`);
    if (value.trim() === '') this.trap(`${at}: nothing but white space`);
    if (disguise.test(value)) this.trap(`${at}: control, bidi or broken characters`);
    this.textLength += value.length;
  }

  /** Every `<` must open a form that is known and closed, every `&` an entity; anything else is event data unescaped. */
  markup(text: string, at: string): void {
    const rest = text.replace(/<([^<>]*)>/g, (_whole, inner: string) => {
      if (mention.test(inner) && !dateForm.test(inner)) {
        if (!this.#meant(`<${inner}>`)) this.trap(`${at}: mentions <${inner}>`);
      } else if (!link.test(inner) && !dateForm.test(inner)) {
        this.trap(`${at}: unknown markup <${inner.slice(0, 40)}>`);
      }
      return '';
    });
    if (/[<>]/.test(rest)) this.trap(`${at}: an unescaped < or >`);
    if (rest.replace(entity, '').includes('&')) this.trap(`${at}: an unescaped & or a cut entity`);
  }

  #meant(found: string): boolean {
    return this.#mentions === 'allowed' || (this.#mentions !== 'forbidden' && this.#mentions.includes(found));
  }

  url(value: unknown, at: string): void {
    if (typeof value !== 'string' || value === '' || value.length > 3_000)
      return this.invalid(at, 'is no URL of 1 to 3000 characters');
    const url = URL.parse(value);
    if (url?.protocol !== 'https:' && url?.protocol !== 'http:') this.invalid(at, 'is no http(s) URL');
    if (/[<>|\s"]/.test(value)) this.trap(`${at}: a URL with < > | " or a space`);
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
