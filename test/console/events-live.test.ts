/** Following events live, as the page's script does: rows as server-sent events. */
import { expect, onTestFinished, test } from 'vitest';
import { createEventsStage } from './events-stage.ts';
import { strangersOnPage, textIn } from './markup.ts';

const stage = createEventsStage();

interface Message {
  id: string;
  event: string;
  rows: string;
}

/** What an EventSource would hand on, one at a time. */
async function followed(path: string, headers: Record<string, string> = {}) {
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const response = await stage.operator.fetch(path, { headers, signal: end.signal });
  const messages = messagesIn(response);
  return {
    response,
    next: async () => {
      const { value } = await messages.next();
      if (!value) throw new Error('the stream has ended');
      return value;
    },
    ended: async () => (await messages.next()).done === true,
  };
}

async function* messagesIn({ body }: Response): AsyncGenerator<Message> {
  let text = '';
  for await (const part of body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
      if (fields.data !== undefined) yield { id: fields.id!, event: fields.event!, rows: fields.data };
    }
  }
}

test('events come as rows of the list, one line each message, named by the event', async () => {
  const { response, next } = await followed('/console/events/tail');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const id = await stage.happens({ message: '<script>alert(1)</script>' });
  const message = await next();
  expect(message).toMatchObject({ id, event: 'rows' });
  expect(textIn(message.rows)).toMatch(/✗ failed materialize-view 10736 materialize-view\/10736 ✓ routed failures-page$/);
  expect(message.rows).toContain(`href="/console/events/${id}"`);
  expect(strangersOnPage(message.rows)).toEqual([]);
});

test('only those come that the filters let through', async () => {
  const { next } = await followed('/console/events/tail?state=completed');
  await stage.happens({ id: 'whe-1', jobId: 'job-1' });
  const completed = await stage.happens({ id: 'whe-2', jobId: 'job-2', state: 'completed' });
  expect(await next()).toMatchObject({ id: completed });
});

test('whoever comes back gets what came in between, the newest on top', async () => {
  const seen = await stage.happens({ id: 'whe-0', jobId: 'job-0', state: 'running' });
  const missed: string[] = [];
  for (const n of [1, 2, 3]) missed.push(await stage.happens({ id: `whe-${n}`, jobId: `job-${n}`, state: 'running' }));
  const idsIn = (rows: string) => [...rows.matchAll(/href="\/console\/events\/(\w+)"/g)].map(([, id]) => id);
  // By the page's own address, and as a browser does by itself, which goes first.
  for (const reader of [
    await followed(`/console/events/tail?after=${seen}`),
    await followed(`/console/events/tail?after=${missed[2]}`, { 'last-event-id': seen }),
  ]) {
    const { id, rows } = await reader.next();
    expect(id).toBe(missed.at(-1));
    expect(idsIn(rows)).toEqual(missed.toReversed());
  }
});

test('what is asked wrongly is refused', async () => {
  for (const query of ['?after=nonsense', '?outcome=lost', '?before=evt_1M7ZPRB9M00', '?limit=3']) {
    const { status, text } = await stage.operator.get(`/console/events/tail${query}`);
    expect([query, status]).toEqual([query, 400]);
    expect(text).toContain(`${/\w+/.exec(query)![0]}`);
  }
});

test('a look at the headers alone holds no place', async () => {
  for (let i = 0; i < 30; i++) await stage.operator.fetch('/console/events/tail', { method: 'HEAD' });
  const { response } = await followed('/console/events/tail');
  expect(response.status).toBe(200);
});

test('who leaves makes room, and too many are told so', async () => {
  const readers: AbortController[] = [];
  const enter = () => {
    const end = new AbortController();
    readers.push(end);
    return stage.operator.fetch('/console/events/tail', { signal: end.signal });
  };
  onTestFinished(() => readers.forEach((each) => each.abort()));
  let last = await enter();
  while (last.status === 200 && readers.length < 50) last = await enter();
  expect(last.status).toBe(429);
  expect(await last.text()).toContain('follow events already');
  readers[0]!.abort();
  // The relay hears of it when the connection is closed.
  await expect.poll(async () => (await enter()).status).toBe(200);
});

test('it ends with the session, and says nothing of what came after that', async () => {
  const reader = await followed('/console/events/tail');
  const before = await stage.happens({ id: 'whe-1', jobId: 'job-1' });
  expect(await reader.next()).toMatchObject({ id: before });
  await stage.operator.send(await stage.operator.get('/console'), '/console/sign-out');
  await stage.happens({ id: 'whe-2', jobId: 'job-2' });
  expect(await reader.ended()).toBe(true);
  // By this the page's script tells that nobody is signed in from a relay that is busy.
  const head = () => stage.operator.fetch('/console/events/tail', { method: 'HEAD', redirect: 'manual' });
  expect((await head()).status).toBe(303);
});

test('it ends when the relay stops', async () => {
  const { ended } = await followed('/console/events/tail');
  const stopped = stage.relay.stop();
  await expect(ended().catch(() => true)).resolves.toBe(true);
  await stopped;
  await stage.restart();
});

test('the page that follows says where from, and what to do without script', async () => {
  const id = await stage.happens({});
  const { markup, text } = await stage.operator.get('/console/events?state=failed&live=1');
  expect(markup).toMatch(
    new RegExp(`data-tail="/console/events/tail\\?state=failed"\\s+data-tail-into="#events"\\s+data-tail-after="${id}"`),
  );
  expect(markup).toContain('aria-live="polite"');
  expect(text).toContain('Stop following');
  expect(text).toContain('Following live needs the page’s script.');
});
