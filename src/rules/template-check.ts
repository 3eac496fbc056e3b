/** Renders every template of the rules files for every kind of event: some faults show only with values. */
import { viewOf } from '../event/event.ts';
import type { Place, Problem } from './problem.ts';
import { entriesOf, keyOf, valueAt } from './raw.ts';
import { sendsIn } from './references.ts';
import { sampleEvents } from './samples.ts';
import type { Source } from './source.ts';
import { createTemplates } from './template.ts';

export interface WrittenTemplate {
  text: string;
  place: Place;
}

/** The templates of one file, in its order. */
export function templatesIn(source: Source): WrittenTemplate[] {
  return pathsIn(source.value).flatMap((path) => {
    const text = valueAt(source.value, path);
    return typeof text === 'string' ? [{ text, place: source.placeOf(path) }] : [];
  });
}

function pathsIn(value: unknown): (string | number)[][] {
  const below = (path: (string | number)[], mapping: unknown) => entriesOf(mapping).map(([key]) => [...path, key]);
  const messages = [...sendsIn(value)].flatMap(({ path, send }) => {
    const message = [...path, 'message'];
    const fields = keyOf(keyOf(send, 'message'), 'fields');
    return [[...message, 'title'], [...message, 'text'], ...below([...message, 'fields'], fields)];
  });
  return [['defaults', 'subject'], ...below(['defaults', 'links'], keyOf(keyOf(value, 'defaults'), 'links')), ...messages];
}

export function failingTemplates(written: readonly WrittenTemplate[]): Problem[] {
  const { render } = createTemplates();
  const receivedAtMs = Date.UTC(2026, 0, 5, 9, 12);
  const samples = sampleEvents().map(({ label, ...sample }) => ({
    label,
    view: viewOf({ id: 'evt_sample', subscription: 'sample', receivedAtMs, ...sample }),
  }));
  return written.flatMap(({ text, place }) => {
    const failed = samples.flatMap(({ label, view }) => {
      const rendered = render(text, view, String);
      return rendered.ok ? [] : [{ label, error: rendered.error }];
    });
    if (failed.length === 0) return [];
    const others = failed.length > 1 ? ` (and for ${failed.length - 1} more of ${samples.length} sample events)` : '';
    const hint = 'alerts would fall back to the default wording: guard it with {% if %} or the default filter';
    return [{ ...place, message: `template fails for ${failed[0]!.label}${others}: ${failed[0]!.error}`, hint }];
  });
}
