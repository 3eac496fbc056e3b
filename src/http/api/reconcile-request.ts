/** A reconciliation as operators ask for it. */
import { z } from 'zod';
import type { RunRequest } from '../../narrative/reconciliation.ts';
import { duration, durationMs, instant, instantMs } from '../../rules/schema-values.ts';

export const reconcileBody = z
  .strictObject({
    from: instant.exactOptional().describe('Since when: 2026-03-01T18:00:00Z; UTC without a zone'),
    since: duration.exactOptional().describe('So long before now: 6h. In place of from'),
    until: instant.exactOptional().describe('Up to when; left out: a minute ago, since what is younger may be on its way'),
    lookback: duration
      .exactOptional()
      .describe('How long a job may take: one that was created so long before the start is not looked at'),
    subscription: z.string().min(1, 'is empty\nname a subscription of the rules, or leave it out for all').exactOptional(),
    apply: z.boolean().exactOptional().describe('Take what is missing as if it had arrived, so that its alerts are sent'),
  })
  .refine(({ from, since }) => (from === undefined) !== (since === undefined), {
    path: ['from'],
    message: 'say either from (2026-03-01T18:00:00Z) or since (6h)',
  });

export interface AskedFor extends RunRequest {
  /** Which field of the body says where it begins. */
  begins: 'from' | 'since';
}

/** `now`: epoch ms, from which `since` counts. */
export function runRequestOf(body: z.output<typeof reconcileBody>, now: number): AskedFor {
  const { from, since, until, lookback, subscription = null, apply = false } = body;
  return {
    begins: from === undefined ? 'since' : 'from',
    fromMs: from === undefined ? now - durationMs(since!) : instantMs(from)!,
    untilMs: until === undefined ? null : instantMs(until),
    lookbackMs: lookback === undefined ? null : durationMs(lookback),
    subscription,
    apply,
  };
}
