/** Asks a person before something that can't be taken back. */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

/** True only for `y` or `yes`: an empty line, Ctrl-C and Ctrl-D are no. */
export async function confirm(question: string, input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<boolean> {
  const terminal = createInterface({ input, output });
  try {
    // Where it is closed without an answer, some versions of Node reject the question and some leave it open for ever.
    const closed = once(terminal, 'close').then(() => '');
    const answer = await Promise.race([terminal.question(`${question} [y/N] `).catch(() => ''), closed]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
