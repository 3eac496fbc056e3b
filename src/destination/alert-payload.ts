/** What a connector's payload says, in a few lines. It has no documented shape: the usual names are looked for. */
import { isObject, type JsonObject, type JsonValue } from '../event/json.ts';
import { oneLine, truncate } from './text.ts';

/** Where an error's text stands, in any spelling; of several the first that says something. */
const messageKeys = ['message', 'errormessage', 'error', 'reason', 'failurereason', 'detail', 'details', 'description'];
const listKeys = ['errors', 'failures'];
/** How deep an error within an error is looked for. */
const maxDepth = 4;

const maxLines = 12;
const maxValue = 200;

/** Raw, of any length: the text of the error; null where there is none by a usual name. */
export function errorText(payload: JsonValue, depth = 0): string | null {
  if (typeof payload === 'string') return payload.trim() === '' ? null : payload;
  if (!isObject(payload) || depth >= maxDepth) return null;
  const bySpelling = new Map(Object.entries(payload).map(([key, value]) => [key.toLowerCase().replaceAll('_', ''), value]));
  const places = [
    ...messageKeys.map((key) => bySpelling.get(key)),
    ...listKeys.map((key) => bySpelling.get(key)).flatMap((list) => (Array.isArray(list) ? list.slice(0, 1) : [])),
  ];
  for (const place of places) {
    const said = place === undefined ? null : errorText(place, depth + 1);
    if (said !== null) return said;
  }
  return null;
}

/** `audience_id: 23851234567890123`, a line for each value that is no list, those of inner objects by their path; empty: there is none. */
export function scalarLines(payload: JsonObject): string {
  const lines: string[] = [];
  const queue: [string, JsonObject, number][] = [['', payload, 0]];
  for (let next = 0; next < queue.length && lines.length < maxLines; next++) {
    const [prefix, part, depth] = queue[next]!;
    for (const [key, value] of Object.entries(part)) {
      const label = `${prefix}${key}`;
      if (isObject(value)) {
        if (depth + 1 < maxDepth && queue.length < maxLines) queue.push([`${label}.`, value, depth + 1]);
      } else if (!Array.isArray(value) && value !== null && value !== undefined && value !== '' && lines.length < maxLines) {
        lines.push(`${shortened(label)}: ${shortened(String(value))}`);
      }
    }
  }
  return lines.join('\n');
}

function shortened(text: string): string {
  return truncate(oneLine(text.slice(0, maxValue * 4)), maxValue);
}
