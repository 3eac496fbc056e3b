/** The subject: "the thing that is broken". Alerts with equal subjects belong together. */
import type { EventView, NarrativeEvent } from '../event/event.ts';
import type { Routable } from './plan.ts';
import type { Templates } from './template.ts';

/** `fellBack`: the template failed or rendered to nothing. */
export type RenderSubject = (routable: Routable, view: () => EventView) => { text: string; fellBack: boolean };

/** What `defaults.subject` stands for when it isn't written. The second spelling is that of Narrative's camelCase form. */
export const defaultJobSubject = '{{ job.type }}/{{ job.input.dataset_id | default: job.input.datasetId | default: job.id }}';
export const defaultAppSubject =
  'app/{{ app.connector }}/{{ app.connection_id | default: app.profile_id | default: app.dataset_id | default: event.company_id }}';

/** UTF-16 units: bodies may hold names of any length, the store and the logs should not. */
const maxSubject = 500;

/** Subjects that the relay makes itself: what an event says must not pass for one of them. */
const reserved = /^(?:relay|late|expect|group)\//;

export function createSubject(source: string | null, templates: Templates): RenderSubject {
  const render = createRenderer(source, templates);
  return (routable, view) => {
    const rendered = render(routable, view);
    const { kind } = routable.narrative;
    return kind === 'relay' || !reserved.test(rendered.text) ? rendered : { ...rendered, text: `${kind}/${rendered.text}` };
  };
}

function createRenderer(source: string | null, templates: Templates): RenderSubject {
  if (source === null) return ({ narrative }) => ({ text: defaultSubject(narrative), fellBack: false });
  return ({ narrative }, view) => {
    // What the relay says about itself has subjects of its own: the files are written for jobs.
    if (narrative.kind === 'relay') return { text: defaultSubject(narrative), fellBack: false };
    const rendered = templates.render(source, view(), String);
    const text = rendered.ok ? rendered.text.trim() : '';
    if (/[\p{L}\p{N}]/u.test(text)) return { text: text.slice(0, maxSubject), fellBack: false };
    // "/" is what a subject made for jobs leaves of an app event, and no mistake; the default tells them apart.
    if (narrative.kind === 'app') return { text: defaultSubject(narrative), fellBack: false };
    // Of all that could stand for it, the job alone can't fold two problems into one.
    return { text: `${narrative.job.type}/${narrative.job.id}`.slice(0, maxSubject), fellBack: true };
  };
}

/** The default templates, compiled by hand: this runs for each event. */
function defaultSubject(narrative: NarrativeEvent): string {
  if (narrative.kind === 'relay')
    return `relay/${narrative.relay.topic}${narrative.relay.about === null ? '' : `/${narrative.relay.about}`}`.slice(
      0,
      maxSubject,
    );
  if (narrative.kind === 'app') {
    const { connector, connection_id, profile_id, dataset_id } = narrative.app;
    return `app/${connector}/${connection_id ?? profile_id ?? dataset_id ?? narrative.company_id ?? ''}`.slice(0, maxSubject);
  }
  const { type, input, id } = narrative.job;
  return `${type}/${idIn(input.dataset_id) ?? idIn(input.datasetId) ?? id}`.slice(0, maxSubject);
}

function idIn(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}
