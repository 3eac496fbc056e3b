/** The relay's watch over the templates in its rules. */
import { oneLine, truncate } from '../destination/text.ts';
import type { Topic } from './watch-topic.ts';

/** Over when none of the rule's templates has failed for so long, ms. */
const quietMs = 3_600_000;
/** Characters of an error. */
const maxError = 100;

export interface TemplateWatch extends Topic {
  /** `rule`: null for what no rule words. */
  failed(rule: string | null, error: string, now: number): void;
}

export function watchTemplates(startedAt: number): TemplateWatch {
  /** The last error of each rule. */
  const errors = new Map<string | null, { at: number; error: string }>();
  let begin = startedAt;

  return {
    topic: 'template-error',
    failed(rule, error, now) {
      errors.set(rule, { at: now, error: truncate(oneLine(error), maxError) });
    },
    look(now) {
      for (const [rule, { at }] of errors) if (now - at >= quietMs) errors.delete(rule);
      return {
        troubles: [...errors].map(([rule, { error }]) => ({
          about: rule,
          detail: `A template of ${named(rule)} failed, and its alerts have the default wording: mend it in the rules (${error}).`,
        })),
        over: (rule) => (errors.has(rule) || now - begin < quietMs ? null : `No template of ${named(rule)} has failed for 1 h.`),
      };
    },
    setBack(now) {
      begin = Math.min(begin, now);
      for (const each of errors.values()) each.at = Math.min(each.at, now);
    },
  };
}

function named(rule: string | null): string {
  return rule === null ? 'the defaults' : `the rule ${rule}`;
}
