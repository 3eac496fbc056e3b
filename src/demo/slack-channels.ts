/** What the channels of the stand-in show: messages, edited and replied to. Part of the stand-in for Slack. */

/** A message as it stands now. */
export interface ChannelMessage {
  /** Unique and increasing, as Slack's. */
  ts: string;
  text: string;
  blocks: Record<string, unknown>[];
  metadata: MessageMetadata | null;
  edited: boolean;
  /** A reply that the channel shows as well. */
  broadcast: boolean;
  /** Oldest first; a reply has none. */
  replies: ChannelMessage[];
}

export interface MessageMetadata {
  event_type: string;
  event_payload: Record<string, unknown>;
}

export interface SlackChannels {
  /** Those that are no replies, oldest first. */
  channel(name: string): ChannelMessage[];
  /** The code of Slack's refusal, or the message. */
  post(channel: string, fields: Record<string, unknown>): ChannelMessage | 'thread_not_found';
  update(channel: string, ts: string, fields: Record<string, unknown>): 'message_not_found' | null;
  /** As a person would: with it goes its thread. */
  remove(channel: string, ts: string): void;
  /** Newest first, with the replies that the channel shows. */
  history(channel: string): ChannelMessage[];
  /** The first message and its replies; null where there is no such message. */
  thread(channel: string, ts: string): ChannelMessage[] | null;
}

export function createSlackChannels(nextTs: () => string): SlackChannels {
  const channels = new Map<string, Map<string, ChannelMessage>>();

  function rootsOf(channel: string): Map<string, ChannelMessage> {
    const known = channels.get(channel);
    if (known) return known;
    const created = new Map<string, ChannelMessage>();
    channels.set(channel, created);
    return created;
  }

  function find(channel: string, ts: string): ChannelMessage | undefined {
    const roots = rootsOf(channel);
    return roots.get(ts) ?? [...roots.values()].flatMap(({ replies }) => replies).find((reply) => reply.ts === ts);
  }

  return {
    channel: (name) => [...rootsOf(name).values()],

    post(channel, fields) {
      const { thread_ts: threadTs } = fields;
      const parent = threadTs === undefined ? null : rootsOf(channel).get(String(threadTs));
      if (parent === undefined) return 'thread_not_found';
      const message: ChannelMessage = {
        ts: nextTs(),
        ...contentOf(fields),
        metadata: (fields.metadata as MessageMetadata | undefined) ?? null,
        edited: false,
        broadcast: parent !== null && fields.reply_broadcast === true,
        replies: [],
      };
      if (parent === null) rootsOf(channel).set(message.ts, message);
      else parent.replies.push(message);
      return message;
    },

    update(channel, ts, fields) {
      const message = find(channel, ts);
      if (message === undefined) return 'message_not_found';
      // Metadata that an edit doesn't mention stays, as with Slack.
      Object.assign(message, contentOf(fields), { edited: true });
      return null;
    },

    remove: (channel, ts) => void rootsOf(channel).delete(ts),

    history(channel) {
      const shown = [...rootsOf(channel).values()].flatMap((root) => [
        root,
        ...root.replies.filter(({ broadcast }) => broadcast),
      ]);
      return shown.sort((a, b) => Number(b.ts) - Number(a.ts));
    },

    thread(channel, ts) {
      const root = rootsOf(channel).get(ts);
      return root === undefined ? null : [root, ...root.replies];
    },
  };
}

function contentOf({ text, blocks }: Record<string, unknown>): Pick<ChannelMessage, 'text' | 'blocks'> {
  return { text: String(text ?? ''), blocks: (blocks ?? []) as Record<string, unknown>[] };
}
