/** What several commands need of the rules: loading them with a word about what is wrong. */
import { createDestination } from '../destination/create.ts';
import type { Destination } from '../destination/destination.ts';
import { nodeClock, nodeHash } from '../node/ports.ts';
import { readRulesFolder, readSecret } from '../node/rules-folder.ts';
import { version } from '../node/version.ts';
import { loadRules, type LoadedRules } from '../rules/load.ts';
import { formatProblem } from '../rules/problem.ts';
import type { DestinationConfig, RuleSet } from '../rules/rule-set.ts';
import { missingSecretsOf } from '../rules/secrets.ts';
import { createTemplates } from '../rules/template.ts';
import { readSettings } from '../settings.ts';

/** Ends a command with a message on standard error. Exit codes: 1 found problems, 2 usage, 3 cannot reach. */
export class CommandFailure extends Error {
  readonly exitCode: 1 | 2 | 3;
  constructor(exitCode: 1 | 2 | 3, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const rulesFolder = (given: string | undefined): string => given ?? (process.env.RELAY_RULES || 'rules');

/** For looking: secrets that are not set are stood in for, and nothing may be sent. */
export function rulesForLooking(folder: string): RuleSet {
  return required(folder, loadRules(filesOf(folder), readSecret, { missingSecret: 'warn' }));
}

/** For sending to one destination: its own secrets have to be set, those of others may wait. */
export function rulesForSending(folder: string, destination: string): RuleSet {
  const files = filesOf(folder);
  const rules = required(folder, loadRules(files, readSecret, { missingSecret: 'warn' }));
  requireConfig(rules, destination);
  const missing = missingSecretsOf(files, readSecret, destination);
  if (missing.length === 0) return rules;
  throw new CommandFailure(1, `destination ${destination} can't be used yet:\n${missing.map(formatProblem).join('\n')}`);
}

const filesOf = (folder: string) => attempt(2, () => readRulesFolder(folder));

function required(folder: string, loaded: LoadedRules): RuleSet {
  if (loaded.ok) return loaded.rules;
  throw new CommandFailure(1, `the rules in ${folder} can't be used:\n${loaded.problems.map(formatProblem).join('\n')}`);
}

function requireConfig(rules: RuleSet, name: string): DestinationConfig {
  const config = rules.destinations.get(name);
  if (config) return config;
  throw new CommandFailure(2, `there is no destination ${name}; the rules have ${[...rules.destinations.keys()].join(', ')}`);
}

export function requireDestination(rules: RuleSet, name: string): Destination {
  const settings = readSettings(process.env, readSecret);
  if (!settings.ok) throw new CommandFailure(2, `the settings are wrong:\n  ${settings.problems.join('\n  ')}`);
  const { slackApiUrl, pagerDutyEventsUrl } = settings.settings;
  const config = requireConfig(rules, name);
  const ports = {
    fetch: globalThis.fetch,
    clock: nodeClock,
    hash: nodeHash,
    render: createTemplates().render,
    print: (text: string) => void process.stdout.write(text),
    version,
    slackApiUrl,
    pagerDutyEventsUrl,
  };
  return attempt(1, () => createDestination(config, ports));
}

/** Turns a thrown error into a failure of the command. `say`: its message in a sentence. */
export function attempt<T>(exitCode: 1 | 2 | 3, work: () => T, say = (why: string) => why): T {
  try {
    return work();
  } catch (error) {
    throw new CommandFailure(exitCode, say(error instanceof Error ? error.message : String(error)));
  }
}
