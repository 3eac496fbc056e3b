/** A simulator between a caller of its API and real endpoints that take its webhooks. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { parseJson, type JsonObject } from '../../src/event/json.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/simulator.ts';
import type { AppHappening, Happening, SeedSubscription, WebhookWish } from '../../src/simulator/timeline.ts';

export const token = 'simulator-test-token';
/** What the simulator believes that it is when nobody has waited. */
export const beginning = Date.parse('2026-03-02T03:04:05.678Z');

export interface Taken {
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json: JsonObject;
}

export interface Endpoint {
  url: string;
  taken: readonly Taken[];
  /** How it answers from now on; the default is to accept with one delivery. */
  answer(reply: (taken: Taken, number: number) => Reply | Promise<Reply>): void;
  /** Resolves when so many requests are there. */
  untilTaken(count: number): Promise<void>;
}

export interface Reply {
  status: number;
  body?: string;
  headers?: Record<string, string>;
}

export const accepted: Reply = { status: 202, body: '{"status":"accepted","event_id":"evt_1","deliveries":1}' };

/** A real server that takes webhooks. */
export async function endpoint(): Promise<Endpoint> {
  const taken: Taken[] = [];
  const watchers: (() => void)[] = [];
  let reply: (taken: Taken, number: number) => Reply | Promise<Reply> = () => accepted;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const one = { url: request.url ?? '', headers: request.headers, body, json: parseJson(body.toString()) as JsonObject };
      taken.push(one);
      for (const watch of watchers) watch();
      void Promise.resolve(reply(one, taken.length)).then((answer) =>
        response.writeHead(answer.status, answer.headers).end(answer.body ?? '{}'),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/narrative`,
    taken,
    answer: (chosen) => void (reply = chosen),
    async untilTaken(count) {
      while (taken.length < count) await new Promise<void>((resolve) => watchers.push(resolve));
    },
  };
}

/** Each wait passes at once and moves the clock on, unless they are held: then it passes when it is let go. */
export function fakeTime() {
  const waits: number[] = [];
  const held: { ms: number; pass: () => void }[] = [];
  const watchers: (() => void)[] = [];
  let now = beginning;
  let holds = false;
  return {
    waits,
    now: () => now,
    hold: () => void (holds = true),
    async wait(ms: number): Promise<void> {
      waits.push(ms);
      if (holds) {
        await new Promise<void>((pass) => {
          held.push({ ms, pass });
          for (const watch of watchers) watch();
        });
      }
      now += ms;
    },
    /** Resolves when so many wait. */
    async untilHeld(count: number): Promise<void> {
      while (held.length < count) await new Promise<void>((resolve) => watchers.push(resolve));
    },
    /** The wait of so long is over. */
    letGo(ms: number): void {
      const found = held.findIndex((one) => one.ms === ms);
      if (found < 0) throw new Error(`nobody waits ${ms} ms, but ${held.map((one) => one.ms).join(', ')}`);
      held.splice(found, 1)[0]!.pass();
    },
  };
}

export interface Answered {
  status: number;
  headers: Headers;
  /** Undefined for an empty body. */
  body: AnswerBody;
}

export interface JobAnswer extends JsonObject {
  job_id: string;
  created_at: string;
  dequeued_at: string;
  updated_at: string;
  ended_at: string;
  result: JsonObject;
}

/** Of all answers, what the tests look into: each has some of it. */
export interface AnswerBody extends JsonObject {
  message: string;
  id: string;
  secret: string;
  created_at: string;
  delivery_stats: JsonObject;
  records: JobAnswer[];
  jobs: [JobAnswer, ...JobAnswer[]];
  webhooks: JsonObject[];
}

export interface Stage {
  simulator: Simulator;
  time: ReturnType<typeof fakeTime>;
  /** With the token; `body` is sent as JSON unless it is text. */
  call(method: string, path: string, body?: unknown): Promise<Answered>;
}

export async function stage(options: Partial<Omit<SimulatorOptions, 'ports'>> & { speed?: number } = {}): Promise<Stage> {
  const { speed = 1, ...rest } = options;
  const time = fakeTime();
  const ports = { now: time.now, storyNow: time.now, wait: time.wait, speed };
  const simulator = await startSimulator({ token, ...rest, ports });
  onTestFinished(() => simulator.close());
  return {
    simulator,
    time,
    async call(method, path, body) {
      const init: RequestInit = { method, headers: { authorization: `Bearer ${token}` } };
      if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(simulator.url + path, init);
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: (text === '' ? undefined : parseJson(text)) as AnswerBody,
      };
    },
  };
}

const asUsual: WebhookWish = { delayMs: 0, againAfterMs: null, lost: false };
const unplanned = { atMs: 0, burst: null, note: null };

/** A job comes to a state. */
export function jobHappens(job: JsonObject = {}, webhook: Partial<WebhookWish> = {}): Extract<Happening, { kind: 'job' }> {
  const whole = {
    job_id: 'a0000000-0000-4000-8000-000000000001',
    state: 'failed',
    type: 'materialize-view',
    input: { dataset_id: 10_736 },
    created_at: '2026-03-02T03:00:00.000001',
    updated_at: '2026-03-02T03:04:00.000001',
    ...job,
  };
  return { ...unplanned, kind: 'job', job: whole, webhook: { ...asUsual, ...webhook } };
}

export function appHappens(app: Partial<AppHappening> = {}): Happening {
  return {
    ...unplanned,
    kind: 'app',
    appId: '8',
    eventType: 'facebook.audience.delivery.failed',
    datasetId: 10_801,
    connectionId: 'connection-1',
    profileId: 'profile-1',
    payload: { rows: 3 },
    webhook: asUsual,
    ...app,
  };
}

export function seed(url: string, more: Partial<SeedSubscription> = {}): SeedSubscription {
  return { name: null, url, secret: null, kind: 'jobs', jobIds: null, jobTypes: null, states: null, appId: null, ...more };
}
