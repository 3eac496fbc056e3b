/** Where a new subscription is to deliver, when `--url` doesn't say: to this relay, by the way that the rules ask for. */
import { readRulesFolder, readSecret } from '../node/rules-folder.ts';
import { formatProblem } from '../rules/problem.ts';
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import { missingSecrets } from '../rules/secrets.ts';
import { readSource } from '../rules/source.ts';
import type { Settings } from '../settings.ts';
import { CommandFailure } from './rules.ts';

/** The subscription of the rules that it is for, and the folder where these are. */
export interface Ours {
  config: SubscriptionConfig;
  folder: string;
  /** The rules have others. */
  isOneOfSeveral: boolean;
}

/** With the url-token where that is what proves its events: a secret. Null: for none of the rules. */
export function usualUrl({ publicUrl }: Settings, ours: Ours | null): string {
  if (publicUrl === undefined) {
    throw new CommandFailure(
      2,
      'say where Narrative reaches the relay: set RELAY_PUBLIC_URL, or give --url https://relay.example.com/webhooks/narrative',
    );
  }
  const common = `${publicUrl}/webhooks/narrative`;
  if (ours === null) return common;
  const { config, isOneOfSeveral } = ours;
  if (config.verify.scheme === 'url-token') return `${common}/${config.name}/${encodeURIComponent(tokenOf(ours))}`;
  return isOneOfSeveral ? `${common}/${config.name}` : common;
}

/** The first of its secrets: the others are there for a rotation. */
function tokenOf({ config: { name, secrets }, folder }: Ours): string {
  const isIts = ([section, of]: readonly PropertyKey[]) => section === 'subscriptions' && of === name;
  const missing = readRulesFolder(folder).flatMap((file) => {
    const { source } = readSource(file);
    return source ? missingSecrets(source, readSecret, isIts) : [];
  });
  const [token] = secrets;
  if (missing.length === 0 && token !== undefined) return token;
  throw new CommandFailure(
    1,
    `the URL of ${name} ends in its token, which is its secret, and that is not there yet:\n${missing.map(formatProblem).join('\n')}`,
  );
}
