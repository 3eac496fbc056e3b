/** What `relay subscriptions create` says: what was made, where its secret goes, and what is worth knowing besides. */
import { oneLine } from '../destination/text.ts';
import type { Subscription } from '../narrative/api.ts';
import { writeSubscription } from '../narrative/read-wire.ts';
import { describeSubscription, appInWords, isArchived, shownUrl, whatInWords } from './subscription-text.ts';
import type { CreationPlan } from './subscription-plan.ts';
import { style } from './table.ts';

export interface KeptSecret {
  created: Subscription;
  secret: string;
  /** Of the variable. */
  name: string;
  kept: 'file' | 'printed';
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
  const byId = several ? '' : ', so that the relay knows it by its id';
  const rules = `Into the rules${byId}:\n\n${snippet(made, plan)}`;
  return [ticks.join(''), ...secrets, rules, 'The relay takes its events once it is started anew with that.\n'].join('\n');
}

function snippet(made: readonly KeptSecret[], plan: CreationPlan): string {
  const [first] = made;
  const wanted = plan.wanted[0];
  const name = plan.name ?? (wanted?.kind === 'app' ? `app-${wanted.appId}` : 'production');
  const secrets = made.map(({ name }) => `{ env: ${name} }`).join(', ');
  // The rules have room for one id: several are known by their URL.
  const id = made.length === 1 && first ? `    id: ${oneLine(first.created.id)}\n` : '';
  return `subscriptions:\n  ${name}:\n${id}    secrets: [${secrets}]\n`;
}

export function dryRunText({ wanted }: CreationPlan): string {
  const requests = wanted.map((one) => {
    const shown = { ...writeSubscription(one), url: shownUrl(one.url) };
    return `POST /webhooks: ${whatInWords(one)}\n${JSON.stringify(shown, null, 2)}\n`;
  });
  return `${requests.join('\n')}\nNothing was sent.\n`;
}

/** What comes in vain, and which events need a subscription of another kind. */
export function remarksOnPlan({ rules }: CreationPlan, known: readonly Subscription[], split: boolean): string {
  if (rules === null) return '';
  const { filters, apps } = rules;
  const remarks = [];
  if (filters.surplus.length > 0 && !split) {
    const parts = filters.parts.length;
    const instead = parts > 1 ? ` --split makes ${parts} subscriptions that ask for no more than they match.` : '';
    remarks.push(`It asks for more than the rules match: ${filters.surplus.join('; ')}.${instead}`);
  }
  const subscribed = known.flatMap((one) => (one.appId === null || isArchived(one) ? [] : [one.appId]));
  if (apps === 'all' && subscribed.length === 0) {
    remarks.push(
      'The rules match events of connectors, too. Each app needs a subscription of its own: relay subscriptions create --app-id 8',
    );
  } else if (apps !== null && apps !== 'all') {
    for (const id of apps) {
      if (!subscribed.includes(id))
        remarks.push(`The rules match events of ${appInWords(id)}, too: relay subscriptions create --app-id ${id}`);
    }
  }
  return remarks.map((remark) => `\n${remark}\n`).join('');
}
