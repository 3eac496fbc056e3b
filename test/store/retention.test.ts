import { beforeEach, describe, expect, test } from 'vitest';
import { eventSeq } from '../../src/event/id.ts';
import { createAlertStore } from '../../src/store/alerts.ts';
import { createIncidentStore } from '../../src/store/incidents.ts';
import { createRetention, pruneStep, type Forget } from '../../src/store/retention.ts';
import { createKeyIndex } from '../../src/store/keys.ts';
import { arrivalOf, broken, lifetimeMs, refused, startMs } from '../outbox/examples.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { createWorld, type Script, type World } from '../outbox/world.ts';

const day = 24 * 3_600_000;
const retentionMs = day;

let world: World;
let chat: Script;
beforeEach(() => {
  chat = { name: 'chat', fallback: 'triage' };
  world = createWorld([chat, { name: 'triage', otherwise: 'held' }]);
});

/** A pass with each of its steps; returns how many turns it took beyond the first. */
function prune(forgetters: Forget[] = []): number {
  const turns: (() => void)[] = [];
  const silent = () => {};
  createRetention({
    sql: world.store,
    hash: nodeHash,
    clock: { now: () => world.now },
    afterTurn: (work) => void turns.push(work),
    log: { debug: silent, info: silent, warn: silent, error: (fields) => expect(fields).toBeNull() },
    retentionMs,
    forgetters,
  }).run();
  let taken = 0;
  for (; turns.length > 0; taken++) turns.shift()!();
  return taken;
}

const count = (table: string) => world.store.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]!.n;
const counts = () => ['events', 'keys', 'transitions', 'deliveries', 'attempts'].map(count);

describe('retention', () => {
  test('removes an event with its key, transition, deliveries and attempts once it is older than the retention', async () => {
    await world.accept({ to: ['chat'] });
    expect(counts()).toEqual([1, 1, 1, 1, 1]);
    world.setClock(startMs + retentionMs);
    prune();
    expect(counts()).toEqual([1, 1, 1, 1, 1]);
    world.setClock(startMs + retentionMs + 1);
    prune();
    expect(counts()).toEqual([0, 0, 0, 0, 0]);
  });

  test('a key and a transition are taken anew only after they are pruned', async () => {
    const same = { to: ['chat'], key: 'k', jobId: 'j' };
    await world.accept(same);
    world.setClock(startMs + retentionMs);
    prune();
    expect(await world.accept(same)).toMatchObject({ kind: 'duplicate', of: 'key' });
    world.setClock(startMs + retentionMs + 1);
    prune();
    expect(await world.accept(same)).toMatchObject({ kind: 'accepted', deliveries: 1 });
  });

  test('an event with an open delivery stays whole, however old; those around it go', async () => {
    await world.accept({ to: ['chat'] });
    const held = await world.accept({ to: ['chat', 'triage'] });
    await world.accept({ to: ['chat'] });
    world.setClock(startMs + 40 * day);
    prune();
    expect(world.store.query('SELECT seq FROM events')).toEqual([{ seq: eventSeq((held as { eventId: string }).eventId) }]);
    expect(world.rows().map(({ status }) => status)).toEqual(['delivered', 'sending']);
  });

  test('stops at the first event that is young, and goes in steps that leave the thread between them', async () => {
    for (let i = 0; i < 250; i++) void world.take(arrivalOf({ to: [] }));
    await world.settle();
    world.setClock(startMs + 2 * day);
    for (let i = 0; i < 30; i++) void world.take(arrivalOf({ to: [] }));
    await world.settle();
    expect(prune()).toBe(2);
    expect(counts()).toEqual([30, 30, 30, 0, 0]);
  });

  test('a step looks at so many and no more, and says where to go on, also where all it saw must stay', async () => {
    for (let i = 0; i < 3; i++) await world.accept({ to: ['triage'], subject: String(i) });
    const seqs = world.store.query<{ seq: number }>('SELECT seq FROM events ORDER BY seq').map(({ seq }) => seq);
    const keys = createKeyIndex(world.store, nodeHash);
    expect(pruneStep(world.store, keys, Infinity, 0, 2)).toEqual({ removed: 0, next: seqs[1] });
    expect(pruneStep(world.store, keys, Infinity, seqs[1]!, 2)).toEqual({ removed: 0, next: null });
  });

  test('the notices of the relay go when they are old and sent', async () => {
    chat.answers = [broken];
    await world.accept({ to: ['chat'] });
    const [notice] = world.open();
    notice!.answer({ kind: 'delivered', detail: 'ok' });
    await world.pass(60_000);
    world.setClock(startMs + 2 * day);
    prune();
    expect(counts()).toEqual([0, 0, 0, 0, 0]);
  });

  test('a notice that died stays while its fallback is still open', async () => {
    const notices: Script = { name: 'notices', fallback: 'triage', answers: [refused] };
    chat.answers = [broken];
    world.reload([{ ...chat, fallback: 'notices' }, notices, { name: 'triage', otherwise: 'held' }]);
    await world.accept({ to: ['chat'] });
    await world.pass(60_000);
    const isNotice = ({ notice }: { notice: string | null }) => notice !== null;
    expect(world.rows().filter(isNotice)).toMatchObject([{ status: 'dead' }, { status: 'sending' }]);
    world.setClock(startMs + lifetimeMs + 2 * day);
    prune();
    expect(world.rows().filter(isNotice)).toHaveLength(2);
  });

  test('a pass under way is not started twice, and a store that fails ends it without harm', async () => {
    for (let i = 0; i < 150; i++) void world.take(arrivalOf({ to: [] }));
    await world.settle();
    world.setClock(startMs + 2 * day);
    const turns: (() => void)[] = [];
    const errors: string[] = [];
    const note = (_fields: object, message: string) => void errors.push(message);
    const retention = createRetention({
      sql: world.store,
      hash: nodeHash,
      clock: { now: () => world.now },
      afterTurn: (work) => void turns.push(work),
      log: { debug() {}, info() {}, warn() {}, error: note },
      retentionMs,
      forgetters: [],
    });
    retention.run();
    retention.run();
    expect(turns).toHaveLength(1);
    world.store.break();
    turns.shift()!();
    world.store.mend();
    expect([count('events'), errors]).toEqual([50, ['pruning failed: tried again at the next turn']]);
    retention.run();
    expect(count('events')).toBe(0);
  });
});

