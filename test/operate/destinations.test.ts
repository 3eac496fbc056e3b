/** Destinations as operators see them, and letting a parked one try again. */
import { describe, expect, test } from 'vitest';
import { createDestinationOperations } from '../../src/operate/destinations.ts';
import { destinationView } from '../../src/operate/shapes/views.ts';
import { createWatchWorld, minute, second } from '../incident/watch-world.ts';
import { arrivalOf, broken, delivered, refused, startMs, unreachable } from '../outbox/examples.ts';
import { createWorld, type Script } from '../outbox/world.ts';
import { given, noLog, refusal } from './deliveries-stage.ts';

function operatorWorld(scripts: Script[]) {
  const world = createWorld(scripts);
  const operations = createDestinationOperations({
    sql: world.store,
    log: noLog,
    destinations: world.destinations,
    unparked: () => world.outbox.wake(),
  });
  return { world, operations, view: (name: string) => destinationView.parse(given(operations.show(name))) };
}

test('each destination of the rules is shown with what waits for it, since when, and what died', async () => {
  const { world, operations, view } = operatorWorld([
    { name: 'chat', type: 'slack', fallback: 'triage', answers: [refused], otherwise: unreachable },
    { name: 'triage' },
  ]);
  for (const subject of ['1', '2', '3']) await world.accept({ to: ['chat'], subject });
  expect(operations.list().map(({ name }) => name)).toEqual(['chat', 'triage']);
  const due = Math.min(...world.rows().flatMap(({ due_at }) => due_at ?? []));
  expect(view('chat')).toEqual({
    name: 'chat',
    type: 'slack',
    in_rules: true,
    fallback: 'triage',
    pending: 2,
    oldest_due_at: new Date(due).toISOString(),
    dead: 1,
    parked: null,
  });
  expect(view('triage')).toMatchObject({ pending: 0, oldest_due_at: null, dead: 0 });
});

test('one that is gone from the rules is shown while anything of it is left', async () => {
  const { world, operations, view } = operatorWorld([{ name: 'chat', answers: [refused] }, { name: 'pager' }]);
  await world.accept({ to: ['chat'] });
  world.reload([{ name: 'pager' }]);
  await world.settle();
  expect(operations.list().map(({ name, in_rules }) => [name, in_rules])).toEqual([
    ['pager', true],
    ['chat', false],
  ]);
  expect(view('chat')).toMatchObject({ type: null, fallback: null, dead: 1 });
  world.store.query('DELETE FROM deliveries');
  expect(refusal(operations.show('chat'))).toMatch(/^not-found: There is no destination chat/);
  expect(refusal(operations.unpark('chat'))).toMatch(/^not-found/);
});

test('of a queue of any length the oldest is found', async () => {
  const { world, view } = operatorWorld([{ name: 'chat', concurrency: 1, otherwise: 'held' }]);
  await world.accept({ to: ['chat'], subject: 'being sent' });
  world.setClock(startMs + second);
  await world.accept({ to: ['chat'], subject: 'next' });
  world.setClock(startMs + minute);
  for (let i = 0; i < 300; i++) void world.take(arrival(i));
  await world.settle();
  expect(view('chat')).toMatchObject({ pending: 302, oldest_due_at: new Date(startMs + second).toISOString() });
});

describe('a parked destination', () => {
  test('says since when, why, and when it is tried next; unparked, it is tried at once', async () => {
    const chat: Script = { name: 'chat', otherwise: broken };
    const { world, operations, view } = operatorWorld([chat]);
    for (const subject of ['1', '2']) await world.accept({ to: ['chat'], subject });
    await world.pass(61 * second);
    expect(view('chat').parked).toEqual({
      since: new Date(startMs).toISOString(),
      reason: 'channel',
      detail: 'channel_not_found',
      probes: 1,
      next_probe_at: new Date(startMs + 3 * minute).toISOString(),
    });
    chat.otherwise = delivered;
    expect(given(operations.unpark('chat')).parked).toBeNull();
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered', 'delivered']);
  });

  test('that breaks again is parked anew, and its fallback hears of it anew', async () => {
    const { world, operations, view } = operatorWorld([
      { name: 'chat', otherwise: broken, fallback: 'triage' },
      { name: 'triage' },
    ]);
    await world.accept({ to: ['chat'] });
    await world.pass(30 * second);
    given(operations.unpark('chat'));
    await world.settle();
    expect(view('chat').parked).toMatchObject({ since: new Date(startMs + 30 * second).toISOString(), probes: 0 });
    expect(world.sentTo('triage')).toHaveLength(2);
  });

  test('is the only one that can be unparked', async () => {
    const { world, operations } = operatorWorld([{ name: 'chat' }]);
    await world.accept({ to: ['chat'] });
    expect(refusal(operations.unpark('chat'))).toMatch(/^conflict: Destination chat is not parked/);
    expect(refusal(operations.unpark('nobody'))).toMatch(/^not-found: There is no destination nobody/);
  });
});

describe('the relay’s watch over itself', () => {
  const rules = `
destinations:
  oncall: { type: http, url: "https://example.com/oncall" }
  triage: { type: console }
rules:
  - { name: jobs, match: { states: [failed] }, send: [{ to: oncall }] }
  - { name: relay-itself, match: { kind: relay }, recover: true, send: [{ to: triage }] }
`;

  test('tells it as ended when a destination is unparked, by whom, and as new when it breaks again at once', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', broken);
    await world.event();
    await world.pass(30 * second);
    await world.unpark('oncall');
    expect(world.facts().at(-1)).toMatchObject({
      state: 'completed',
      detail: 'Destination oncall was unparked by an operator: what waited for it is being sent.',
    });
    await world.pass(30 * second);
    expect(world.said()).toEqual([
      'destination-parked failed oncall',
      'destination-parked completed oncall',
      'destination-parked failed oncall',
    ]);
    expect(world.heard.map(({ act }) => act)).toEqual(['open', 'recover', 'open']);
  });

  test('says that it works again where it does by itself, later', async () => {
    const world = createWatchWorld(rules);
    world.answer('oncall', broken);
    await world.event();
    await world.pass(30 * second);
    await world.unpark('oncall');
    await world.pass(30 * second);
    world.answer('oncall', delivered);
    await world.pass(5 * minute);
    expect(world.facts().at(-1)!.detail).toContain('Destination oncall works again');
  });
});

function arrival(i: number) {
  return arrivalOf({ to: ['chat'], subject: String(i) });
}
