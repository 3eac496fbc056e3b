/** Which channels there are and who is in them, as far as the stand-in for Slack is told. Part of the stand-in. */

/** A channel that is not as channels usually are here: public, in use, with the bot in it. */
export interface SlackRoom {
  /** Without `#`. */
  name?: string;
  private?: boolean;
  archived?: boolean;
  /** Of the bot. */
  member?: boolean;
}

export type SlackRefusal = { error: string; needed?: string };

export interface SlackRooms {
  /** Why a message can't be posted there; null: it can. */
  postRefusal(channel: string): SlackRefusal | null;
  readRefusal(channel: string): SlackRefusal | null;
  /** `conversations.info`. */
  info(channel: string): SlackRefusal | { channel: object };
}

/** By id. Those that are not named are all there, and whether they are private is nowhere said: either scope will do to read them. */
export function createSlackRooms(rooms: Readonly<Record<string, SlackRoom>>, scopes: readonly string[]): SlackRooms {
  const find = (id: string): SlackRoom => (Object.hasOwn(rooms, id) ? rooms[id]! : {});
  const isHidden = ({ private: isPrivate = false, member = true }: SlackRoom) => isPrivate && !member;

  function lacks(what: 'history' | 'read', { private: isPrivate }: SlackRoom): SlackRefusal | null {
    const kinds = isPrivate === undefined ? ['channels', 'groups'] : [isPrivate ? 'groups' : 'channels'];
    const sufficient = kinds.map((kind) => `${kind}:${what}`);
    return sufficient.some((scope) => scopes.includes(scope)) ? null : { error: 'missing_scope', needed: sufficient[0]! };
  }

  return {
    postRefusal(channel) {
      const room = find(channel);
      if (isHidden(room)) return { error: 'channel_not_found' };
      if (room.archived) return { error: 'is_archived' };
      return room.member === false && !scopes.includes('chat:write.public') ? { error: 'not_in_channel' } : null;
    },

    readRefusal(channel) {
      const room = find(channel);
      const lacking = lacks('history', room);
      if (lacking !== null) return lacking;
      if (isHidden(room)) return { error: 'channel_not_found' };
      return room.member === false ? { error: 'not_in_channel' } : null;
    },

    info(channel) {
      const room = find(channel);
      const lacking = lacks('read', room);
      if (lacking !== null) return lacking;
      if (isHidden(room)) return { error: 'channel_not_found' };
      const { name = channel.toLowerCase(), private: isPrivate = false, archived = false, member = true } = room;
      return { channel: { id: channel, name, is_private: isPrivate, is_archived: archived, is_member: member } };
    },
  };
}
