/** Alerts that a silence catches on their way out. What becomes of them afterwards: test/incident/incidents-silences.test.ts. */
import { expect, test } from 'vitest';
import { broken, delivered, unanswered } from './examples.ts';
import { createWorld } from './world.ts';

const minute = 60_000;
const attemptsIn = (world: ReturnType<typeof createWorld>) =>
  world.store
    .query<{ outcome: string }>('SELECT outcome FROM attempts ORDER BY event_seq, n, attempt')
    .map(({ outcome }) => outcome);

test('a silenced delivery ends as suppressed, with the reason, and is not sent', async () => {
  const world = createWorld([{ name: 'chat', type: 'slack' }]);
  world.silence(true);
  await world.accept({ to: ['chat'] });
  expect(world.sent).toEqual([]);
  expect(world.rows()).toMatchObject([{ status: 'suppressed', reason: 'silenced', detail: 'silenced by night on its way out' }]);
  expect(attemptsIn(world)).toEqual(['silenced']);
});

test('what waits behind it in its lane goes on, and is sent when nothing is silent any more', async () => {
  const world = createWorld([{ name: 'chat', type: 'slack', otherwise: 'held' }]);
  for (let i = 0; i < 3; i++) await world.accept({ to: ['chat'] });
  world.silence(true);
  world.open()[0]!.answer({ kind: 'retry', reason: 'network', detail: 'ECONNREFUSED' });
  await world.pass(minute);
  expect(world.statesOf('chat')).toEqual(['suppressed', 'suppressed', 'suppressed']);
  world.silence(false);
  await world.accept({ to: ['chat'] });
  world.open()[0]!.answer(delivered);
  await world.settle();
  expect(world.statesOf('chat').at(-1)).toBe('delivered');
});

test('one that may have arrived already is not sent again into a silence', async () => {
  const world = createWorld([{ name: 'chat', type: 'slack', otherwise: unanswered }]);
  await world.accept({ to: ['chat'] });
  world.silence(true);
  await world.pass(minute);
  expect([world.sent.length, world.statesOf('chat'), attemptsIn(world)]).toEqual([1, ['suppressed'], ['ambiguous', 'silenced']]);
});

test('what forwards events is not silenced', async () => {
  const world = createWorld([{ name: 'hook', type: 'http' }]);
  world.silence(true);
  await world.accept({ to: ['hook'] });
  expect(world.statesOf('hook')).toEqual(['delivered']);
});

test("the relay's own words about a broken destination are not silenced, and no fallback is told of what was", async () => {
  const world = createWorld([
    { name: 'chat', type: 'slack', fallback: 'triage', answers: [broken] },
    { name: 'triage', type: 'slack' },
  ]);
  await world.accept({ to: ['chat'], subject: 'a' });
  world.silence(true);
  await world.accept({ to: ['triage'], subject: 'b' });
  await world.pass(minute);
  expect(world.statesOf('triage')).toEqual(expect.arrayContaining(['delivered', 'suppressed']));
  expect(world.statesOf('triage')).toHaveLength(2);
  expect(world.sentTo('triage').map(({ outgoing }) => outgoing.content.kind)).toEqual(['notice']);
});

test('says nothing about a broken destination: the next delivery tries it, and no later than it would have been', async () => {
  const world = createWorld([{ name: 'chat', type: 'slack', answers: [broken] }]);
  await world.accept({ to: ['chat'], subject: 'a' });
  const before = world.parked();
  expect(before).toMatchObject([{ probes: 0 }]);
  world.silence(true);
  await world.pass(minute);
  expect([world.statesOf('chat'), world.parked()]).toEqual([['suppressed'], before]);
  world.silence(false);
  await world.accept({ to: ['chat'], subject: 'b' });
  expect([world.statesOf('chat'), world.parked()]).toEqual([['suppressed', 'delivered'], []]);
});
