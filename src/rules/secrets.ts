/** Secrets, read from where the files say they are. */
import type { Place, Problem } from './problem.ts';
import { entriesOf, keyOf } from './raw.ts';
import type { RuleSet } from './rule-set.ts';
import type { ParsedSecret } from './schema.ts';
import { httpUrlText } from './schema-values.ts';
import { readSource, type RulesFile, type Source } from './source.ts';

/** `undefined`: there is none. */
export type ReadSecret = (ref: { env: string } | { file: string }) => string | undefined;

interface Reference {
  ref: ParsedSecret;
  path: PropertyKey[];
}

/** For redaction: secrets, tokens, keys, and URLs and headers that are kept as secrets. */
export function secretsOf(rules: RuleSet): readonly string[] {
  return rules.secrets;
}

/** The references of one destination that lead to nothing. */
export function missingSecretsOf(files: readonly RulesFile[], readSecret: ReadSecret, destination: string): Problem[] {
  const isIts = ([section, name]: readonly PropertyKey[]) => section === 'destinations' && name === destination;
  return files.flatMap((file) => {
    const { source } = readSource(file);
    return source ? missingSecrets(source, readSecret, isIts) : [];
  });
}

/** Every reference of a file, or of those parts of it that are wanted, that leads to nothing. */
export function missingSecrets(
  source: Source,
  readSecret: ReadSecret,
  wanted: (path: readonly PropertyKey[]) => boolean = () => true,
): Problem[] {
  return referencesOf(source).flatMap(({ ref, path }) => {
    if (!wanted(path)) return [];
    const text = readSecret(ref);
    if (text !== undefined && text.trim() !== '') return [];
    return [missing(ref, text === undefined, source.placeOf(path))];
  });
}

/** References to URLs that lead to something else. Never shows what: it may be a secret in the wrong variable. */
export function wrongUrls(source: Source, readSecret: ReadSecret): Problem[] {
  return referencesOf(source).flatMap(({ ref, path }) => {
    const text = readSecret(ref)?.trim();
    if (!text || !['url', 'webhook_url'].includes(String(path.at(-1))) || httpUrlText.safeParse(text).success) return [];
    const holder = 'env' in ref ? `environment variable ${ref.env}` : `secret file ${ref.file}`;
    return [{ ...source.placeOf(path), message: `${holder} holds no http(s) URL` }];
  });
}

function referencesOf(source: Source): Reference[] {
  return ['subscriptions', 'destinations'].flatMap((key) => [...referencesIn(keyOf(source.value, key), [key])]);
}

function* referencesIn(value: unknown, path: PropertyKey[]): Iterable<Reference> {
  const env = keyOf(value, 'env');
  const file = keyOf(value, 'file');
  if (typeof env === 'string') yield { ref: { env }, path };
  else if (typeof file === 'string') yield { ref: { file }, path };
  else if (Array.isArray(value)) for (const [i, part] of value.entries()) yield* referencesIn(part, [...path, i]);
  else for (const [key, part] of entriesOf(value)) yield* referencesIn(part, [...path, key]);
}

function missing(ref: ParsedSecret, absent: boolean, place: Place): Problem {
  if ('env' in ref) {
    const hint = `set ${ref.env}, or set ${ref.env}_FILE to the path of a file that holds it`;
    return { ...place, message: `environment variable ${ref.env} ${absent ? 'is not set' : 'is empty'}`, hint };
  }
  const message = `secret file ${ref.file} ${absent ? 'cannot be read' : 'is empty'}`;
  return { ...place, message, hint: 'put the secret, and nothing else, into that file' };
}
