import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { playTimeline, type PlayOptions } from '../../src/simulator/play.ts';
import { readScenario } from '../../src/simulator/scenario.ts';
import { timelineOf } from '../../src/simulator/scenario-timeline.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import type { Timeline } from '../../src/simulator/timeline.ts';

const beginsMs = Date.parse('2026-03-01T23:30:00Z');

function timeline(text: string): Timeline {
  const read = readScenario(`version: 1\n${text}`, 'story.yaml', {});
  if (!read.ok) throw new Error(read.problems[0]?.message);
  return timelineOf(read.scenario, beginsMs);
}

/** A real simulator and a real receiver, by a clock that goes on when nobody has anything to do but to wait. */
async function stage({ speed = 60 } = {}) {
  let nowMs = 0;
  const sleepers: { untilMs: number; wake: () => void }[] = [];
  const wait = (ms: number) => new Promise<void>((wake) => void sleepers.push({ untilMs: nowMs + ms, wake }));
  const arrived: { minute: number; type: string; body: string }[] = [];
  const inTheAir = { now: 0, most: 0 };
  const receiver = createServer((request, response) => {
    inTheAir.most = Math.max(inTheAir.most, (inTheAir.now += 1));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { type = '' } = JSON.parse(body) as { type?: string };
      arrived.push({ minute: Math.round((nowMs * speed) / 60_000), type, body });
      // Only in another turn, so that whoever doesn't wait for the answer is here before it.
      setImmediate(() => {
        inTheAir.now -= 1;
        response.writeHead(202).end('{"status":"accepted","deliveries":0}');
      });
    });
  });
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  const ports = { now: () => nowMs, storyNow: () => beginsMs + nowMs * speed, wait, speed };
  const simulator = await startSimulator({ token: 'not-a-real-token', ports });
  onTestFinished(async () => {
    await simulator.close();
    receiver.closeAllConnections();
    receiver.close();
  });
  const all = { kind: 'jobs', jobIds: null, jobTypes: null, states: null, appId: null } as const;
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  simulator.subscribe({ ...all, name: null, secret: null, url });

  async function play(timeline: Timeline, options: Partial<PlayOptions> = {}) {
    const story = { over: false };
    const played = playTimeline(timeline, simulator, { speed, now: () => nowMs, wait, ...options }).finally(
      () => (story.over = true),
    );
    played.catch(() => undefined);
    while (!story.over) {
      const { requests } = simulator.counts().answers;
      await new Promise<void>((turn) => setImmediate(turn));
      const { answers } = simulator.counts();
      if (answers.requests !== requests || answers.requests !== answers.accepted) continue;
      const next = sleepers.sort((a, b) => a.untilMs - b.untilMs).shift();
      nowMs = Math.max(nowMs, next?.untilMs ?? 0);
      next?.wake();
    }
    return played;
  }

  return { simulator, arrived, inTheAir, play, nowMs: () => nowMs };
}

test('what happens is told when its time comes, the story’s time being so much faster', async () => {
  const { arrived, play, nowMs } = await stage({ speed: 60 });
  const sent = await play(timeline('jobs: [{ at: 10m, type: costs, queued: 5m, took: 45m }]'));
  expect(arrived.map(({ minute, type }) => `${minute} ${type}`)).toEqual([
    '10 job.pending',
    '15 job.running',
    '60 job.completed',
  ]);
  expect(nowMs()).toBe(60_000);
  expect(sent.map(({ outcome }) => outcome.kind)).toEqual(['answered', 'answered', 'answered']);
});

test('one thing comes after the answer to the one before, even at the same moment; a burst comes at once', async () => {
  const { arrived, inTheAir, play } = await stage();
  const ten = 'type: costs, count: 10, only: [completed]';
  await play(timeline(`jobs: [{ at: 0s, ${ten} }]`));
  expect(arrived).toHaveLength(10);
  expect(inTheAir.most).toBe(1);
  await play(timeline(`jobs: [{ at: 0s, ${ten}, at_once: true }]`));
  expect(arrived).toHaveLength(20);
  expect(inTheAir.most).toBeGreaterThan(1);
});

test('what is late or comes again holds up nobody, and is waited for in the end', async () => {
  const { arrived, play } = await stage();
  const sent = await play(
    timeline(`jobs:
  - { at: 0s, type: costs, queued: 1m, took: 2m, webhooks: { running: { delay: 10m }, completed: { again_after: 20m } } }
  - { at: 4m, type: upload-stats, only: [pending] }
`),
  );
  expect(arrived.map(({ minute, type }) => `${minute} ${type}`)).toEqual([
    '0 job.pending',
    '3 job.completed',
    '4 job.pending',
    '11 job.running',
    '23 job.completed',
  ]);
  expect(arrived[4]?.body).toBe(arrived[1]?.body);
  expect(sent.filter(({ again }) => again)).toHaveLength(1);
  expect(sent).toHaveLength(5);
});

test('whoever watches hears of each happening, of a burst as one, with what was sent at once', async () => {
  const { play } = await stage();
  const heard: string[] = [];
  const before: string[] = [];
  await play(
    timeline(`jobs:
  - { at: 0s, type: costs, queued: 0s, took: 1m, only: [running, completed], webhooks: { running: { delay: 5m }, completed: { again_after: 1m } } }
  - { at: 3m, type: upload-stats, count: 3, at_once: true, only: [pending] }
  - { at: 4m, type: forecast, only: [pending], webhooks: { pending: { lost: true } } }
`),
    {
      async before([{ burst }]) {
        before.push(`${burst ?? 'one'} after ${heard.length}`);
      },
      async onHappening(happenings, sent) {
        const [{ kind, burst }] = happenings;
        heard.push(`${happenings.length} ${kind} ${burst ?? ''}: ${(await sent).length} sent`);
      },
    },
  );
  expect(heard).toEqual(['1 job : 0 sent', '1 job : 1 sent', '3 job jobs[1] pending: 3 sent', '1 job : 0 sent']);
  expect(before).toEqual(['one after 0', 'one after 1', 'jobs[1] pending after 2', 'one after 3']);
});

test('whoever watches can end it, and so can a signal', async () => {
  const { arrived, play } = await stage();
  const story = timeline('jobs: [{ at: 0s, type: costs }]');
  const enough: PlayOptions['onHappening'] = async (_happenings, sent) => {
    await sent;
    throw new Error('enough');
  };
  await expect(play(story, { onHappening: enough })).rejects.toThrow('enough');
  expect(arrived).toHaveLength(1);
  const aborted = AbortSignal.abort(new Error('stopped'));
  await expect(play(story, { signal: aborted })).rejects.toThrow('stopped');
  expect(arrived).toHaveLength(1);
});
