import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { confirm } from '../../src/cli/confirm.ts';

async function answerTo(typed: string): Promise<{ answer: boolean; shown: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  input.end(typed);
  const answer = await confirm('Archive it?', input, output);
  output.end();
  return { answer, shown: await text(output) };
}

test.each(['y\n', 'Y\n', ' yes \n'])('%j is a yes', async (typed) => {
  expect(await answerTo(typed)).toEqual({ answer: true, shown: 'Archive it? [y/N] ' });
});

test.each(['\n', 'n\n', 'yellow\n', 'no, yes\n', ''])('%j is a no, as is the end of the input', async (typed) => {
  expect((await answerTo(typed)).answer).toBe(false);
});
