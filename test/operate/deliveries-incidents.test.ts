/** Retrying and discarding what tells of an incident: nobody is woken for nothing, and who was woken hears of the end. */
import { describe, expect, test } from 'vitest';
import { deliveryId, incidentId } from '../../src/event/id.ts';
import { createDeliveryOperations } from '../../src/operate/deliveries.ts';
import { createIncidentWorld, hour, minute, rule, type IncidentWorld, type Sent } from '../incident/world.ts';
import { delivered, lifetimeMs, refused, startMs, unreachable } from '../outbox/examples.ts';
import { deliveryRows } from '../outbox/world.ts';
import { anything, given, noLog, refusal } from './deliveries-stage.ts';

const types = { chat: 'slack', team: 'slack', pager: 'pagerduty', http: 'http' } as const;
const last = (sent: readonly Sent[], destination: string) => sent.findLast((each) => each.destination === destination)!;

function operatorIn(world: IncidentWorld) {
  const destinations = new Map(
    Object.entries(types).map(([name, type]) => [
      name,
      { type, preview: () => ({ format: 'console' as const, body: null, problems: [] }) },
    ]),
  );
  return createDeliveryOperations({
    sql: world.store,
    clock: { now: () => startMs + world.at },
    log: noLog,
    destinations: () => destinations,
    links: () => ({}),
    deliveryLifetimeMs: lifetimeMs,
    wake: () => {},
  });
}

/** The id of the first delivery to a destination. */
function idAt(world: IncidentWorld, destination: string, act: string): string {
  const row = deliveryRows(world.store).find((each) => each.destination === destination && each.spec.includes(`"act":"${act}"`))!;
  return deliveryId({ eventSeq: row.event_seq, n: row.n });
}

/** The subject fails, and the destination refuses to hear of it. */
async function refusedAt(to: string, fallbacks: Record<string, string> = {}) {
  const world = createIncidentWorld([rule({ to: [to], recover: true })], { fallbacks });
  world.hold(to);
  await world.fails();
  last(world.sent, to).answer(refused);
  world.letGo(to);
  await world.settle();
  return { world, operations: operatorIn(world), id: idAt(world, to, 'open') };
}

describe('a retry of an alert', () => {
  test('is done while its incident is open, and the end is told there then', async () => {
    const { world, operations, id } = await refusedAt('pager');
    given(operations.retry(id));
    await world.restart();
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 r → pager open', '1m #2 r → pager recover']);
  });

  test('is refused once its incident has ended', async () => {
    const { world, operations, id } = await refusedAt('pager');
    await world.pass(hour);
    await world.completes();
    expect(refusal(operations.retry(id))).toBe(
      `conflict: ${id} is about an incident that ended at 2026-03-02T10:12:05.000Z; sending it now would wake somebody for nothing: discard it.`,
    );
    await world.restart();
    expect(world.told()[0]).toBe('0m #1 r → pager open (dead)');
  });

  test('is done after that for what forwards events: whoever takes them wants each', async () => {
    const { world, operations, id } = await refusedAt('http');
    await world.pass(hour);
    await world.completes();
    given(operations.retry(id));
    await world.restart();
    expect(world.told()[0]).toBe('0m #1 r → http open');
  });

  test('is refused when nothing is known of its incident any more', async () => {
    const { world, operations, id } = await refusedAt('pager');
    await world.completes();
    world.store.query('DELETE FROM incidents');
    expect(refusal(operations.retry(id))).toContain('is about an incident that is past its retention');
  });

  test('of one of a storm without an end to tell is done after the storm has passed: nobody has recovered', async () => {
    const { world, operations, id } = await refusedAt('pager');
    world.store.query(`UPDATE incidents SET kind = 'group', ended_at = last_at, ended_by = NULL`);
    expect(given(operations.retry(id)).status).toBe('queued');
  });

  test('of one of anything else that nothing ended is refused: nobody waits for it any more', async () => {
    const { world, operations, id } = await refusedAt('pager');
    world.store.query(`UPDATE incidents SET kind = 'expect', ended_at = last_at, ended_by = NULL`);
    expect(refusal(operations.retry(id))).toContain('is about an incident that ended at');
  });
});

