/** Replaying an event from its page. */
import { expect, test } from 'vitest';
import { createEventsStage } from './events-stage.ts';

const stage = createEventsStage();
const countEvents = () => stage.relay.events().length;

test('shows what would come of it, and does nothing yet', async () => {
  const id = await stage.happens({ state: 'completed' });
  await stage.relay.untilPrinted(1);
  const { status, text } = await stage.operator.get(`/console/events/${id}/replay`);
  expect(status).toBe(200);
  expect(text).toContain('What would come of it ✓ routed 1 message would be sent.');
  expect(text).toContain('→ console by finished');
  expect(text).toContain('✓ finished rules/relay.yaml:11:13 matched → console');
  expect(countEvents()).toBe(1);
  expect(stage.relay.printed).toHaveLength(1);
});

test('sends it through the rules once more, and leads to the page of the replay', async () => {
  const id = await stage.happens({ state: 'completed' });
  const confirmation = await stage.operator.get(`/console/events/${id}/replay`);
  const { text, markup } = await stage.operator.send(confirmation, `/console/events/${id}/replay`);
  await stage.relay.untilPrinted(2);
  expect(text).toMatch(/✓ Replayed as evt_\w+: 1 delivery\./);
  expect(markup).toMatch(new RegExp(`<dt>Replay of</dt>\\s*<dd><a href="/console/events/${id}"`));
  expect(countEvents()).toBe(2);
  expect((await stage.operator.get(`/console/events/${id}`)).text).toContain('Replayed as evt_');
});

test('does so again only when it is asked for again', async () => {
  const id = await stage.happens({ state: 'completed' });
  const path = `/console/events/${id}/replay`;
  const confirmation = await stage.operator.get(path);
  await stage.operator.send(confirmation, path);
  // The same page once more, as from a second tab.
  const late = await stage.operator.send(confirmation, path);
  expect(late.status).toBe(409);
  expect(late.text).toContain('Somebody has replayed it in the meantime. Nothing was done.');
  expect(late.text).toMatch(/It was replayed before, as evt_\w+ \. Once more may alert once more\./);
  expect(countEvents()).toBe(2);
  expect((await stage.operator.send(late, path)).text).toContain('Replayed as');
  expect(countEvents()).toBe(3);
});

test('goes only where it is to go', async () => {
  const id = await stage.happens({ state: 'cancelled' });
  await stage.untilEnded(2);
  const path = `/console/events/${id}/replay`;
  const confirmation = await stage.operator.get(path);
  expect(confirmation.text).toContain('2 messages would be sent.');
  expect(confirmation.markup).toMatch(/type="checkbox" name="to" value="data-eng" checked/);
  const none = await stage.operator.send(confirmation, path);
  expect(none.status).toBe(409);
  expect(none.text).toContain('Choose at least one destination.');
  expect(countEvents()).toBe(1);
  const { text } = await stage.operator.send(confirmation, path, [['to', 'data-eng']]);
  expect(text).toContain(': 1 delivery.');
  await stage.untilEnded(3);
  expect(stage.slack.messages).toHaveLength(2);
  expect(stage.relay.printed).toHaveLength(1);
});

test('goes wherever the rules send when every destination stays chosen', async () => {
  const id = await stage.happens({ state: 'cancelled' });
  const path = `/console/events/${id}/replay`;
  const confirmation = await stage.operator.get(path);
  const all: [string, string][] = [
    ['to', 'console'],
    ['to', 'data-eng'],
  ];
  expect((await stage.operator.send(confirmation, path, all)).text).toContain(': 2 deliveries.');
});

test('is refused, with the reason, where it can not be', async () => {
  const quarantined = await stage.arrives('{"hello": "world"}');
  const { status, text } = await stage.operator.get(`/console/events/${quarantined}/replay`);
  expect(status).toBe(409);
  expect(text).toContain('This event can not be replayed');
  expect(text).toContain('still no event that the relay knows');
  expect((await stage.operator.get('/console/events/evt_x/replay')).status).toBe(404);
});

test('needs a form of the session', async () => {
  const id = await stage.happens({ state: 'completed' });
  for (const body of [new URLSearchParams(), new URLSearchParams({ csrf: 'wrong', again: '1' })]) {
    expect((await stage.operator.fetch(`/console/events/${id}/replay`, { method: 'POST', body })).status).toBe(403);
  }
  expect(countEvents()).toBe(1);
});
