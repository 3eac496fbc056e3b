/** The secrets that a scenario refers to by the name of a variable, as the rules do. */
import { readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

export type SecretRead = { ok: true; secret: string } | { ok: false; why: string };

/** What the variable holds, else the file that `NAME_FILE` names. Without the space around it: files end with a line break. */
export function readScenarioSecret(name: string, env: Environment): SecretRead {
  const path = env[`${name}_FILE`];
  if (env[name] || !path) {
    const why = `environment variable ${name} ${env[name] === undefined ? 'is not set' : 'is empty'}`;
    return secretIn(env[name], why);
  }
  return secretIn(contentOf(path), `the file that ${name}_FILE names is empty or can't be read`);
}

function secretIn(text: string | undefined, why: string): SecretRead {
  const secret = text?.trim();
  return secret ? { ok: true, secret } : { ok: false, why };
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
