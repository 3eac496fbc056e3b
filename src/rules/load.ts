/** From the texts of the rules files to a rule set, or to all that is wrong with them. Pure: reads no disk, no environment. */
import { compileRuleSet } from './compile.ts';
import { rulesJsonSchema } from './json-schema.ts';
import { likelySlips } from './likely-slips.ts';
import { expiredMutes } from './mute-checks.ts';
import type { ParsedFile } from './parsed-file.ts';
import { compareText, inReadingOrder, type Problem } from './problem.ts';
import { entriesOf, itemsOf, keyOf } from './raw.ts';
import { checkReferences } from './references.ts';
import { checkRuleKeys } from './rule-checks.ts';
import type { RuleSet } from './rule-set.ts';
import { rulesFile } from './schema.ts';
import { schemaProblems } from './schema-problems.ts';
import { missingSecrets, wrongUrls, type ReadSecret } from './secrets.ts';
import { checkSends } from './send-checks.ts';
import { readSource, type RulesFile, type Source } from './source.ts';

export type LoadedRules =
  { ok: true; rules: RuleSet; warnings: Problem[] } | { ok: false; problems: Problem[]; warnings: Problem[] };

export interface LoadOptions {
  /**
   * `warn`: a missing secret is a warning, and a placeholder stands in. For `check`, where there are no secrets;
   * such a rule set must not send. Default `refuse`.
   */
  missingSecret?: 'refuse' | 'warn';
  /** Epoch ms, to warn of mutes that are over. Left out: no such warnings. */
  nowMs?: number;
}

/** All files are one configuration, whatever their order. Every problem is told at once, in reading order. */
export function loadRules(files: readonly RulesFile[], readSecret: ReadSecret, options: LoadOptions = {}): LoadedRules {
  const sorted = files.toSorted((a, b) => compareText(a.path, b.path));
  const read = sorted.map(readSource);
  const sources = read.flatMap(({ source }) => (source ? [source] : []));
  const complete = sources.length === sorted.length;
  const parsed = sources.map((source) => ({ source, result: rulesFile.safeParse(source.value) }));
  const schema = rulesJsonSchema();
  const sends = checkSends(sources);
  const keys = checkRuleKeys(sources);
  const secrets = sources.flatMap((source) => missingSecrets(source, readSecret));
  const refuse = options.missingSecret !== 'warn';

  const problems = inReadingOrder([
    ...read.flatMap((each) => each.problems),
    ...parsed.flatMap(({ source, result }) => schemaProblems(result.error?.issues ?? [], source, schema)),
    ...checkReferences(sources, complete),
    ...keys.problems,
    ...(complete ? [...sends.problems, ...withoutSubscription(sources)] : []),
    ...(refuse ? secrets : []),
    ...sources.flatMap((source) => wrongUrls(source, readSecret)),
  ]);
  const warnings = inReadingOrder([
    ...(refuse ? [] : secrets),
    ...sends.warnings,
    ...keys.warnings,
    ...sources.flatMap((source) => [...likelySlips(source)]),
    ...sources.flatMap((source) => (options.nowMs === undefined ? [] : [...expiredMutes(source, options.nowMs)])),
    ...(complete ? withoutRules(sources) : []),
  ]);
  if (problems.length > 0) return { ok: false, problems, warnings };

  const valid = parsed.flatMap(({ source, result }): ParsedFile[] => (result.success ? [{ source, parsed: result.data }] : []));
  const rules = compileRuleSet(valid, versionOf(sorted), (ref) => readSecret(ref)?.trim() || placeholder);
  return { ok: true, rules, warnings };
}

/** Stands in for a secret that is not set. A URL, since some secrets are; nothing is ever found there (RFC 2606). */
const placeholder = 'https://not-set.invalid/';

function withoutSubscription(sources: readonly Source[]): Problem[] {
  if (sources.some(({ value }) => entriesOf(keyOf(value, 'subscriptions')).length > 0)) return [];
  const hint = 'add: subscriptions: { production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }] } }';
  const message = sources.length === 0 ? 'there are no rules files' : 'no file has a subscription: nothing could prove an event';
  const place = sources[0]?.placeOf([]) ?? { file: '', line: 0, col: 0 };
  return [{ ...place, message, hint }];
}

function withoutRules(sources: readonly Source[]): Problem[] {
  const some = sources.some(({ value }) => itemsOf(keyOf(value, 'rules')).length > 0 || keyOf(value, 'unmatched') !== undefined);
  if (some || sources.length === 0) return [];
  return [{ ...sources[0]!.placeOf([]), message: 'there are no rules: events are stored and nothing is sent' }];
}

/** FNV-1a over paths and texts, with two seeds. It tells versions apart; it proves nothing. */
function versionOf(files: readonly RulesFile[]): string {
  return [0x811c9dc5, 0x01000193].map((seed) => hashOf(files, seed).toString(16).padStart(8, '0')).join('');
}

function hashOf(files: readonly RulesFile[], seed: number): number {
  let hash = seed;
  for (const { path, text } of files) {
    for (const part of [path.slice(path.lastIndexOf('/') + 1), '\0', text, '\0']) {
      for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
    }
  }
  return hash >>> 0;
}
