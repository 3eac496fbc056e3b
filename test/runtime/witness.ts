/**
 * The independent witness of the proofs: stand-ins for Slack, PagerDuty and an HTTP endpoint that note what arrived, in
 * which order, at which life of the relay, and whether the relay can have heard the answer.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { takesEffect, type Fault } from '../../src/demo/faults.ts';
import { startHttpReceiver } from '../../src/demo/http-receiver.ts';
import { startPagerDutyStandIn, type PagerDutyAlert } from '../../src/demo/pagerduty-stand-in.ts';
import type { ChannelMessage } from '../../src/demo/slack-channels.ts';
import { startSlackStandIn, type ReceivedMessage } from '../../src/demo/slack-stand-in.ts';
import { refusedExecutor } from './load.ts';

/** Where each event is a message of its own; `triage` is the fallback of the others. */
export const destinations = ['data-eng', 'triage', 'oncall', 'airflow'] as const;
/** Where incidents are told: Slack, PagerDuty. */
export const incidentDestinations = ['incidents', 'pager'] as const;
export type DestinationName = (typeof destinations | typeof incidentDestinations)[number];

export const channels = { 'data-eng': 'C0DATAENG', triage: 'C0TRIAGE', incidents: 'C0INCIDENTS' } as const;
export const routingKey = 'PROOFROUTINGKEYTHATISNOTAREALKEY';
export const incidentRoutingKey = 'PROOFINCIDENTKEYTHATISNOTREAL000';
export const httpSecret = 'proof-http-secret-not-a-real-one';

/** A request that had its effect. */
export interface Effect {
  destination: DestinationName;
  /** Which life of the relay it came from, counted from 1. */
  life: number;
  /** False: its answer was withheld, so the relay can't know that it arrived. */
  answered: boolean;
}

/** A message posted, an event taken: of one webhook. */
export interface Arrival extends Effect {
  destination: (typeof destinations)[number];
  /** The webhook that it tells of. */
  webhookId: string;
  /** PagerDuty's, else null. */
  dedupKey: string | null;
  /** The HTTP endpoint's, else null. */
  body: Uint8Array | null;
}

/** A message about an incident, new in the channel or in a thread. Edits are none. */
export interface IncidentPost extends Effect {
  destination: 'incidents';
  /** The relay's id for it, in the message's metadata. */
  deliveryId: string;
  /** The failure that it quotes, if it does. */
  webhookId: string | null;
  ts: string;
  /** The message that it is a reply to; null for one in the channel. */
  threadTs: string | null;
}

/** What PagerDuty was told of an incident. */
export interface Page {
  action: 'trigger' | 'resolve';
  dedupKey: string;
  webhookId: string | null;
}

/** How the incidents stand at the end. */
export interface IncidentsShown {
  roots: readonly ChannelMessage[];
  alerts: readonly PagerDutyAlert[];
}

/** Decides the fault of a destination's next request; null for none. */
export type Weather = (destination: DestinationName) => Fault | null;

export interface Witness {
  slackApiUrl: string;
  pagerDutyUrl: string;
  httpUrl: string;
  readonly arrivals: readonly Arrival[];
  readonly posts: readonly IncidentPost[];
  readonly pages: readonly Page[];
  incidentsShown(): IncidentsShown;
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
  const pagerDuty = await startPagerDutyStandIn({ routingKeys: [routingKey, incidentRoutingKey] });
  const http = await startHttpReceiver({ secret: httpSecret });
  const arrivals: Arrival[] = [];
  const posts: IncidentPost[] = [];
  const pages: Page[] = [];
  const notices: string[] = [];
  const lost: string[] = [];
  const listeners = new Set<() => void>();
  let life = 0;
  let weather: Weather = () => null;
  /** Of the request that is being handled: a stand-in asks for the fault, takes the request and tells of it in one go. */
  let fault: Fault | null = null;

  const answered = () => fault === null || !takesEffect(fault);
  const webhookIn = (text: string) => webhookId.exec(text)?.[0] ?? null;
  const tellListeners = () => listeners.forEach((listener) => listener());

  function arrived(
    destination: Arrival['destination'],
    text: string,
    more: Partial<Pick<Arrival, 'dedupKey' | 'body'>> = {},
  ): void {
    const id = webhookIn(text);
    if (id === null && destination === 'triage') return void notices.push(text.split('\n', 1)[0]!);
    if (id === null) return void lost.push(`${destination} got what tells of no webhook: ${text.slice(0, 200)}`);
    arrivals.push({ destination, webhookId: id, life, answered: answered(), dedupKey: null, body: null, ...more });
    tellListeners();
  }

  function posted({ kind, text, ts, threadTs, metadata }: ReceivedMessage): void {
    const deliveryId = metadata?.event_payload.delivery_id;
    if (kind === 'post' && typeof deliveryId !== 'string') lost.push(`a message that names no delivery: ${text.slice(0, 200)}`);
    else if (kind === 'post') {
      const what = { deliveryId: String(deliveryId), webhookId: webhookIn(text), ts, threadTs };
      posts.push({ destination: 'incidents', life, answered: answered(), ...what });
    }
    tellListeners();
  }

  function paged(action: Page['action'], dedupKey: string | undefined, summary: string): void {
    if (dedupKey === undefined) return void lost.push(`an alert without a key: ${summary}`);
    pages.push({ action, dedupKey, webhookId: webhookIn(summary) });
    tellListeners();
  }

  const nextFault = (destination: DestinationName) => (fault = weather(destination));
  const slackName = (channel: string) =>
    channel === channels.triage ? 'triage' : channel === channels.incidents ? 'incidents' : 'data-eng';
  slack.answerWith((_count, { channel }) => nextFault(slackName(channel)));
  slack.on((message) => {
    const name = slackName(message.channel);
    if (name === 'incidents') posted(message);
    else arrived(name, message.text);
  });
  pagerDuty.answerWith(({ body }) => {
    const { routing_key: key } = (body ?? {}) as { routing_key?: string };
    return nextFault(key === incidentRoutingKey ? 'pager' : 'oncall');
  });
  pagerDuty.on((event) => {
    const dedupKey = 'dedup_key' in event ? event.dedup_key : undefined;
    const { summary } = event.payload;
    if (event.routing_key === incidentRoutingKey) paged('trigger', dedupKey, summary);
    else arrived('oncall', summary, { dedupKey: dedupKey ?? null });
  });
  pagerDuty.onResolve(({ dedup_key: key }) => paged('resolve', key, ''));
  const refusal: Fault = { kind: 'status', status: 422 };
  http.answerWith(({ body }) => (body.includes(refusedExecutor) ? (fault = refusal) : nextFault('airflow')));
  http.on(({ body }) => arrived('airflow', body.toString('utf8'), { body }));

  return {
    slackApiUrl: slack.url,
    pagerDutyUrl: pagerDuty.url,
    httpUrl: `${http.url}/hooks/narrative`,
    arrivals,
    posts,
    pages,
    incidentsShown: () => ({
      roots: slack.channel(channels.incidents),
      alerts: pagerDuty.alerts().filter((alert) => alert.routingKey === incidentRoutingKey),
    }),
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
