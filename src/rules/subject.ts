/** The subject: "the thing that is broken". Alerts with equal subjects belong together. */
import type { EventView, NarrativeEvent } from '../event/event.ts';
import type { Plan, Routable } from './plan.ts';
import type { Templates } from './template.ts';

export type RenderSubject = (routable: Routable, view: () => EventView) => Plan['subject'];

/** What `defaults.subject` stands for when it isn't written. The second spelling is that of Narrative's camelCase form. */
export const defaultJobSubject = '{{ job.type }}/{{ job.input.dataset_id | default: job.input.datasetId | default: job.id }}';
export const defaultAppSubject = 'app/{{ app.connector }}/{{ app.connection_id | default: app.profile_id }}';

/** UTF-16 units: bodies may hold names of any length, the store and the logs should not. */
const maxSubject = 500;

export function createSubject(source: string | null, templates: Templates): RenderSubject {
  if (source === null) return ({ narrative }) => defaultSubject(narrative);
  return ({ narrative }, view) => {
    const rendered = templates.render(source, view(), String);
    const text = rendered.ok ? rendered.text.trim() : '';
    // "/" is what a subject made for jobs leaves of an app event: with it, all of them would be one subject.
    return /[\p{L}\p{N}]/u.test(text) ? text.slice(0, maxSubject) : defaultSubject(narrative);
  };
}

/** The default templates, compiled by hand: this runs for each event. */
function defaultSubject(narrative: NarrativeEvent): string {
  if (narrative.kind === 'app') {
    const { connector, connection_id, profile_id } = narrative.app;
    return `app/${connector}/${connection_id ?? profile_id ?? ''}`.slice(0, maxSubject);
  }
  const { type, input, id } = narrative.job;
  return `${type}/${idIn(input.dataset_id) ?? idIn(input.datasetId) ?? id}`.slice(0, maxSubject);
}

function idIn(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}
