/** What the areas of `doctor` look at, read once for all of them. */
import type { Finding } from '../../finding.ts';
import { nodeClock } from '../../node/ports.ts';
import { createReadSecret, readRulesFolder, RulesFolderError } from '../../node/rules-folder.ts';
import { checkRules, type CheckReport } from '../../rules/check.ts';
import { loadRules } from '../../rules/load.ts';
import type { DestinationConfig, RuleSet } from '../../rules/rule-set.ts';
import { missingSecretsOf } from '../../rules/secrets.ts';
import { readSettings, type Settings, type SettingsResult } from '../../settings.ts';

export interface Surroundings {
  settings: SettingsResult;
  /** Those in force, where all of them are right. */
  valid: Settings | null;
  folder: string;
  /** Null: the folder can't be read; `folderProblem` says why. */
  report: CheckReport | null;
  folderProblem: string | null;
  /** Null: they can't be loaded. A secret that is not set has a placeholder, so nothing may be sent by these. */
  rules: RuleSet | null;
  /** Of the rules: those that something may be asked with. */
  destinations: readonly DestinationConfig[];
  /** Names of those that have to wait until their secrets are set. */
  unset: readonly string[];
  databasePath: string;
  /** Also what can take minutes. */
  thorough: boolean;
}

export interface Checked {
  findings: Finding[];
  /** False when another system gave no answer, so that there may be more to find. */
  reached: boolean;
}

export type CheckArea = (surroundings: Surroundings) => Promise<Checked>;

export interface WhatToLookAt {
  /** Folder; undefined: as the relay finds it. */
  rules: string | undefined;
  db: string | undefined;
  thorough: boolean;
}

export function lookAround(environment: NodeJS.ProcessEnv, { rules: folderGiven, db, thorough }: WhatToLookAt): Surroundings {
  const readSecret = createReadSecret(environment);
  const settings = readSettings(environment, readSecret);
  const folder = folderGiven ?? (environment.RELAY_RULES || 'rules');
  const databasePath = db ?? (environment.RELAY_DB || 'data/relay.db');
  const valid = settings.ok ? settings.settings : null;
  const found = { settings, valid, folder, databasePath, thorough, destinations: [], unset: [] };
  try {
    const files = readRulesFolder(folder);
    const report = checkRules(files, readSecret, { secrets: 'required', nowMs: nodeClock.now() });
    const loaded = loadRules(files, readSecret, { missingSecret: 'warn' });
    if (!loaded.ok) return { ...found, report, folderProblem: null, rules: null };
    const all = [...loaded.rules.destinations.values()];
    const unset = new Set(all.map(({ name }) => name).filter((name) => missingSecretsOf(files, readSecret, name).length > 0));
    const destinations = all.filter(({ name }) => !unset.has(name));
    return { ...found, report, folderProblem: null, rules: loaded.rules, destinations, unset: [...unset] };
  } catch (error) {
    if (!(error instanceof RulesFolderError)) throw error;
    return { ...found, report: null, folderProblem: error.message, rules: null };
  }
}
