/** The events of `test/fixtures/events`, as they arrive. */
import { readFileSync } from 'node:fs';
import type { Outgoing } from '../../src/destination/destination.ts';
import { eventContent } from './example-delivery.ts';

export type Fixture =
  'job-failed-kb' | 'job-failed-guide' | 'job-completed-openapi' | 'job-running' | 'app-failed' | 'app-completed-plain';

export function fixtureText(name: Fixture): string {
  return readFileSync(new URL(`../fixtures/events/${name}.json`, import.meta.url), 'utf8');
}

export function fixtureEvent(name: Fixture): Outgoing['content'] {
  return eventContent(fixtureText(name));
}

/** The fixture with its `data` changed: what a hostile or unusual job would say. */
export function changedJob(changes: Record<string, unknown>, name: Fixture = 'job-failed-kb'): Outgoing['content'] {
  const event = JSON.parse(fixtureText(name)) as { data: object };
  return eventContent(JSON.stringify({ ...event, data: { ...event.data, ...changes } }));
}
