/** How each destination stands, and letting a parked one try again. */
import { expect, test } from 'vitest';
import { createDeliveriesStage } from './deliveries-stage.ts';
import { strangersOnPage } from './markup.ts';

const stage = createDeliveriesStage();
const path = '/console/destinations';

async function parked(): Promise<void> {
  stage.airflow.answerWith(() => ({ kind: 'status', status: 403 }));
  await stage.done(1, 2);
  await stage.until('scheduled', 1);
  stage.airflow.answerWith(() => null);
}

test('each is told with its type, and one without trouble says so', async () => {
  const { text, title } = await stage.operator.get(path);
  expect(title).toBe('Destinations · Narrative Relay');
  expect(text).toContain('airflow http ✓ takes what is sent 0 – 0 –');
  expect(text).toContain('data-eng slack ✓ takes what is sent');
});

test('a parked one tells since when, why, what waits for it and when it is tried next', async () => {
  await parked();
  const { text, title, markup } = await stage.operator.get(path);
  expect(title).toBe('✗ 1 parked · Destinations · Narrative Relay');
  expect(text).toMatch(/‖ parked since \d\d:\d\d UTC .* credential: 127\.0\.0\.1:\d+ answered 403; check its secret and headers/);
  expect(text).toMatch(/Not tried since, next in \d+ (?:s|min)/);
  expect(text).toContain('2 waiting for airflow');
  expect(markup).toContain('href="/console/deliveries?status=open&amp;destination=airflow"');
  expect(strangersOnPage(markup)).toEqual([]);
});

test('a parked one is unparked by a plain form, and then gets what waited', async () => {
  await parked();
  const after = await stage.operator.send(await stage.operator.get(path), `${path}/airflow/unpark`);
  expect(after.text).toContain('airflow is tried again now. If it is still broken, it is parked again.');
  expect(after.text).toContain('Destinations');
  await stage.until('delivered', 2);
  expect(stage.airflow.requests).toHaveLength(2);
});

test('one that is not parked, or not there, is refused', async () => {
  await parked();
  const page = await stage.operator.get(path);
  await stage.operator.send(page, `${path}/airflow/unpark`);
  await stage.until('delivered', 2);
  const twice = await stage.operator.send(page, `${path}/airflow/unpark`);
  expect(twice.status).toBe(409);
  expect(twice.text).toContain('Destination airflow is not parked');
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.markup)![1]!;
  const body = new URLSearchParams({ csrf });
  expect((await stage.operator.fetch(`${path}/nobody/unpark`, { method: 'POST', body })).status).toBe(404);
});
