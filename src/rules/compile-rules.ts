/** Rules, and what goes with them, from validated files to what the planner goes by. */
import { compileMatch, createGlobs, type InternGlob } from './matcher.ts';
import type { ParsedFile } from './parsed-file.ts';
import type { CompiledOwner, CompiledRule, CompiledRules, CompiledUnmatched } from './planner.ts';
import { builtInDestination } from './references.ts';
import type { Send } from './rule.ts';
import type { Mute } from './rule-set.ts';
import { incidentDefaults, type ParsedMute, type ParsedOwner } from './schema-incidents.ts';
import type { ParsedRule, ParsedSend, ParsedUnmatched } from './schema-rule.ts';
import { instantMs } from './schema-values.ts';
import type { Source } from './source.ts';
import { createSubject } from './subject.ts';
import { createTemplates } from './template.ts';
import { matchFor, policyOf, triggerOf } from './trigger.ts';

/** What sends need to know of the destinations. */
export interface Outlets {
  /** There are no destinations, so a rule without `send` goes to the console. */
  implicit: boolean;
  fallbackOf: (destination: string) => string | null;
}

export function compileRules(files: readonly ParsedFile[], subject: string | null, outlets: Outlets): CompiledRules {
  const globs = createGlobs();
  const rules = files.flatMap(({ source, parsed }, fileIndex) =>
    (parsed.rules ?? []).map((rule, i) => ({
      ...compileRule(rule, globs, outlets),
      place: source.placeOf(['rules', i, 'name']),
      fileIndex,
    })),
  );
  const unmatched = files.flatMap(({ source, parsed }) =>
    parsed.unmatched ? [compileUnmatched(parsed.unmatched, source, globs, outlets)] : [],
  );
  const incidents = files.find(({ parsed }) => parsed.defaults?.incidents)?.parsed.defaults?.incidents;
  return {
    rules,
    unmatched: unmatched[0] ?? null,
    owners: files.flatMap(({ parsed }) => (parsed.owners ?? []).map((owner) => compileOwner(owner, globs))),
    opens: new Set(incidents?.open ?? incidentDefaults.open),
    closes: new Set(incidents?.close ?? incidentDefaults.close),
    subject: createSubject(subject, createTemplates()),
  };
}

function compileRule(rule: ParsedRule, globs: InternGlob, outlets: Outlets): Omit<CompiledRule, 'place' | 'fileIndex'> {
  const trigger = triggerOf(rule);
  return {
    name: rule.name,
    ...(rule.match ? { match: rule.match } : {}),
    stop: rule.stop ?? false,
    trigger,
    incident: policyOf(rule),
    send: sendsOf(rule.send, outlets),
    matcher: compileMatch(matchFor(rule, trigger), globs),
  };
}

function compileUnmatched(
  { states = ['failed'], send }: ParsedUnmatched,
  source: Source,
  globs: InternGlob,
  outlets: Outlets,
): CompiledUnmatched {
  const [condition] = compileMatch({ states }, globs).lists;
  return {
    states: condition!,
    rule: {
      name: 'unmatched',
      place: source.placeOfKey(['unmatched']),
      match: { states },
      stop: false,
      trigger: { kind: 'event' },
      incident: null,
      send: sendsOf(send, outlets),
    },
  };
}

function sendsOf(sends: readonly ParsedSend[] | undefined, { implicit, fallbackOf }: Outlets): Send[] {
  if (!sends && implicit) {
    return [{ to: builtInDestination, severity: null, change: false, broadcast: false, message: null }];
  }
  return (sends ?? []).map(({ to, severity, change, broadcast, message }) => ({
    to,
    severity: severity ?? null,
    change: change ?? false,
    broadcast: broadcast ?? false,
    message: message ?? null,
    fallback: fallbackOf(to),
  }));
}

function compileOwner({ match = {}, mention, runbook }: ParsedOwner, globs: InternGlob): CompiledOwner {
  return { matcher: compileMatch(match, globs), mention: mention ?? null, runbook: runbook ?? null };
}

export function compileMute({ name, match, from, until, reason, author }: ParsedMute, globs = createGlobs()): Mute {
  return {
    name,
    matcher: compileMatch(match, globs),
    fromMs: from === undefined ? null : instantMs(from),
    untilMs: until === undefined ? null : instantMs(until),
    reason,
    author: author ?? null,
  };
}
