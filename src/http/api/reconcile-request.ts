/** A reconciliation as operators ask for it. */
import { z } from 'zod';
import type { RunRequest } from '../../narrative/reconciliation.ts';
import { duration, durationMs, instant, instantMs } from '../../rules/schema-values.ts';
import { parseStrictly, type Given } from './json.ts';

const reconcileBody = z
  .strictObject({
    from: instant.exactOptional(),
    since: duration.exactOptional(),
    until: instant.exactOptional(),
    lookback: duration.exactOptional(),
    subscription: z.string().min(1, 'is empty\nname a subscription of the rules, or leave it out for all').exactOptional(),
    apply: z.boolean().exactOptional(),
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
export function parseReconciliation(body: unknown, now: number): Given<AskedFor> {
  const parsed = parseStrictly(reconcileBody, body);
  if (!parsed.ok) return parsed;
  const { from, since, until, lookback, subscription = null, apply = false } = parsed.value;
  return {
    ok: true,
    value: {
      begins: from === undefined ? 'since' : 'from',
      fromMs: from === undefined ? now - durationMs(since!) : instantMs(from)!,
      untilMs: until === undefined ? null : instantMs(until),
      lookbackMs: lookback === undefined ? null : durationMs(lookback),
      subscription,
      apply,
    },
  };
}
