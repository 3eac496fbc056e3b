/**
 * The independent witness of the proofs: stand-ins for Slack, PagerDuty and an HTTP endpoint that note what arrived, in
 * which order, at which life of the relay, and whether the relay can have heard the answer.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { takesEffect, type Fault } from '../../src/demo/faults.ts';
import { startHttpReceiver } from '../../src/demo/http-receiver.ts';
import { startPagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import { startSlackStandIn } from '../../src/demo/slack-stand-in.ts';
import { refusedExecutor } from './load.ts';

/** The destinations of the proof's rules; `triage` is the fallback of the others. */
export const destinations = ['data-eng', 'triage', 'oncall', 'airflow'] as const;
export type DestinationName = (typeof destinations)[number];

export const channels = { 'data-eng': 'C0DATAENG', triage: 'C0TRIAGE' } as const;
export const routingKey = 'PROOFROUTINGKEYTHATISNOTAREALKEY';
export const httpSecret = 'proof-http-secret-not-a-real-one';

/** One request that had its effect: a message posted, an event taken. */
export interface Arrival {
  destination: DestinationName;
  /** The webhook that it tells of. */
  webhookId: string;
  /** Which life of the relay it came from, counted from 1. */
  life: number;
  /** False: its answer was withheld, so the relay can't know that it arrived. */
  answered: boolean;
  /** PagerDuty's, else null. */
  dedupKey: string | null;
  /** The HTTP endpoint's, else null. */
  body: Uint8Array | null;
}

/** Decides the fault of a destination's next request; null for none. */
export type Weather = (destination: DestinationName) => Fault | null;

export interface Witness {
  slackApiUrl: string;
  pagerDutyUrl: string;
  httpUrl: string;
  readonly arrivals: readonly Arrival[];
  /** Titles of the relay's own notices that came to `triage`. */
  readonly notices: readonly string[];
  /** What the stand-ins found wrong with requests. */
  problems(): string[];
  /** A new life of the relay begins: called before it is started, the one before having ended. */
  newLife(): Promise<void>;
  changeWeather(weather: Weather): void;
  /** Called in the very moment in which something has arrived, before it is answered. Returns how to stop that. */
  onArrival(listener: () => void): () => void;
  close(): Promise<void>;
}

const webhookId = /load-\d+-\d+/;

export async function startWitness(): Promise<Witness> {
  const slack = await startSlackStandIn();
  const pagerDuty = await startPagerDutyStandIn({ routingKeys: [routingKey] });
  const http = await startHttpReceiver({ secret: httpSecret });
  const arrivals: Arrival[] = [];
  const notices: string[] = [];
  const lost: string[] = [];
  const listeners = new Set<() => void>();
  let life = 0;
  let weather: Weather = () => null;
  /** Of the request that is being handled: a stand-in asks for the fault, takes the request and tells of it in one go. */
  let fault: Fault | null = null;

  function arrived(destination: DestinationName, text: string, more: Partial<Pick<Arrival, 'dedupKey' | 'body'>> = {}): void {
    const id = webhookId.exec(text)?.[0];
    if (id === undefined && destination === 'triage') return void notices.push(text.split('\n', 1)[0]!);
    if (id === undefined) return void lost.push(`${destination} got what tells of no webhook: ${text.slice(0, 200)}`);
    const answered = fault === null || !takesEffect(fault);
    arrivals.push({ destination, webhookId: id, life, answered, dedupKey: null, body: null, ...more });
    for (const listener of listeners) listener();
  }

  const nextFault = (destination: DestinationName) => (fault = weather(destination));
  const slackName = (channel: string) => (channel === channels.triage ? 'triage' : 'data-eng');
  slack.answerWith((_count, { channel }) => nextFault(slackName(channel)));
  slack.on(({ channel, text }) => arrived(slackName(channel), text));
  pagerDuty.answerWith(() => nextFault('oncall'));
  pagerDuty.on((event) => {
    const dedupKey = 'dedup_key' in event ? (event.dedup_key ?? null) : null;
    arrived('oncall', event.payload.summary, { dedupKey });
  });
  const refusal: Fault = { kind: 'status', status: 422 };
  http.answerWith(({ body }) => (body.includes(refusedExecutor) ? (fault = refusal) : nextFault('airflow')));
  http.on(({ body }) => arrived('airflow', body.toString('utf8'), { body }));

  return {
    slackApiUrl: slack.url,
    pagerDutyUrl: pagerDuty.url,
    httpUrl: `${http.url}/hooks/narrative`,
    arrivals,
    notices,
    problems: () => [...slack.problems, ...pagerDuty.problems, ...http.problems, ...lost],
    async newLife() {
      // What the dead one had sent may still lie in the sockets.
      await Promise.all([slack.url, pagerDuty.url, http.url].map(handledAllBefore));
      life += 1;
    },
    changeWeather: (next) => void (weather = next),
    onArrival(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await Promise.all([slack.close(), pagerDuty.close(), http.close()]);
    },
  };
}

/**
 * Resolves when a server has handled what others had sent it before: connections are taken in turn, and this one is
 * answered after two turns. What it sends is no HTTP, so that the server refuses it before anybody counts a request.
 */
async function handledAllBefore(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const connection = connect(Number(port), hostname);
  connection.end('no request\r\n\r\n').resume();
  await once(connection, 'close');
}
