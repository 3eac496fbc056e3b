/** A silence as operators ask for it. */
import { z } from 'zod';
import type { NewSilence } from '../../incident/silences.ts';
import { match } from '../../rules/schema-match.ts';
import { duration, durationMs, instant, instantMs } from '../../rules/schema-values.ts';
import { parseStrictly, wrongFields, type Given } from './json.ts';

/** The end of a silence is found by whoever forgot it, so it can't be far off: ms from now. */
const maxAheadMs = 366 * 86_400_000;

const written = (most: number, what: string) =>
  z.string().trim().min(1, `is empty\nsay ${what}`).max(most, `is longer than ${most} characters`);

const silenceBody = z
  .strictObject({
    match,
    for: duration.exactOptional(),
    until: instant.exactOptional(),
    from: instant.exactOptional(),
    reason: written(500, 'why, for those who wonder where their alert is'),
    author: written(100, 'whom to ask'),
  })
  .refine(({ for: length, until }) => (length === undefined) !== (until === undefined), {
    path: ['until'],
    message: 'say either for (2h) or until (2026-03-01T18:00:00Z)',
  });

/** `now`: epoch ms. What it says may have begun before that: `for` counts from where it is written. */
export function parseSilence(body: unknown, now: number): Given<NewSilence> {
  const parsed = parseStrictly(silenceBody, body);
  if (!parsed.ok) return parsed;
  const { match, for: length, until, from, reason, author } = parsed.value;
  const fromMs = from === undefined ? now : instantMs(from)!;
  const untilMs = until === undefined ? fromMs + durationMs(length!) : instantMs(until)!;
  const fault = faultOf(fromMs, untilMs, now);
  const about = until === undefined ? 'for: its end' : 'until:';
  if (fault !== null) return { ok: false, refusal: wrongFields([`${about} ${fault}`]) };
  return { ok: true, value: { match, fromMs, untilMs, reason, author } };
}

function faultOf(fromMs: number, untilMs: number, now: number): string | null {
  if (untilMs <= now) return `is in the past: it is ${new Date(now).toISOString()} here`;
  if (untilMs <= fromMs) return 'is not after from (swap them)';
  if (untilMs > now + maxAheadMs) return 'is more than a year ahead (for what lasts, write a mute into the rules files)';
  return null;
}
