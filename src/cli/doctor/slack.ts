/** Slack, asked by the destinations of the rules. Posts nothing. */
import { createSlackApi } from '../../destination/slack-api.ts';
import { isLoopback } from '../../narrative/target.ts';
import { skipped, warning, type Told } from '../../narrative/check-told.ts';
import type { SlackConfig } from '../../rules/rule-set.ts';
import { findingsOf, withoutSettings } from './findings.ts';
import { checkChannel } from './slack-channel.ts';
import { checkToken } from './slack-token.ts';
import type { CheckArea, Checked } from './surroundings.ts';

const area = 'Slack';

type Bot = Extract<SlackConfig, { token: string }>;

export const checkSlack: CheckArea = async ({ destinations, valid }) => {
  const slacks = destinations.filter((each) => each.type === 'slack');
  if (slacks.length === 0) return { findings: [], reached: true };
  if (valid === null) return { findings: findingsOf(area, [['token', withoutSettings]]), reached: true };
  const bots = slacks.filter((each) => 'token' in each);
  const checked: Checked[] = [];
  for (const sharing of Map.groupBy(bots, ({ token }) => token).values()) {
    checked.push(await checkBots(sharing, valid.slackApiUrl));
  }
  const webhooks = slacks.flatMap((each) => ('webhookUrl' in each ? [webhook(each.name, each.webhookUrl)] : []));
  return {
    findings: [...checked.flatMap(({ findings }) => findings), ...findingsOf(area, webhooks)],
    reached: checked.every(({ reached }) => reached),
  };
};

/** Of one token. */
async function checkBots(bots: readonly Bot[], apiUrl: string | undefined): Promise<Checked> {
  const { token } = bots[0]!;
  const call = createSlackApi(token, fetch, apiUrl);
  const own = await checkToken(call, token);
  const whose = namesOf(bots);
  const told = own.told.map(([what, each]): [string, Told] => [`${whose}: ${what}`, each]);
  let { reached } = own;
  for (const sharing of own.works ? Map.groupBy(bots, ({ channel }) => channel).values() : []) {
    const { name, channel } = sharing[0]!;
    const checked = await checkChannel(call, channel, own.scopes, `relay send-test ${name} posts a message there`);
    told.push(...checked.told.map(([what, each]): [string, Told] => [`${namesOf(sharing)}: ${what}`, each]));
    reached &&= checked.reached;
  }
  return { findings: findingsOf(area, told), reached };
}

function namesOf(configs: readonly SlackConfig[]): string {
  return configs.map(({ name }) => name).join(', ');
}

/** Its path is a secret. Source: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: it takes messages and nothing else. */
function webhook(name: string, url: string): [name: string, told: Told] {
  const sendTest = `relay send-test ${name} posts a message by it`;
  if (!url.startsWith('https:') && !isLoopback(url)) {
    return [`${name}: webhook`, warning('the URL is plain http: whoever is on the way can post by it from then on', 'use https')];
  }
  return [`${name}: webhook`, skipped('an incoming webhook can only be tried by a message', sendTest)];
}