test('an event from a time that has not come does not keep those behind it', async () => {
  world.setClock(startMs + 365 * day);
  await world.accept({ to: ['chat'] });
  world.setClock(startMs);
  for (let i = 0; i < 3; i++) await world.accept({ to: ['chat'] });
  world.setClock(startMs + retentionMs + 1);
  prune();
  expect(count('events')).toBe(1);
});

describe('incidents', () => {
  const isoUs = (atMs: number) => new Date(atMs).toISOString().replace('Z', '000');

  test('are forgotten with their subject once they are over for long, and not while they are open', async () => {
    await world.accept({ to: ['chat'], subject: 'broken' });
    await world.accept({ to: ['chat'], subject: 'mended' });
    await world.accept({ to: ['chat'], subject: 'mended', state: 'completed', updatedAt: isoUs(world.now) });
    world.setClock(startMs + retentionMs + 1);
    prune([createIncidentStore(world.store).forget]);
    expect(world.store.query('SELECT subject FROM subjects')).toEqual([{ subject: 'broken' }]);
    expect(count('events')).toBe(0);
    world.setClock(startMs + retentionMs + 4 * day);
    prune([createIncidentStore(world.store).forget]);
    expect(world.store.query('SELECT subject FROM incidents')).toEqual([{ subject: 'broken' }]);
  });

  test('keep the event that is still to be told, however old', async () => {
    await world.accept({ to: [], subject: 'held' });
    const { seq } = world.store.query<{ seq: number }>('SELECT seq FROM events')[0]!;
    createAlertStore(world.store).put({
      subject: 'held',
      rule: 'r',
      incident: seq,
      phase: 'held',
      dueAt: startMs + 2 * retentionMs,
      armedAt: startMs,
      editAt: null,
      editedAt: null,
      toldAt: null,
      toldHere: false,
      untold: 1,
      eventSeq: seq,
      silence: null,
      spec: { policy: null, send: [], usual: 'error', owners: [], groupKey: null },
    });
    world.setClock(startMs + 2 * retentionMs);
    prune([createIncidentStore(world.store).forget]);
    expect([count('events'), count('alerts')]).toEqual([1, 1]);
    world.store.query('UPDATE alerts SET due_at = NULL, untold = 0');
    prune([createIncidentStore(world.store).forget]);
    expect([count('events'), count('alerts')]).toEqual([0, 1]);
  });
});
