/** The subscriptions that `relay simulate` makes. */
import { readSecret } from '../node/rules-folder.ts';
import { seedSubscriptions, type Scenario } from '../simulator/scenario.ts';
import type { SeedSubscription } from '../simulator/timeline.ts';
import { CommandFailure } from './rules.ts';
import type { SimulateFlags } from './simulate-flags.ts';

/** Those of the scenario; where it has none, one for all jobs at the webhook URL. And one for each app that was named. */
export function seedsOf({ webhookUrl, app = [], secretEnv }: SimulateFlags, scenario: Scenario | null): SeedSubscription[] {
  const nowhere = scenario?.subscriptions.some(({ url }) => url === null) || app.length > 0;
  if (webhookUrl === undefined && nowhere) {
    throw new CommandFailure(2, 'say where webhooks go: --webhook-url http://127.0.0.1:8787/webhooks/narrative');
  }
  const url = webhookUrl ?? '';
  const secret = secretOf(secretEnv);
  const planned = scenario === null ? [] : seedSubscriptions(scenario, url);
  const everything = { url, secret, jobIds: null, jobTypes: null, states: null };
  return [
    ...planned.map((seed) => ({ ...seed, secret: seed.secret ?? secret })),
    ...(planned.length === 0 && webhookUrl !== undefined
      ? [{ ...everything, name: 'simulate', kind: 'jobs' as const, appId: null }]
      : []),
    ...app.map((appId) => ({ ...everything, name: `simulate app ${appId}`, kind: 'app' as const, appId })),
  ];
}

function secretOf(name: string | undefined): string | null {
  const secret = readSecret({ env: name ?? 'NARRATIVE_WEBHOOK_SECRET' })?.trim() || null;
  if (secret !== null || name === undefined) return secret;
  throw new CommandFailure(2, `--secret-env: ${name} is not set, nor is ${name}_FILE`);
}
