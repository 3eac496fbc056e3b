/** The pages of incidents, over real HTTP and without script. */
import { expect, test } from 'vitest';
import { createEventsStage } from './events-stage.ts';
import { strangersOnPage } from './markup.ts';

const stage = createEventsStage();
const linksIn = (markup: string) => [...markup.matchAll(/href="(\/console\/incidents\/inc_\w+)"/g)].map(([, path]) => path!);

async function failsAndRecovers(): Promise<{ failed: string; completed: string }> {
  const failed = await stage.happens({ id: 'whe-1', jobId: 'job-1', message: 'Access denied', updatedAt: '2026-03-02T09:12:00' });
  await stage.happens({ id: 'whe-2', jobId: 'job-2', message: 'Out of memory', updatedAt: '2026-03-02T09:20:00' });
  const completed = await stage.happens({ id: 'whe-3', jobId: 'job-3', state: 'completed', updatedAt: '2026-03-02T09:54:00' });
  return { failed, completed };
}

test('what fails now is listed, and what is over has a list of its own', async () => {
  expect((await stage.operator.get('/console/incidents')).text).toContain('Nothing is failing.');
  await stage.happens({ message: 'Access <b>denied</b>' });
  const open = await stage.operator.get('/console/incidents');
  expect(open.text).toContain('materialize-view/10736 ✗ open');
  expect(open.text).toContain('Access <b>denied</b>');
  expect(strangersOnPage(open.markup)).toEqual([]);
  expect((await stage.operator.get('/console/incidents?status=ended')).text).toContain('No incident matches.');
  await stage.happens({ id: 'whe-3', jobId: 'job-3', state: 'completed', updatedAt: '2026-03-02T09:54:00' });
  expect(linksIn((await stage.operator.get('/console/incidents')).markup)).toEqual([]);
  const ended = await stage.operator.get('/console/incidents?status=ended&text=10736');
  expect(ended.text).toContain('materialize-view/10736 ✓ ended');
  expect(ended.markup).toMatch(/href="\/console\/incidents\?status=ended" aria-current="true"/);
});

test('one that is open says since when, what it said, what each rule has said, and offers to be silenced', async () => {
  const failed = await stage.happens({ message: 'Access denied' });
  const [path] = linksIn((await stage.operator.get('/console/incidents')).markup);
  const { title, text, markup } = await stage.operator.get(path!);
  expect(title).toBe('✗ failing: materialize-view/10736 · Narrative Relay');
  expect(text).toMatch(
    /Failing since .*, by evt_\w+ Failures 1 First said Access denied What each rule says failures-page told at/,
  );
  expect(markup).toContain(`href="/console/events/${failed}"`);
  expect(markup).toMatch(/href="\/console\/silences\?incident=inc_\w+(?:&|&amp;)for=2h"/);
  expect(text).toContain('All events of materialize-view/10736');
});

test('one that is over says how long it took, and by what it ended', async () => {
  const { failed, completed } = await failsAndRecovers();
  const [path] = linksIn((await stage.operator.get('/console/incidents?status=all')).markup);
  const { title, text, markup } = await stage.operator.get(path!);
  expect(title).toBe('✓ over: materialize-view/10736 · Narrative Relay');
  expect(text).toMatch(/Failures 2, the last .* Ended .*, after .*, by evt_\w+ First said Access denied Last said Out of memory/);
  for (const id of [failed, completed]) expect(markup).toContain(`href="/console/events/${id}"`);
  expect(text).not.toContain('Silence it');
});

test('a filter that makes no sense is named', async () => {
  const { status, text } = await stage.operator.get('/console/incidents?status=broken');
  expect(status).toBe(400);
  expect(text).toContain('"broken" is none of open, ended, all');
  expect((await stage.operator.get('/console/incidents?before=nonsense')).status).toBe(400);
});

test('there is none for an id that is none', async () => {
  for (const id of ['inc_00000000000', 'evt_00000000000', '%3Cb%3E']) {
    expect((await stage.operator.get(`/console/incidents/${id}`)).status).toBe(404);
  }
});
