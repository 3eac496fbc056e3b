/**
 * Draws docs/incident-slack.svg from what Slack was really sent in a run of the demo, and keeps that in
 * docs/incident-slack.json:
 * npm run -s demo -- --once --record record.json && node docs/draw-incident.ts record.json && rm record.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { drawCards, type Block, type Card } from './slack-cards.ts';

/** A post or an edit, as `demo --record` keeps it. */
export interface RecordedMessage {
  kind: 'post' | 'update' | 'webhook';
  ts: string;
  threadTs: string | null;
  text: string;
  blocks: Block[];
}

/** What is drawn: a view that failed three times, a storm, and the morning's digest. */
export interface Stories {
  view: RecordedMessage[];
  storm: RecordedMessage[];
  digest: RecordedMessage[];
}

/** Throws with what is missing. */
export function storiesIn(messages: readonly RecordedMessage[]): Stories {
  const about = (first: RegExp) => {
    const root = messages.find(({ kind, threadTs, text }) => kind === 'post' && threadTs === null && first.test(text));
    if (root === undefined) throw new Error(`the record has no message that matches ${first}: was the demo changed?`);
    return messages
      .filter(({ ts, threadTs }) => ts === root.ts || threadTs === root.ts)
      .map(({ kind, ts, threadTs, text, blocks }) => ({ kind, ts, threadTs, text, blocks }));
  };
  return { view: about(/materialize-view failed · dataset 10744/), storm: about(/\d{3} failures/), digest: about(/Digest:/) };
}

export function drawStories({ view, storm, digest }: Stories): string {
  const third = view.findIndex(({ kind, text }) => kind === 'post' && text.includes('3rd failure'));
  if (third < 0) throw new Error('the view did not fail a third time in the thread: record the demo at speed 1');
  const full = { fields: 3, textLines: 8, codeLines: 2 };
  const brief = { fields: 2, textLines: 3, codeLines: 0 };
  const cards: Card[] = [
    { caption: 'One message for the view that keeps failing, edited each time', ...standing(view.slice(0, third + 1), full, 2) },
    { caption: 'The same message, once it has recovered', ...standing(view, brief, 1) },
    { caption: '200 failures at once: one message', ...standing(storm.slice(0, 1), { ...full, textLines: 6 }, 0) },
    { caption: '… and when all of them have recovered', ...headed(standing(storm, brief, 0)) },
    { caption: 'What went well, once a day', ...standing(digest, { ...full, textLines: 7 }, 0) },
  ];
  return drawCards(
    cards,
    'What the Slack channel shows: a view that failed three times and recovered, a storm of 200 failures, the digest of the morning',
  );
}

/** Its title and status; the list is that of the card before. */
function headed(card: Omit<Card, 'caption'>): Omit<Card, 'caption'> {
  return { ...card, message: { ...card.message, blocks: card.message.blocks.slice(0, 2) } };
}

/** The channel's message as it stands after these posts and edits, with the last replies of its thread. */
function standing(messages: readonly RecordedMessage[], show: Card['show'], shownReplies: number): Omit<Card, 'caption'> {
  const [first] = messages;
  const edits = messages.filter(({ kind }) => kind === 'update');
  const replies = messages.filter(({ threadTs }) => threadTs !== null);
  const now = edits.at(-1) ?? first!;
  return {
    message: { blocks: now.blocks, edited: edits.length > 0 },
    show,
    replies: shownReplies === 0 ? [] : replies.slice(-shownReplies).map(({ blocks }) => ({ blocks, edited: false })),
    more: Math.max(0, replies.length - shownReplies),
  };
}

if (import.meta.main) {
  const [, , record] = process.argv;
  if (record === undefined) throw new Error('name the file that "demo --record" has written');
  const stories = storiesIn(JSON.parse(readFileSync(record, 'utf8')) as RecordedMessage[]);
  writeFileSync(new URL('incident-slack.json', import.meta.url), `${JSON.stringify(stories, null, 2)}\n`);
  writeFileSync(new URL('incident-slack.svg', import.meta.url), drawStories(stories));
}