describe('a retry of an end', () => {
  async function endRefused() {
    const world = createIncidentWorld([rule({ to: ['pager'], recover: true })]);
    await world.fails();
    await world.pass(minute);
    world.hold('pager');
    await world.completes();
    last(world.sent, 'pager').answer(refused);
    world.letGo('pager');
    await world.settle();
    return { world, operations: operatorIn(world), id: idAt(world, 'pager', 'recover') };
  }

  test('is done, however late: whoever was woken has to hear of it', async () => {
    const { world, operations, id } = await endRefused();
    await world.pass(48 * hour);
    given(operations.retry(id));
    await world.restart();
    expect(world.told()).toEqual(['0m #1 r → pager open', '1m #2 r → pager recover']);
  });

  test('is refused when the subject has failed again: it would close the alert that stands', async () => {
    const { world, operations, id } = await endRefused();
    await world.pass(minute);
    await world.fails();
    const again = world.store.query<{ id: number }>('SELECT id FROM incidents WHERE ended_at IS NULL')[0]!.id;
    expect(refusal(operations.retry(id))).toBe(
      `conflict: ${id} tells the end of an incident, and a has failed again since (${incidentId(again)}); sent now, it would close the alert that stands: discard it.`,
    );
    await world.pass(minute);
    await world.completes();
    expect(given(operations.retry(id)).status).toBe('queued');
  });
});

