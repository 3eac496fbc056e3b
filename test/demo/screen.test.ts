import { expect, test } from 'vitest';
import { createScreen, type TerminalStream } from '../../src/demo/screen.ts';

function stream(properties: Partial<TerminalStream> = {}) {
  const written: string[] = [];
  return { written, stream: { ...properties, write: (text: string) => written.push(text) } };
}

const terminal = { isTTY: true, columns: 120, hasColors: () => true };

test('an alert that comes while a webhook is in the air is shown after that webhook', async () => {
  const { stream: out, written } = stream();
  const screen = createScreen(out, {});
  await screen.hold(async () => {
    screen.alert('alert');
    return 'webhook';
  });
  screen.alert('later');
  expect(written).toEqual(['webhook\n', 'alert\n', 'later\n']);
});

test('an alert is shown even if the work that held it back fails', async () => {
  const { stream: out, written } = stream();
  const screen = createScreen(out, {});
  const failing = screen.hold(async () => {
    screen.alert('alert');
    throw new Error('broken');
  });
  await expect(failing).rejects.toThrow('broken');
  expect(written).toEqual(['alert\n']);
});

test('the progress line gives way to what is said, and does not exist where output is no terminal', () => {
  const tty = stream(terminal);
  const screen = createScreen(tty.stream, {});
  screen.progress('3 to go');
  screen.say('a line');
  expect(tty.written.join('')).toBe('3 to go\r\u001b[2Ka line\n3 to go');
  const pipe = stream();
  createScreen(pipe.stream, {}).progress('3 to go');
  expect(pipe.written).toEqual([]);
});

test('colours are for terminals that have them, unless NO_COLOR or FORCE_COLOR says otherwise', () => {
  const styled = (properties: Partial<TerminalStream>, environment: Record<string, string>) =>
    createScreen(stream(properties).stream, environment).style('red', 'x') !== 'x';
  expect(styled(terminal, {})).toBe(true);
  expect(styled({ ...terminal, hasColors: () => false }, {})).toBe(false);
  expect(styled(terminal, { NO_COLOR: '1' })).toBe(false);
  expect(styled({}, {})).toBe(false);
  expect(styled({}, { FORCE_COLOR: '1' })).toBe(true);
});

test('boxes fit narrow terminals and stay readable on wide ones', () => {
  const width = (columns: number) => createScreen(stream({ isTTY: true, columns }).stream, {}).width;
  expect([width(20), width(72), width(300)]).toEqual([40, 72, 100]);
  expect(createScreen(stream().stream, {}).width).toBe(80);
});
