/** Times as they stand in reasons. */

/** `09:22 UTC` would be ambiguous a day later: `2026-11-21 09:22 UTC`. Epoch ms. */
export function clockText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `untilMs`: epoch ms; null: until it is lifted. */
export function silencedDetail(name: string, untilMs: number | null): string {
  return `silenced by ${name}${untilMs === null ? '' : ` until ${clockText(untilMs)}`}`;
}
