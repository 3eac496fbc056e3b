import type { Sql } from '../ports.ts';
import { createAttemptStore } from '../store/attempts.ts';
import type { Delivery } from '../store/deliveries.ts';
import { createIncidentStore } from '../store/incidents.ts';
import { createThreadStore } from '../store/threads.ts';
import type { Circumstances } from './outgoing.ts';

/** What the store knows now beside a delivery and its event. `links`: of the rules in force. */
export function createCircumstances(sql: Sql, links: () => Record<string, string>): (delivery: Delivery) => Circumstances {
  const attempts = createAttemptStore(sql);
  const incidents = createIncidentStore(sql);
  const threads = createThreadStore(sql);

  return (delivery) => {
    const { spec, destination, createdAt, attempt } = delivery;
    const unsure = attempt > 1 ? attempts.unsureSince(delivery) : null;
    return {
      links: links(),
      incident: spec.incident ? incidents.find(spec.incident.id) : null,
      root: spec.incident ? threads.find(spec.incident.id, destination) : null,
      unsureSinceMs: unsure === null ? null : Math.max(unsure, createdAt),
    };
  };
}