describe('a discarded alert', () => {
  test('was the only one of its incident: nobody is told of an end whose beginning nobody heard', async () => {
    const { world, operations, id } = await refusedAt('pager');
    given(operations.discard(id));
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 r → pager open (suppressed)']);
  });

  /** Of a rule that repeats itself each hour: the pager refuses to hear that the subject failed. */
  async function openingRefused(to = ['pager']) {
    const world = createIncidentWorld([rule({ to, repeatMs: hour, recover: true })]);
    world.hold('pager');
    await world.fails();
    last(world.sent, 'pager').answer(refused);
    world.letGo('pager');
    await world.pass(minute);
    return { world, discard: () => given(operatorIn(world).discard(idAt(world, 'pager', 'open'))) };
  }

  test('told nobody, so the next failure is no repetition of it, and is told with its end', async () => {
    const { world, discard } = await openingRefused();
    discard();
    await world.fails();
    await world.pass(minute);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 r → pager open (suppressed)', '1m #2 r → pager open', '3m #4 r → pager recover']);
    expect(world.decisions(3)).toEqual(['r: repeat']);
  });

  test('told nobody, so a failure that was only counted after it is told now', async () => {
    const { world, discard } = await openingRefused();
    await world.fails();
    expect(world.decisions(2)).toEqual(['r: repeat']);
    discard();
    await world.reviewSilences();
    expect(world.told()).toEqual(['0m #1 r → pager open (suppressed)', '1m #2 r → pager open']);
    expect(world.decisions(2)).toEqual([]);
  });

  test('leaves the next failure a repetition where somebody else was told', async () => {
    const { world, discard } = await openingRefused(['pager', 'chat']);
    discard();
    await world.fails();
    expect(world.decisions(2)).toEqual(['r: repeat']);
  });

  test('told nobody where the event was only forwarded beside it', async () => {
    const { world, discard } = await openingRefused(['pager', 'http']);
    discard();
    await world.fails();
    expect(world.told()).toContain('1m #2 r → pager open');
  });

  /** What was said first died, and so did its reminder. */
  async function bothRefused(fallbacks: Record<string, string> = {}) {
    const world = createIncidentWorld([rule({ to: ['pager'], repeatMs: 10 * minute, recover: true })], { fallbacks });
    world.hold('pager');
    await world.fails();
    last(world.sent, 'pager').answer(refused);
    await world.pass(minute);
    await world.fails();
    await world.pass(10 * minute);
    last(world.sent, 'pager').answer(refused);
    world.letGo('pager');
    await world.settle();
    const operations = operatorIn(world);
    return { world, operations, discard: (act: string) => given(operations.discard(idAt(world, 'pager', act))) };
  }

  test.each([
    ['before its reminder', ['open', 'remind']],
    ['after its reminder', ['remind', 'open']],
  ])('%s told nobody: the next failure is told at once, with its end', async (_, order) => {
    const { world, discard } = await bothRefused();
    for (const act of order) discard(act);
    await world.fails();
    await world.pass(minute);
    await world.completes();
    expect(world.told().map((line) => line.replace(/^.*→ /, ''))).toEqual([
      'pager open (suppressed)',
      'pager remind (suppressed)',
      'pager open',
      'pager recover',
    ]);
  });

  test('told nobody where all of its incident are discarded together', async () => {
    const { world, operations } = await bothRefused();
    given(operations.bulk('discard', { ...anything, statuses: ['dead'] }, { dryRun: false, before: null }));
    await world.completes();
    expect(world.told().filter((line) => line.includes('recover'))).toEqual([]);
  });

  test('leaves the next failure a repetition while its reminder may be retried', async () => {
    const { world, discard } = await bothRefused();
    discard('open');
    await world.fails();
    expect(world.decisions(3)).toEqual(['r: repeat']);
  });

  test('and its reminder leave the end to be told where a fallback heard of the beginning', async () => {
    const { world, discard } = await bothRefused({ pager: 'team' });
    for (const act of ['open', 'remind']) discard(act);
    await world.completes();
    expect(world.told()).toContainEqual(expect.stringMatching(/→ team recover$/));
  });

  test('hears of the end where it was told again before it was discarded', async () => {
    const world = createIncidentWorld([rule({ to: ['pager'], repeatMs: hour, recover: true })]);
    world.hold('pager');
    await world.fails();
    last(world.sent, 'pager').answer(refused);
    world.letGo('pager');
    await world.pass(minute);
    await world.fails();
    await world.pass(hour);
    given(operatorIn(world).discard(idAt(world, 'pager', 'open')));
    await world.completes();
    expect(world.told().at(-1)).toBe('61m #3 r → pager recover');
  });

  test('whose content its fallback has told leaves the end to be told to that', async () => {
    const { world, operations, id } = await refusedAt('pager', { pager: 'team' });
    given(operations.discard(id));
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual([
      '0m #1 r → pager open (suppressed)',
      '0m #1 r → team open',
      '1m #2 r → pager recover',
      '1m #2 r → team recover',
    ]);
  });

  test('leaves what was told elsewhere as it is', async () => {
    const world = createIncidentWorld([rule({ to: ['pager', 'chat'], recover: true })]);
    world.hold('pager');
    await world.fails();
    last(world.sent, 'pager').answer(refused);
    world.letGo('pager');
    await world.settle();
    given(operatorIn(world).discard(idAt(world, 'pager', 'open')));
    await world.pass(minute);
    await world.completes();
    expect(world.told()).toEqual(['0m #1 r → pager open (suppressed)', '0m #1 r → chat open', '1m #2 r → chat recover']);
  });
});

