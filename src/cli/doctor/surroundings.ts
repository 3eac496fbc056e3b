/** What the areas of `doctor` look at, read once for all of them. */
import type { Finding } from '../../finding.ts';
import { nodeClock } from '../../node/ports.ts';
import { createReadSecret, readRulesFolder, RulesFolderError } from '../../node/rules-folder.ts';
import { checkRules, type CheckReport } from '../../rules/check.ts';
import { loadRules } from '../../rules/load.ts';
import type { RuleSet } from '../../rules/rule-set.ts';
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
}

/** `reached`: false when another system gave no answer. */
export type CheckArea = (surroundings: Surroundings) => Promise<{ findings: Finding[]; reached: boolean }>;

export function lookAround(environment: NodeJS.ProcessEnv, folderGiven: string | undefined): Surroundings {
  const readSecret = createReadSecret(environment);
  const settings = readSettings(environment, readSecret);
  const folder = folderGiven ?? (environment.RELAY_RULES || 'rules');
  const found = { settings, valid: settings.ok ? settings.settings : null, folder };
  try {
    const files = readRulesFolder(folder);
    const report = checkRules(files, readSecret, { secrets: 'required', nowMs: nodeClock.now() });
    const loaded = loadRules(files, readSecret, { missingSecret: 'warn' });
    return { ...found, report, folderProblem: null, rules: loaded.ok ? loaded.rules : null };
  } catch (error) {
    if (!(error instanceof RulesFolderError)) throw error;
    return { ...found, report: null, folderProblem: error.message, rules: null };
  }
}
