/** What `relay subscriptions create` says: what was made, where its secret goes, and what is worth knowing besides. */
import { oneLine } from '../destination/text.ts';
import type { Subscription } from '../narrative/api.ts';
import { writeSubscription } from '../narrative/read-wire.ts';
import { quietWarning } from '../narrative/subscription-plan.ts';
import type { Wanted, WantedFilters } from '../rules/wanted.ts';
import { describeSubscription, appInWords, isArchived, whatInWords, withoutUrlTokens } from './subscription-text.ts';
import type { CreationPlan } from './subscription-plan.ts';
import { style } from './table.ts';

export interface KeptSecret {
  created: Subscription;
  secret: string;
  /** Of the variable. */
  name: string;
  kept: 'file' | 'printed' | 'not-needed';
}

/** What was made, where the secrets are, and what to do with them. `path`: of the file that they were to be written to; null: none. */
export function createdText(made: readonly KeptSecret[], plan: CreationPlan, path: string | null): string {
  const several = made.length > 1;
  const ticks = made.map(({ created }) => `${style('green', '✓')} created ${describeSubscription(created)}\n`);
  const written = made.filter(({ kept }) => kept === 'file').map(({ name }) => name);
  const printed = made.filter(({ kept }) => kept === 'printed').map(({ name, secret }) => `${name}=${secret}\n`);
  const secrets = [
    ...(written.length === 0
      ? []
      : [`In ${path}, which only you can read: ${written.join(', ')}. Narrative does not tell it again.\n`]),
    ...(printed.length === 0
      ? []
      : [
          `Narrative tells the secret only now. Put it where the relay reads its environment, such as .env:\n\n${printed.join('')}`,
        ]),
  ];
  const notNeeded = "Narrative's secret is not needed for it: the token at the end of its URL proves its events.\n";
  const byId = several ? '' : ', so that the relay knows it by its id';
  const rules = `Into the rules${byId}:\n\n${snippet(made, plan)}`;
  const end = plan.byUrlToken
    ? 'The relay takes its events as it is.\n'
    : 'The relay takes its events once it is started anew with that.\n';
  return [ticks.join(''), ...secrets, ...(plan.byUrlToken ? [notNeeded] : []), rules, end].join('\n');
}

function snippet(made: readonly KeptSecret[], plan: CreationPlan): string {
  const [first] = made;
  const wanted = plan.wanted[0];
  const name = plan.name ?? (wanted?.kind === 'app' ? `app-${wanted.appId}` : 'production');
  const secrets = made.map(({ name }) => `{ env: ${name} }`).join(', ');
  // The rules have room for one id: several are known by their URL.
  const id = made.length === 1 && first ? `    id: ${oneLine(first.created.id)}\n` : '';
  const proof = plan.byUrlToken ? 'verify: { scheme: url-token } # and its secrets, as they are' : `secrets: [${secrets}]`;
  return `subscriptions:\n  ${name}:\n${id}    ${proof}\n`;
}

export function dryRunText({ wanted }: CreationPlan): string {
  const requests = wanted.map((one) => {
    const shown = { ...writeSubscription(one), url: withoutUrlTokens(one.url) };
    return `POST /webhooks: ${whatInWords(one)}\n${JSON.stringify(shown, null, 2)}\n`;
  });
  return `${requests.join('\n')}\nNothing was sent.\n`;
}

/** What comes in vain, what needs a subscription of another kind, and what silence may mean. */
export function remarksOnPlan(plan: CreationPlan, known: readonly Subscription[], split: boolean): string {
  const active = known.filter((one) => !isArchived(one) && sendsToTheSame(one, plan));
  const filters = [...plan.wanted, ...active].flatMap((one) => (one.kind === 'app' ? [] : ['filter' in one ? one.filter : one]));
  const quiet = plan.wanted[0]?.kind === 'jobs' ? quietWarning(filters, plan.noEventsMs) : null;
  const remarks = [
    ...(plan.rules === null ? [] : [...remarksOnSurplus(plan.rules.filters, split), ...remarksOnApps(plan.rules.wanted, active)]),
    ...(quiet ? [`! ${upperFirst(quiet.detail)}.\n  ${upperFirst(quiet.todo)}`] : []),
  ];
  return remarks.map((remark) => `\n${remark}\n`).join('');
}

/** To another name of this relay, too. */
function sendsToTheSame({ url }: Subscription, { wanted }: CreationPlan): boolean {
  return URL.parse(url)?.origin === URL.parse(wanted[0]?.url ?? '')?.origin;
}

function remarksOnSurplus({ surplus, parts }: WantedFilters, split: boolean): string[] {
  if (surplus.length === 0 || split) return [];
  const instead = parts.length > 1 ? ` --split makes ${parts.length} subscriptions that ask for no more than they match.` : '';
  return [`It asks for more than the rules need: ${surplus.join('; ')}.${instead}`];
}

function remarksOnApps({ apps, appsAsked }: Wanted, active: readonly Subscription[]): string[] {
  const subscribed = active.flatMap(({ appId }) => (appId === null ? [] : [appId]));
  if (appsAsked !== 'all' && appsAsked.size > 0) {
    return [...appsAsked]
      .filter((id) => !subscribed.includes(id))
      .map((id) => `The rules match events of ${appInWords(id)}, too: relay subscriptions create --app-id ${id}`);
  }
  if (apps === null || subscribed.length > 0) return [];
  return [
    'The rules match events of connectors, too. Each app needs a subscription of its own: relay subscriptions create --app-id 8',
  ];
}

function upperFirst(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
