import { describe, expect, test } from 'vitest';
import { broken, delivered, refused, startMs, unanswered } from './examples.ts';
import { createWorld, type Script, type World } from './world.ts';

const minute = 60_000;

/** A destination that is broken from now on, and its fallback. */
async function brokenWorld(changes: Partial<Script> = {}): Promise<{ world: World; chat: Script }> {
  const chat: Script = { name: 'chat', fallback: 'triage', otherwise: broken, ...changes };
  const world = createWorld([chat, { name: 'triage' }, { name: 'pager' }]);
  await world.accept({ to: ['chat', 'pager'], subject: '1' });
  return { world, chat };
}

const notices = (world: World) => world.sent.filter(({ outgoing }) => outgoing.content.kind === 'notice');
const sentAt = (world: World, name: string) => world.sentTo(name).map(({ at }) => (at - startMs) / minute);

describe('a broken destination', () => {
  test('is parked: its deliveries wait, those of others go on, and the fallback is told once', async () => {
    const { world } = await brokenWorld();
    for (const subject of ['2', '3']) await world.accept({ to: ['chat', 'pager'], subject });
    await world.pass(30_000);
    expect(world.statesOf('chat')).toEqual(['scheduled', 'queued', 'queued']);
    expect(world.statesOf('pager')).toEqual(['delivered', 'delivered', 'delivered']);
    expect(world.sentTo('chat')).toHaveLength(1);
    expect(world.outbox.parked()).toMatchObject([
      { destination: 'chat', reason: 'channel', detail: 'channel_not_found', since: startMs },
    ]);
    expect(notices(world)).toHaveLength(1);
    expect(notices(world)[0]).toMatchObject({
      destination: 'triage',
      outgoing: { rule: null, severity: 'error', subject: 'relay/destination/chat' },
    });
    expect(notices(world)[0]!.outgoing.content).toMatchObject({
      title: 'Destination chat is broken: its alerts wait',
      text: expect.stringMatching(/^channel_not_found\nCheck that its channel or address exists/),
    });
  });

  test('is probed with one delivery after 1, 2, 4, 8 minutes and then every 15, and nobody is told again', async () => {
    const { world } = await brokenWorld();
    await world.accept({ to: ['chat'], subject: '2' });
    await world.pass(61 * minute);
    expect(sentAt(world, 'chat')).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
    expect(notices(world)).toHaveLength(1);
  });

  test('silence counts as "still broken"', async () => {
    const { world, chat } = await brokenWorld();
    chat.otherwise = unanswered;
    await world.pass(16 * minute);
    expect(sentAt(world, 'chat')).toEqual([0, 1, 3, 7, 15]);
    expect(world.outbox.parked()).toHaveLength(1);
  });

  test.each([
    ['takes', delivered],
    ['understands but refuses', refused],
  ])('is unparked by a probe that it %s, and all that waited is sent', async (_what, answer) => {
    const { world, chat } = await brokenWorld();
    await world.accept({ to: ['chat'], subject: '2' });
    chat.otherwise = delivered;
    chat.answers = [answer];
    await world.pass(minute);
    expect(world.outbox.parked()).toEqual([]);
    expect(world.statesOf('chat')[1]).toBe('delivered');
  });

  test('is reported again when it breaks anew', async () => {
    const { world, chat } = await brokenWorld();
    chat.answers = [delivered];
    await world.pass(minute);
    await world.accept({ to: ['chat'], subject: '2' });
    expect(notices(world)).toHaveLength(2);
  });

  test('many requests that break together are one breaking: the first probe comes after a minute', async () => {
    const { world, chat } = await brokenWorld({ answers: [], otherwise: 'held', concurrency: 4 });
    for (const subject of ['2', '3', '4']) await world.accept({ to: ['chat'], subject });
    for (const call of world.open()) {
      world.setClock(world.now + 10);
      call.answer(broken);
      await world.settle();
    }
    chat.otherwise = broken;
    expect(notices(world)).toHaveLength(1);
    expect(world.outbox.parked()).toMatchObject([{ probes: 0, probeAt: startMs + 10 + minute }]);
    await world.pass(minute);
    expect(world.sentTo('chat')).toHaveLength(5);
  });

  test('a request that was under way when it broke says nothing about now, however it ends', async () => {
    const { world } = await brokenWorld({ otherwise: 'held' });
    await world.accept({ to: ['chat'], subject: '2' });
    const [first, second] = world.open();
    first!.answer(broken);
    await world.settle();
    second!.answer(delivered);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['scheduled', 'delivered']);
    expect(world.outbox.parked()).toMatchObject([{ destination: 'chat', probes: 0 }]);
  });

  test('new rules are a reason to try at once', async () => {
    const { world, chat } = await brokenWorld();
    await world.pass(10_000);
    chat.otherwise = delivered;
    world.reload([chat, { name: 'triage' }]);
    await world.settle();
    expect(world.statesOf('chat')).toEqual(['delivered']);
    expect(world.outbox.parked()).toEqual([]);
  });

  test('a restart neither forgets nor reports again, and keeps the date of the probe', async () => {
    const { world } = await brokenWorld();
    await world.pass(2 * minute);
    await world.restart();
    expect(world.sentTo('chat')).toHaveLength(2);
    await world.pass(2 * minute);
    expect(sentAt(world, 'chat')).toEqual([0, 1, 3]);
    expect(notices(world)).toHaveLength(1);
  });

  test('a probe keeps to the pace of its channel', async () => {
    const pace = { perSecond: 1 / 600, burst: 1 };
    const { world } = await brokenWorld({ pace });
    await world.pass(11 * minute);
    expect(sentAt(world, 'chat')).toEqual([0, 10]);
  });

  test('that is gone from the rules is parked no longer', async () => {
    const { world } = await brokenWorld();
    world.reload([{ name: 'triage' }]);
    await world.settle();
    expect(world.outbox.parked()).toEqual([]);
  });

  test('without a fallback is parked all the same, and the log says so', async () => {
    const { world } = await brokenWorld({ fallback: null });
    expect(notices(world)).toEqual([]);
    expect(world.log).toContainEqual({
      level: 'error',
      fields: { destination: 'chat', reason: 'channel', detail: 'channel_not_found', fallback: null },
      message: 'destination is broken: parked, its deliveries wait',
    });
  });

  test('whose fallback is broken too is reported further down the chain', async () => {
    const world = createWorld([
      { name: 'chat', fallback: 'triage', otherwise: broken },
      { name: 'triage', fallback: 'last', otherwise: broken },
      { name: 'last' },
    ]);
    await world.accept({ to: ['chat'] });
    expect(notices(world).map(({ destination, outgoing }) => [destination, outgoing.subject])).toEqual([
      ['triage', 'relay/destination/chat'],
      ['last', 'relay/destination/triage'],
    ]);
    // A day on, the report about chat is of no more use to triage, and goes where it can be read.
    await world.pass(25 * 60 * minute);
    expect(
      notices(world)
        .filter(({ destination }) => destination === 'last')
        .map(({ outgoing }) => outgoing.subject),
    ).toContain('relay/destination/chat');
  });
});
