/** Slack's markup as runs of text, and runs broken into lines. A picture of text can't ask how wide a word is, so it's estimated. */

export type Style = 'plain' | 'bold' | 'link' | 'mention' | 'dim' | 'code';

export interface Run {
  text: string;
  style: Style;
}

/** A `plain_text` or `mrkdwn` object as runs. Source: docs.slack.dev/messaging/formatting-message-text. */
export function runsOf({ type, text = '' }: { type?: string; text?: string }): Run[] {
  if (type !== 'mrkdwn') return [{ text, style: 'plain' }];
  return text.split(/(<[^>]*>|(?<=^|\s)\*[^*\n]+\*(?=$|\s))/).flatMap((part): Run[] => {
    if (part === '') return [];
    if (part.startsWith('*') && part.endsWith('*') && part.length > 2)
      return [{ text: unescaped(labelled(part.slice(1, -1))), style: 'bold' }];
    if (!part.startsWith('<')) return [{ text: unescaped(part), style: 'plain' }];
    return [{ text: unescaped(labelled(part)), style: styleOf(part) }];
  });
}

function styleOf(link: string): Style {
  if (link.startsWith('<!date')) return 'plain';
  return /^<[!@]/.test(link) ? 'mention' : 'link';
}

/** Links and times by their label, mentions by whom they call. */
function labelled(markup: string): string {
  return markup
    .replaceAll(/<!(?:subteam\^)?(\w+)>/g, '@$1')
    .replaceAll(/<[^<>|]*\|([^<>]*)>/g, '$1')
    .replaceAll(/<([^<>|]*)>/g, '$1');
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Lines of at most `width` pixels at a font size; a word that is too long for one is cut. */
export function wrapped(runs: readonly Run[], width: number, size: number): Run[][] {
  const lines: Run[][] = [[]];
  let used = 0;
  const feed = () => {
    lines.push([]);
    used = 0;
  };
  for (const { text, style } of runs) {
    for (const piece of text.split(/(\n| +)/)) {
      if (piece === '\n') feed();
      else if (piece !== '') {
        const word = clipped(piece, width, size, style);
        const wide = widthOf(word, size, style);
        if (used > 0 && used + wide > width) feed();
        if (used === 0 && word.trim() === '') continue;
        append(lines.at(-1)!, { text: word, style });
        used += wide;
      }
    }
  }
  return lines;
}

function append(line: Run[], run: Run): void {
  const last = line.at(-1);
  if (last?.style === run.style) last.text += run.text;
  else line.push({ ...run });
}

export function clipped(text: string, width: number, size: number, style: Style): string {
  if (widthOf(text, size, style) <= width) return text;
  let kept = '';
  for (const char of text) {
    if (widthOf(`${kept}${char}…`, size, style) > width) break;
    kept += char;
  }
  return `${kept}…`;
}

/** Of a sans serif face of the usual width (code: of a monospaced one), on the safe side. */
export function widthOf(text: string, size: number, style: Style): number {
  const units = [...text].reduce((sum, char) => sum + (style === 'code' ? 0.62 : unitsOf(char)), 0);
  return units * size * (style === 'bold' ? 1.17 : 1);
}

function unitsOf(char: string): number {
  if (/\p{Emoji_Presentation}/u.test(char)) return 1.35;
  if (/[iljtfIr.,:;|!'()[\]/ ·]/.test(char)) return 0.34;
  if (/[mwMW@%—]/.test(char)) return 0.9;
  return /[A-Z]/.test(char) ? 0.74 : 0.6;
}