describe('an alert that is discarded when its incident is over', () => {
  /** The pager can not be reached for as long as the incident lasts; its end waits behind what it ends. */
  async function unreachableFor(policy: Parameters<typeof rule>[0], fallbacks: Record<string, string> = {}) {
    const world = createIncidentWorld([rule({ to: ['pager'], recover: true, ...policy })], { fallbacks });
    world.hold('pager');
    await world.fails();
    return { world, operations: operatorIn(world) };
  }
  /** By Narrative's clock after it failed, and before anything is tried again. */
  const completes = async (world: IncidentWorld) => {
    await world.pass(1);
    await world.completes();
  };
  /** `open (suppressed)`: what was to be told, in its order. */
  const acts = (world: IncidentWorld, to: string) =>
    world.told().flatMap((line) => (line.includes(`→ ${to} `) ? [line.replace(/^.*→ \S+ /, '')] : []));
  const answerLast = async (world: IncidentWorld, outcome: Parameters<Sent['answer']>[0]) => {
    last(world.sent, 'pager').answer(outcome);
    await world.settle();
  };

  test('takes the end with it, which nobody waits for', async () => {
    const { world, operations } = await unreachableFor({});
    await answerLast(world, unreachable);
    await completes(world);
    const id = idAt(world, 'pager', 'open');
    given(operations.discard(id));
    world.letGo('pager');
    await world.pass(hour);
    expect(acts(world, 'pager')).toEqual(['open (suppressed)', 'recover (suppressed)']);
    expect(given(operations.show(idAt(world, 'pager', 'recover')))).toMatchObject({
      reason: 'discarded',
      detail: `discarded with ${id}: who has not heard that it began is not told that it is over`,
    });
    const counted = world.store.query(`SELECT outcome, n FROM hourly WHERE what = 'delivery'`);
    expect(counted).toEqual([{ outcome: 'suppressed', n: 2 }]);
  });

  test('leaves the end to be told where a reminder has arrived', async () => {
    const { world, operations } = await unreachableFor({ repeatMs: hour });
    await answerLast(world, refused);
    await world.pass(minute);
    await world.fails();
    await world.pass(hour);
    await answerLast(world, delivered);
    await completes(world);
    await answerLast(world, unreachable);
    given(operations.discard(idAt(world, 'pager', 'open')));
    world.letGo('pager');
    await world.pass(hour);
    expect(acts(world, 'pager')).toEqual(['open (suppressed)', 'remind', 'recover']);
  });

  test('leaves the end to be told while a reminder may arrive, and takes it along with that', async () => {
    const { world, operations } = await unreachableFor({ repeatMs: hour });
    await answerLast(world, unreachable);
    await world.pass(minute);
    await world.fails();
    await world.pass(hour);
    await completes(world);
    given(operations.discard(idAt(world, 'pager', 'open')));
    expect(acts(world, 'pager')).toEqual(['open (suppressed)', 'remind (queued)', 'recover (queued)']);
    given(operations.discard(idAt(world, 'pager', 'remind')));
    expect(acts(world, 'pager')).toEqual(['open (suppressed)', 'remind (suppressed)', 'recover (suppressed)']);
  });

  test('leaves the end as it is where a fallback heard of the beginning', async () => {
    const { world, operations } = await unreachableFor({}, { pager: 'team' });
    await answerLast(world, refused);
    await completes(world);
    await answerLast(world, unreachable);
    given(operations.discard(idAt(world, 'pager', 'open')));
    world.letGo('pager');
    await world.pass(hour);
    expect(acts(world, 'pager')).toEqual(['open (suppressed)', 'recover']);
    expect(acts(world, 'team')).toEqual(['open', 'recover']);
  });
});

describe('a retry of a message of a rule that sends each event', () => {
  async function refusedMessage(to: string, states: string[]) {
    const world = createIncidentWorld([rule({ name: 'plain', to: [to], states })]);
    world.hold(to);
    await world.fails();
    if (states.includes('completed')) {
      await world.pass(minute);
      await world.completes();
    }
    last(world.sent, to).answer(refused);
    world.letGo(to);
    await world.settle();
    const row = deliveryRows(world.store)[0]!;
    return { world, operations: operatorIn(world), id: deliveryId({ eventSeq: row.event_seq, n: row.n }) };
  }

  test('is done while what failed is not mended, and refused after that', async () => {
    const { world, operations, id } = await refusedMessage('pager', ['failed']);
    await world.pass(minute);
    await world.completes();
    expect(refusal(operations.retry(id))).toMatch(
      / is about an incident that ended at .* wake somebody for nothing: discard it\.$/,
    );
    await world.fails();
    expect(refusal(operations.retry(id))).toContain('is about an incident that ended at');
    const open = await refusedMessage('pager', ['failed']);
    expect(given(open.operations.retry(open.id)).status).toBe('queued');
  });

  test('is done for what forwards events, and for the news of the end itself', async () => {
    const forwarded = await refusedMessage('http', ['failed']);
    await forwarded.world.completes();
    expect(given(forwarded.operations.retry(forwarded.id)).status).toBe('queued');
    const end = await refusedMessage('pager', ['completed']);
    expect(given(end.operations.retry(end.id)).status).toBe('queued');
  });
});
