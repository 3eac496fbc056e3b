/** What waits because its destination is parked. */
import { html } from 'hono/html';
import type { DestinationView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { ago } from './time.ts';

/** Of each parked destination, by its name: when it is tried next, ISO 8601 in UTC. */
export type Parked = ReadonlyMap<string, string>;

export function parkedOf(destinations: readonly DestinationView[]): Parked {
  return new Map(destinations.flatMap(({ name, parked }) => (parked === null ? [] : [[name, parked.next_probe_at] as const])));
}

/** In place of when it is due, which may be long past: `waits: airflow is parked, next try in 4 min`. `now`: epoch ms. */
export function parkedWait(name: string, nextTry: string, now: number): Html {
  return html`waits: ${name} is parked, next try ${Date.parse(nextTry) > now ? ago(nextTry, now) : 'now'}`;
}
