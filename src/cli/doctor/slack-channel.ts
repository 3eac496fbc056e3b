/**
 * Whether the bot can post in a channel, and find there what it posted. Asks `conversations.info` where a scope allows that. Without, it
 * makes the very call by which the relay looks for a message, for a time that has not come yet: so nothing is read.
 */
import type { CallSlack } from '../../destination/slack-api.ts';
import { isObject } from '../../event/json.ts';
import { ok, problem, skipped, warning, type Told } from '../../narrative/check-told.ts';
import { nodeClock } from '../../node/ports.ts';
import { askSlack, textIn, type SlackAnswer } from './slack-answer.ts';

export interface ChannelChecked {
  told: [name: string, told: Told][];
  reached: boolean;
}

/** What is known of a channel; null: not told. */
interface Room {
  name: string;
  archived: boolean | null;
  isPrivate: boolean | null;
  member: boolean;
}

type Found =
  | { kind: 'room'; room: Room }
  | { kind: 'missing'; detail: string; remedy: string }
  /** It was not to be known with these scopes. */
  | { kind: 'unseen' }
  | { kind: 'no-answer'; detail: string };

/** `scopes`: null where they are not known. */
export async function checkChannel(
  call: CallSlack,
  channel: string,
  scopes: ReadonlySet<string> | null,
  sendTest: string,
): Promise<ChannelChecked> {
  if (/^[UW][A-Z0-9]+$/.test(channel)) {
    return {
      told: [['channel', skipped(`${channel} is a person's id, of which nothing can be asked`, sendTest)]],
      reached: true,
    };
  }
  if (!/^[CGD][A-Z0-9]+$/.test(channel)) {
    const detail = `"${channel}" is a name, and Slack tells of channels only by their ids: whether it is there was not looked at`;
    const todo = "write the id (C0123ABCD: in Slack, the last line of the channel's details), or messages can't be found again";
    return { told: [['channel', warning(detail, todo)]], reached: true };
  }
  const found = await find(call, channel, scopes);
  switch (found.kind) {
    case 'room':
      return {
        told: [
          ['channel', posting(found.room, scopes)],
          ['history', reading(found.room, scopes)],
        ],
        reached: true,
      };
    case 'missing':
      return { told: [['channel', problem(found.detail, found.remedy)]], reached: true };
    case 'unseen': {
      const detail = `${channel} can't be looked at without channels:read (or groups:read, where it is private)`;
      return {
        told: [
          ['channel', skipped(detail, sendTest)],
          [
            'history',
            unread(
              channel,
              historyScopes(null).filter((scope) => !scopes?.has(scope)),
            ),
          ],
        ],
        reached: true,
      };
    }
    case 'no-answer':
      return { told: [['channel', problem(found.detail, 'look again later')]], reached: false };
  }
}

async function find(call: CallSlack, channel: string, scopes: ReadonlySet<string> | null): Promise<Found> {
  if (scopes === null || scopes.has('channels:read') || scopes.has('groups:read')) {
    const found = infoOf(await askSlack(call, 'conversations.info', { channel }), channel);
    if (found.kind !== 'unseen') return found;
  }
  if (scopes !== null && !scopes.has('channels:history') && !scopes.has('groups:history')) return { kind: 'unseen' };
  const oldest = Math.floor(nodeClock.now() / 1000) + dayS;
  return lookupOf(await askSlack(call, 'conversations.history', { channel, oldest: oldest.toFixed(6), limit: 1 }), channel);
}

const dayS = 86_400;

function infoOf(answer: SlackAnswer, channel: string): Found {
  if (answer.kind !== 'granted') return absent(answer);
  const about = isObject(answer.body.channel) ? answer.body.channel : {};
  const name = textIn(about.name);
  const flag = (value: unknown) => (typeof value === 'boolean' ? value : null);
  const room = {
    name: name === null ? channel : `#${name}`,
    archived: flag(about.is_archived),
    isPrivate: flag(about.is_private),
    member: about.is_member === true || about.is_im === true,
  };
  return { kind: 'room', room };
}

function lookupOf(answer: SlackAnswer, channel: string): Found {
  const room = { name: channel, archived: null, isPrivate: null };
  if (answer.kind === 'granted') return { kind: 'room', room: { ...room, member: true } };
  if (answer.kind === 'refused' && answer.code === 'not_in_channel') return { kind: 'room', room: { ...room, member: false } };
  return absent(answer);
}

function absent(answer: Exclude<SlackAnswer, { kind: 'granted' }>): Found {
  if (answer.kind === 'no-answer') return answer;
  if (answer.code === 'missing_scope') return { kind: 'unseen' };
  return { kind: 'missing', detail: answer.detail, remedy: answer.remedy };
}

function posting({ name, archived, isPrivate, member }: Room, scopes: ReadonlySet<string> | null): Told {
  if (archived) return problem(`${name} is archived: nothing can be posted there`, 'unarchive it, or name another in the rules');
  const kind = isPrivate === null ? '' : isPrivate ? 'private, ' : 'public, ';
  if (member) return ok(`${name}: ${kind}the bot is in it`);
  if (isPrivate !== true && scopes?.has('chat:write.public')) {
    return ok(`${name}: ${kind}the bot is not in it, and posts there by chat:write.public`);
  }
  const invite = `in Slack, type /invite and the bot's name in ${name}`;
  return problem(
    `${name}: ${kind}the bot is not in it, so it can't post there`,
    isPrivate ? invite : `${invite}; or add chat:write.public`,
  );
}

/** What `conversations.history` and `conversations.replies` take, by which the relay finds what it may have posted already. */
function reading({ name, isPrivate, member }: Room, scopes: ReadonlySet<string> | null): Told {
  if (scopes === null) return skipped('whether the bot may read there is not known without its scopes');
  const wanted = historyScopes(isPrivate);
  if (!wanted.some((scope) => scopes.has(scope))) return unread(name, wanted);
  if (member) return ok('what it posted can be found again, so no message comes twice');
  return warning(
    `the bot is not in ${name}, so it can't find again what it posted there: ${atWorst}`,
    `in Slack, type /invite and the bot's name in ${name}`,
  );
}

function unread(name: string, lacking: readonly string[]): Told {
  return warning(
    `without ${lacking.join(' or ')} the bot can't find again what it posted in ${name}: ${atWorst}`,
    'add the scope to the Slack app and install it anew; or leave it, if that is good enough',
  );
}

const atWorst = 'after a time-out or a crash one message may come twice';

function historyScopes(isPrivate: boolean | null): string[] {
  if (isPrivate === null) return ['channels:history', 'groups:history'];
  return [isPrivate ? 'groups:history' : 'channels:history'];
}
