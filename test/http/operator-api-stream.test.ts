/** Server-sent events as a stream: signs of life, the reader's pace, and its end. */
import { expect, test } from 'vitest';
import { eventStream, type StreamEvent } from '../../src/http/api/event-stream.ts';

const decoder = new TextDecoder();

function read(batches: AsyncIterable<readonly StreamEvent[]>, signOfLifeMs = 60_000) {
  const end = new AbortController();
  const errors: unknown[] = [];
  const reader = eventStream({ batches, end, signOfLifeMs, onError: (error) => errors.push(error) }).getReader();
  const next = async () => decoder.decode((await reader.read()).value);
  return { end, errors, reader, next };
}

const eventOf = (id: string): StreamEvent => ({ id, event: 'event', data: `{"id":"${id}"}` });

/** Gives what is let out, one batch each time, and counts how often it was asked. */
function source() {
  const waiting: ((batch: readonly StreamEvent[]) => void)[] = [];
  let asked = 0;
  return {
    asked: () => asked,
    give: (...ids: string[]) => waiting.shift()!(ids.map(eventOf)),
    batches: {
      [Symbol.asyncIterator]: () => ({
        async next() {
          asked += 1;
          const value = await new Promise<readonly StreamEvent[]>((resolve) => waiting.push(resolve));
          return { done: false as const, value };
        },
      }),
    },
  };
}

test('a reader is told at once when to come again, and then each event with its id', async () => {
  const { batches, give } = source();
  const { next, end, reader } = read(batches);
  expect(await next()).toBe('retry: 2000\n\n');
  const second = next();
  give('evt_1', 'evt_2');
  expect(await second).toBe('id: evt_1\nevent: event\ndata: {"id":"evt_1"}\n\nid: evt_2\nevent: event\ndata: {"id":"evt_2"}\n\n');
  await reader.cancel();
  expect(end.signal.aborted).toBe(true);
});

test('while nothing comes a comment says that the connection stands, and what comes after that is not lost', async () => {
  const { batches, give, asked } = source();
  const { next } = read(batches, 5);
  await next();
  expect([await next(), await next()]).toEqual([': nothing new\n\n', ': nothing new\n\n']);
  const later = next();
  give('evt_1');
  expect(await later).toContain('id: evt_1\n');
  expect(asked()).toBe(1);
});

test('nothing is taken from the source for a reader who does not read', async () => {
  const { batches, give, asked } = source();
  const { next } = read(batches);
  expect(asked()).toBe(0);
  await next();
  const first = next();
  give('evt_1');
  await first;
  expect(asked()).toBe(1);
});

test('a reader who may not go on is told nothing more, and lets the source go', async () => {
  async function* batches() {
    yield [eventOf('evt_1')];
    yield [eventOf('evt_2')];
  }
  const end = new AbortController();
  let may = true;
  const reader = eventStream({ batches: batches(), end, mayGoOn: () => may, onError: () => {} }).getReader();
  await reader.read();
  expect(decoder.decode((await reader.read()).value)).toContain('evt_1');
  may = false;
  expect(await reader.read()).toEqual({ done: true, value: undefined });
  expect(end.signal.aborted).toBe(true);
});

test('nor is he given further signs of life', async () => {
  const { batches } = source();
  const end = new AbortController();
  const reader = eventStream({ batches, end, mayGoOn: () => false, signOfLifeMs: 5, onError: () => {} }).getReader();
  await reader.read();
  expect(await reader.read()).toEqual({ done: true, value: undefined });
});

test('a source that ends, ends the stream', async () => {
  async function* batches() {
    yield [eventOf('evt_1')];
  }
  const { next, reader } = read(batches());
  expect([await next(), await next()]).toEqual([expect.stringContaining('retry'), expect.stringContaining('evt_1')]);
  expect(await reader.read()).toEqual({ done: true, value: undefined });
});

test('a source that fails ends the stream, and is told of', async () => {
  async function* batches(): AsyncGenerator<readonly StreamEvent[]> {
    yield [];
    throw new Error('the disk is gone');
  }
  const { next, reader, errors } = read(batches());
  await next();
  await next();
  expect(await reader.read()).toEqual({ done: true, value: undefined });
  expect(errors).toEqual([new Error('the disk is gone')]);
});
