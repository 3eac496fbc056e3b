/** A silence as operators ask for it. */
import { z } from 'zod';
import type { NewSilence } from '../../incident/silences.ts';
import { match } from '../../rules/schema-match.ts';
import { duration, durationMs, instant, instantMs } from '../../rules/schema-values.ts';
import type { Answered } from '../../operate/operations.ts';
import { iso, ok } from '../../operate/text.ts';
import { parseStrictly, wrongFields } from './json.ts';

/** The end of a silence is found by whoever forgot it, so it can't be far off: ms from now. */
const maxAheadMs = 366 * 86_400_000;

const written = (most: number, what: string) =>
  z.string().trim().min(1, `is empty\nsay ${what}`).max(most, `is longer than ${most} characters`);

export const silenceBody = z
  .strictObject({
    match,
    for: duration.exactOptional().describe('For so long: 90s, 30m, 2h, 7d. In place of until'),
    until: instant.exactOptional().describe('Its end, at most 366 days ahead: 2026-03-01T18:00:00Z; UTC without a zone'),
    from: instant.exactOptional().describe('When it begins; left out: now'),
    reason: written(500, 'why, for those who wonder where their alert is'),
    author: written(100, 'whom to ask'),
  })
  .refine(({ for: length, until }) => (length === undefined) !== (until === undefined), {
    path: ['until'],
    message: 'say either for (2h) or until (2026-03-01T18:00:00Z)',
  });

/** `body`: of any shape. `now`: epoch ms. */
export function parseSilence(body: unknown, now: number): Answered<NewSilence> {
  const parsed = parseStrictly(silenceBody, body);
  return parsed.kind === 'ok' ? newSilenceOf(parsed.value, now) : parsed;
}

/** `now`: epoch ms. What it says may have begun before that: `for` counts from where it is written. */
export function newSilenceOf(body: z.output<typeof silenceBody>, now: number): Answered<NewSilence> {
  const { match, for: length, until, from, reason, author } = body;
  const fromMs = from === undefined ? now : instantMs(from)!;
  const untilMs = until === undefined ? fromMs + durationMs(length!) : instantMs(until)!;
  const fault = faultOf(fromMs, untilMs, now);
  if (fault === null) return ok({ match, fromMs, untilMs, reason, author });
  return until === undefined ? wrongFields([`for: its end ${fault}`], 'for') : wrongFields([`until: ${fault}`], 'until');
}

function faultOf(fromMs: number, untilMs: number, now: number): string | null {
  if (untilMs <= now) return `is in the past: it is ${iso(now)} here`;
  if (untilMs <= fromMs) return 'is not after from (swap them)';
  if (untilMs > now + maxAheadMs) return 'is more than a year ahead (for what lasts, write a mute into the rules files)';
  return null;
}
