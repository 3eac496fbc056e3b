/** Whether a bot's token works, and whether it may do what the relay does with it. */
import type { CallSlack } from '../../destination/slack-api.ts';
import { ok, problem, skipped, warning, type Told } from '../../narrative/check-told.ts';
import { clock } from './findings.ts';
import { askSlack, textIn, type SlackAnswer } from './slack-answer.ts';

export interface TokenChecked {
  told: [name: string, told: Told][];
  reached: boolean;
  /** Of a token that works; null where they are not known. */
  scopes: ReadonlySet<string> | null;
  works: boolean;
}

/** `token` only for its form, which says what kind of one it is. */
export async function checkToken(call: CallSlack, token: string): Promise<TokenChecked> {
  const answer = await askSlack(call, 'auth.test');
  switch (answer.kind) {
    case 'no-answer':
      return { told: [['token', problem(answer.detail, 'look again later')]], reached: false, scopes: null, works: false };
    case 'refused':
      return { told: [['token', problem(answer.detail, answer.remedy)]], reached: true, scopes: null, works: false };
    case 'granted': {
      const { scopes, aheadMs } = answer;
      return {
        told: [
          ['token', identity(answer, token)],
          ['scopes', posting(scopes)],
          ['clock', clock("Slack's", aheadMs)],
        ],
        reached: true,
        scopes,
        works: true,
      };
    }
  }
}

function identity({ body }: Extract<SlackAnswer, { kind: 'granted' }>, token: string): Told {
  const who = `${textIn(body.user) ?? 'nobody by name'} in the workspace ${textIn(body.team) ?? 'without a name'}`;
  // Source: docs.slack.dev/authentication/using-token-rotation.
  if (token.startsWith('xoxe')) {
    return problem(
      `it is that of ${who}, and a rotating one: it ends within 12 hours, and the relay does not renew it`,
      'turn token rotation off for the Slack app (it takes a new app), and set the token that begins with xoxb-',
    );
  }
  if (token.startsWith('xoxp')) {
    return warning(
      `it is that of a person, ${who}: alerts come in their name, and end when their account does`,
      'set the bot token of the Slack app, which begins with xoxb-',
    );
  }
  return ok(`works: ${who}`);
}

/** `chat.postMessage` and `chat.update` take this one; what reading takes depends on the channel. */
function posting(scopes: ReadonlySet<string> | null): Told {
  if (scopes === null) return skipped('the answer did not say which scopes the token has');
  if (scopes.has('chat:write')) return ok(`chat:write, so it may post and edit${joining(scopes)}`);
  return problem(
    'without chat:write it can post nothing',
    'add the scope to the Slack app (OAuth & Permissions) and install the app anew',
  );
}

function joining(scopes: ReadonlySet<string>): string {
  return scopes.has('chat:write.public') ? '; chat:write.public, so also in public channels that it is not in' : '';
}
