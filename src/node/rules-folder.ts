/** The `rules/` folder and the secrets it refers to, read from disk and environment. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadSecret } from '../rules/secrets.ts';
import type { RulesFile } from '../rules/source.ts';

/** The folder can't be read, or holds no rules. The message says which, and what to do. */
export class RulesFolderError extends Error {
  override readonly name = 'RulesFolderError';
}

/** All `*.yaml` and `*.yml` directly in `directory`, by name; what is in its folders (`examples/`) is not loaded. */
export function readRulesFolder(directory: string): RulesFile[] {
  const names = listRules(directory);
  if (names.length === 0) throw new RulesFolderError(`no *.yaml in ${directory}: put the rules there, or name another folder`);
  return names.map((name) => {
    const path = join(directory, name);
    try {
      return { path, text: readFileSync(path, 'utf8') };
    } catch (error) {
      throw new RulesFolderError(`${path} cannot be read (${codeOf(error)}): check its permissions`, { cause: error });
    }
  });
}

function listRules(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && /\.ya?ml$/.test(entry.name))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    const code = codeOf(error);
    const advice: Record<string, string> = {
      ENOENT: 'does not exist: create it, or name another folder (RELAY_RULES)',
      ENOTDIR: 'is no folder: name the folder that holds the rules',
    };
    throw new RulesFolderError(`rules folder ${directory} ${advice[code] ?? `cannot be read (${code})`}`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/**
 * `{ env: NAME }`: the variable, else the content of the file that `NAME_FILE` names. `{ file: PATH }`: its content; a
 * relative path starts at the working directory. Undefined where there is none.
 */
export function createReadSecret(environment: NodeJS.ProcessEnv): ReadSecret {
  return (ref) => {
    if ('file' in ref) return contentOf(ref.file);
    const file = environment[`${ref.env}_FILE`];
    return environment[ref.env] || (file ? contentOf(file) : environment[ref.env]);
  };
}

/** From this process's environment. */
export const readSecret: ReadSecret = createReadSecret(process.env);

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
