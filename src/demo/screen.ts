/** The terminal: lines that stay, a progress line that doesn't, and alerts that wait until the line before them is complete. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export interface Screen {
  /** Columns for a box: 40 to 100. */
  readonly width: number;
  readonly color: boolean;
  style(style: Style, text: string): string;
  say(text: string): void;
  /** Said at once, or as soon as `hold` is over. */
  alert(text: string): void;
  /** Alerts that come while `work` runs are shown after the line that it returns; null shows no line. */
  hold(work: () => Promise<string | null>): Promise<void>;
  /** Replaces the progress line; null removes it. Shown on terminals only. */
  progress(text: string | null): void;
}

/** What `createScreen` uses of `process.stdout`. */
export interface TerminalStream {
  isTTY?: boolean;
  columns?: number;
  hasColors?(): boolean;
  write(text: string): unknown;
}

/** Colours follow FORCE_COLOR, else NO_COLOR, else what the terminal can do. Source: nodejs.org, `tty`, and no-color.org. */
export function createScreen(stream: TerminalStream, environment: Record<string, string | undefined>): Screen {
  const terminal = stream.isTTY === true;
  const { FORCE_COLOR: force, NO_COLOR: none } = environment;
  const color = force ? force !== '0' && force !== 'false' : !none && terminal && stream.hasColors?.() === true;
  const width = Math.min(100, Math.max(40, terminal ? (stream.columns ?? 80) : 80));
  const held: string[] = [];
  let holding = false;
  let progress: string | null = null;

  const erase = () => {
    if (progress !== null) stream.write('\r\u001b[2K');
  };
  const say = (text: string) => {
    erase();
    stream.write(`${text}\n`);
    if (progress !== null) stream.write(progress);
  };

  return {
    width,
    color,
    style: (style, text) => (color ? styleText(style, text, { validateStream: false }) : text),
    say,
    alert(text) {
      if (holding) held.push(text);
      else say(text);
    },
    async hold(work) {
      holding = true;
      try {
        const line = await work();
        if (line !== null) say(line);
      } finally {
        holding = false;
        held.splice(0).forEach(say);
      }
    },
    progress(text) {
      if (!terminal) return;
      erase();
      progress = text === null ? null : text.slice(0, width - 1);
      if (progress !== null) stream.write(progress);
    },
  };
}
