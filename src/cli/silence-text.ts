/** Silences as the operator API tells them, and as people read them. */
import { z } from 'zod';
import { oneLine, truncate } from '../destination/text.ts';
import { formatDuration } from '../event/time.ts';
import { clockText } from '../incident/words.ts';
import { CommandFailure } from './rules.ts';
import { style, table } from './table.ts';

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)));

const silenceAnswer = z.looseObject({
  id: z.string(),
  state: z.enum(['pending', 'active', 'expired']),
  match: z.record(z.string(), z.unknown()),
  from: time,
  until: time,
  reason: z.string(),
  author: z.string(),
});

export type SilenceAnswer = z.infer<typeof silenceAnswer>;

export function readSilence(answer: unknown): SilenceAnswer {
  return understood(silenceAnswer.safeParse(answer));
}

export function readSilences(answer: unknown): SilenceAnswer[] {
  return understood(z.looseObject({ silences: z.array(silenceAnswer) }).safeParse(answer)).silences;
}

function understood<T>(parsed: z.ZodSafeParseResult<T>): T {
  if (parsed.success) return parsed.data;
  throw new CommandFailure(1, "the relay's answer is not understood: it is of another version than this command");
}

/** `sil_… is active until 2026-03-01 18:00 UTC (1 h 59 min): dataset_ids 10736`. `now`: epoch ms, all times here. */
export function describeSilence({ id, state, from, until, match }: SilenceAnswer, now: number): string {
  const end = Date.parse(until);
  const about = matchText(match);
  switch (state) {
    case 'active':
      return `${oneLine(id)} is active until ${clockText(end)} (${lasting(end - now)}): ${about}`;
    case 'pending':
      return `${oneLine(id)} is pending, from ${clockText(Date.parse(from))} until ${clockText(end)}: ${about}`;
    case 'expired':
      return `${oneLine(id)} is over since ${clockText(end)}: ${about}`;
  }
}

/** Longer texts would tear the table; `--json` has them whole. */
const maxCell = 60;

export function silenceTable(silences: readonly SilenceAnswer[], now: number): string {
  const rows = silences.map((silence) => {
    const { id, state, match, reason, author } = silence;
    const cells = [matchText(match), oneLine(reason), oneLine(author)].map((text) => truncate(text, maxCell));
    return [oneLine(id), style(colours[state], state), whenText(silence, now), ...cells];
  });
  return table(['id', 'state', 'when', 'match', 'reason', 'author'], rows);
}

const colours = { active: 'green', pending: 'yellow', expired: 'dim' } as const;

function whenText({ state, from, until }: SilenceAnswer, now: number): string {
  const [start, end] = [Date.parse(from), Date.parse(until)];
  switch (state) {
    case 'active':
      return `until ${clockText(end)} (${lasting(end - now)})`;
    case 'pending':
      return `from ${clockText(start)} for ${lasting(end - start)}`;
    case 'expired':
      return `ended ${clockText(end)}`;
  }
}

const lasting = (ms: number) => formatDuration(Math.max(0, ms) / 1000);

/** `dataset_ids 10736, 10744 · states failed`. */
function matchText(match: Record<string, unknown>): string {
  const parts = Object.entries(match).map(([key, value]) => `${key} ${valueText(value)}`);
  return parts.length === 0 ? 'everything' : oneLine(parts.join(' · '));
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
