/** Liquid templates over an event, escaped for where they go. */
import { Liquid, type Template } from 'liquidjs';
import type { EventView } from '../event/event.ts';
import { stringifyJson } from '../event/json.ts';
import { formatDuration } from '../event/time.ts';
import { unknownVariable } from './variables.ts';

/** Sources, as written in a rule's `message`. A part left out keeps its default. */
export interface MessageTemplates {
  title?: string;
  text?: string;
  /** Label → template. */
  fields?: Record<string, string>;
}

export type Rendered = { ok: true; text: string } | { ok: false; error: string };

/** Makes a value from an event harmless in the destination's markup. Text written in the template itself is left alone. */
export type Escape = (value: string) => string;

/** `rule`: whose template it is, for the record of those that fail. */
export type RenderTemplate = (source: string, view: EventView, escape: Escape, rule?: string | null) => Rendered;

/** `line` and `col` count from 1 within the template. */
export type TemplateCheck = { ok: true } | { ok: false; error: string; hint?: string; line: number; col: number };

export interface Templates {
  /** Never throws. A value that is missing or null prints nothing. */
  render: RenderTemplate;
  /** Syntax, filters, tags, and names of variables. Finds what can be found without an event. */
  check(source: string): TemplateCheck;
}

/** Characters of one template. Also the reason why a bounded cache of them is small. */
const maxSource = 20_000;
/** Characters that values from the event may add to one text: more than any destination takes. */
const maxOutput = 2_000_000;
/** Rendering time, ms by the clock on the wall: a template takes microseconds, but the machine may be held up meanwhile. */
const renderLimitMs = 1_000;
/** Characters and list entries that filters and ranges may produce on the way. */
const memoryLimit = 20_000_000;
const cachedTemplates = 2_000;

export function createTemplates(): Templates {
  const liquid = createLiquid((value) => escapeOutput(value));
  const parsed = new Map<string, Template[]>();
  // Rendering is synchronous and never nested, so the escape of the render under way can be kept here:
  // one parsed template then serves every destination.
  let escape: Escape = String;
  let written = 0;

  function escapeOutput(value: unknown): string {
    const text = escape(printed(value));
    written += text.length;
    if (written > maxOutput) throw new Error(`more than ${maxOutput} characters of output`);
    return text;
  }

  function parse(source: string): Template[] {
    const known = parsed.get(source);
    if (known) return known;
    const templates = liquid.parse(source);
    if (parsed.size >= cachedTemplates) parsed.delete(parsed.keys().next().value!);
    parsed.set(source, templates);
    return templates;
  }

  return {
    render(source, view, escapeValue) {
      try {
        escape = escapeValue;
        written = 0;
        return { ok: true, text: String(liquid.renderSync(parse(source), view)) };
      } catch (error) {
        return { ok: false, error: reasonOf(error) };
      }
    },
    check(source) {
      try {
        for (const [variable, uses] of Object.entries(liquid.analyzeSync(parse(source), { partials: false }).globals)) {
          for (const { segments, location } of uses) {
            const field = typeof segments[1] === 'string' ? segments[1] : undefined;
            const unknown = unknownVariable(variable, field);
            if (unknown)
              return { ok: false, error: unknown.message, ...hintOf(unknown.hint), line: location.row, col: location.col };
          }
        }
        return { ok: true };
      } catch (error) {
        const [line, col] = positionOf(error);
        return { ok: false, error: reasonOf(error), ...hintOf(adviceFor(reasonOf(error))), line, col };
      }
    },
  };
}

function createLiquid(outputEscape: (value: unknown) => string): Liquid {
  const liquid = new Liquid({
    outputEscape,
    ownPropertyOnly: true,
    strictFilters: true,
    parseLimit: maxSource,
    renderLimit: renderLimitMs,
    memoryLimit,
    timezoneOffset: 0,
  });
  // No template reads files, and none switches the escaping of event data off.
  for (const tag of ['include', 'render', 'layout', 'block']) delete liquid.tags[tag];
  liquid.unregisterFilter('raw');
  for (const name of ['json', 'jsonify', 'inspect']) {
    liquid.registerFilter(name, (value: unknown, indent?: unknown) => stringifyJson(value ?? null, Number(indent) || 0));
  }
  liquid.registerFilter('duration', (value: unknown) => {
    const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof seconds === 'number' && Number.isFinite(seconds) ? formatDuration(seconds) : '';
  });
  return liquid;
}

/** All digits of a bigint, lists of plain values by commas, objects as JSON. */
function printed(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value) && value.every((part) => typeof part !== 'object')) return value.join(', ');
  return stringifyJson(value);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { originalError } = error as { originalError?: unknown };
  const message = originalError instanceof Error ? originalError.message : error.message;
  return message.replace(/, line:\d+, col:\d+$/, '');
}

function positionOf(error: unknown): [number, number] {
  const { token } = error as { token?: { getPosition?(): number[] } };
  const [line, col] = token?.getPosition?.() ?? [];
  return [line ?? 1, col ?? 1];
}

function adviceFor(reason: string): string | undefined {
  if (reason === 'undefined filter: raw') return 'values from events are always escaped; leave "| raw" out';
  if (/^tag "(include|render|layout|block)" not found$/.test(reason)) return 'templates read no files; write the text here';
  if (reason.startsWith('undefined filter')) return 'filters: Liquid’s own, and duration (seconds for people)';
  return undefined;
}

function hintOf(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
