/** The parts of a scenario that are well-formed by themselves: of them more can be said, although others are not. */
import type { z } from 'zod';
import { entriesOf, itemsOf, keyOf } from '../rules/raw.ts';
import {
  app,
  failure,
  job,
  span,
  stranger,
  subscription,
  type ParsedApp,
  type ParsedFailure,
  type ParsedJob,
  type ParsedStranger,
  type ParsedSubscription,
} from './scenario-schema.ts';

/** With its place in the file's list. */
export type Placed<Entry> = readonly [index: number, entry: Entry];

export interface ScenarioParts {
  /** Null: there is none, or it is no time. */
  lasts: string | null;
  subscriptions: readonly Placed<ParsedSubscription>[];
  /** All that can be referred to. Null: what has the name is malformed. */
  failures: ReadonlyMap<string, ParsedFailure | null>;
  jobs: readonly Placed<ParsedJob>[];
  apps: readonly Placed<ParsedApp>[];
  strangers: readonly Placed<ParsedStranger>[];
}

/** `value`: what the file says, be it a scenario or not. */
export function wellFormedParts(value: unknown): ScenarioParts {
  const failures = entriesOf(keyOf(value, 'failures'));
  return {
    lasts: span.safeParse(keyOf(value, 'lasts')).data ?? null,
    subscriptions: placed(keyOf(value, 'subscriptions'), subscription),
    failures: new Map(failures.map(([name, each]) => [name, failure.safeParse(each).data ?? null])),
    jobs: placed(keyOf(value, 'jobs'), job),
    apps: placed(keyOf(value, 'apps'), app),
    strangers: placed(keyOf(value, 'strangers'), stranger),
  };
}

function placed<Entry>(list: unknown, schema: z.ZodType<Entry>): Placed<Entry>[] {
  return itemsOf(list).flatMap((item, i) => {
    const read = schema.safeParse(item);
    return read.success ? [[i, read.data] as const] : [];
  });
}
