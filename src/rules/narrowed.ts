/** A plan cut down to some destinations. */
import type { Plan } from './plan.ts';
import { mergeSends } from './planner.ts';

/** Rules that send to none of `destinations` are left out of what is sent; that they matched stays. */
export function narrowedTo(plan: Plan, destinations: readonly string[]): Plan {
  const matched = plan.matched
    .map((rule) => ({ ...rule, send: rule.send.filter(({ to }) => destinations.includes(to)) }))
    .filter(({ send }) => send.length > 0);
  const deliveries = mergeSends(
    matched.map((rule) => ({ rule, act: null })),
    plan.usual,
  );
  return { ...plan, matched, deliveries };
}
