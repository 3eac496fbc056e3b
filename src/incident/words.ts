/** Reasons, and times as they stand in them. */
import type { Decision } from '../store/decisions.ts';
import type { Silencing } from './policy.ts';

/** `09:22 UTC` would be ambiguous a day later: `2026-11-21 09:22 UTC`. Epoch ms. */
export function clockText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** What a silence makes of a rule that would have told. */
export function silencedBy({ name, untilMs }: Silencing, rule: string): Decision {
  const detail = `silenced by ${name}${untilMs === null ? '' : ` until ${clockText(untilMs)}`}`;
  return { rule, kind: 'silenced', until: untilMs, detail };
}
