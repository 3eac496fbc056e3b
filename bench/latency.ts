/** How long an accepted event takes to become a request at Slack, when there is little to do. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SlackStandIn } from '../src/demo/slack-stand-in.ts';
import type { Running } from './processes.ts';
import type { Row } from './report.ts';
import { signedEvent, webhookPath } from './request.ts';
import { quantile } from './statistics.ts';

const events = 100;
/** Mean distance between events, ms. The real one varies by half, so that it falls into step with nothing. */
const everyMs = 100;
/** The first ones open connections and warm up the process; they are left out. */
const warmUp = 10;
const arrivesWithinMs = 10_000;

interface Trip {
  sentAt: number;
  /** When the sender had read the whole 202. All three times are of this process's clock. */
  acceptedAt: number;
  /** When the stand-in had read the whole request. */
  arrivedAt: number;
}

/** `relay` must send to `slack`, with a pace that holds nothing back. */
export async function measureLatency(relay: Running, slack: SlackStandIn): Promise<Row[]> {
  const arrivals = new Map<string, number>();
  const stopListening = slack.on(({ metadata }) => {
    // `dlv_<event>_<n>`
    arrivals.set(String(metadata?.event_payload.delivery_id).split('_')[1]!, performance.now());
  });
  const agent = new Agent({ keepAlive: true });
  const started: Promise<Omit<Trip, 'arrivedAt'> & { event: string }>[] = [];
  const startMs = Date.now();
  for (let n = 0; n < warmUp + events; n++) {
    started.push(send(relay.port, agent, startMs, n));
    await sleep(everyMs * (0.5 + Math.random()));
  }
  const sent = (await Promise.all(started)).slice(warmUp);
  for (let waited = 0; waited < arrivesWithinMs && sent.some(({ event }) => !arrivals.has(event)); waited += 50) await sleep(50);
  stopListening();
  agent.destroy();
  const trips = sent.map(({ event, ...times }): Trip => ({ ...times, arrivedAt: arrivals.get(event) ?? Number.NaN }));
  const lost = trips.filter(({ arrivedAt }) => Number.isNaN(arrivedAt)).length;
  if (lost > 0) throw new Error(`${lost} of ${events} events did not arrive at Slack within ${arrivesWithinMs / 1000} s`);
  return rows(trips);
}

async function send(port: number, agent: Agent, startMs: number, n: number) {
  const { body, headers } = signedEvent(startMs, n);
  const sentAt = performance.now();
  const outgoing = request({ port, host: '127.0.0.1', agent, method: 'POST', path: webhookPath, headers });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage];
  const answer = (await response.setEncoding('utf8').toArray()).join('');
  const acceptedAt = performance.now();
  if (response.statusCode !== 202) throw new Error(`the relay answered ${response.statusCode}: ${answer}`);
  return { sentAt, acceptedAt, event: (JSON.parse(answer) as { event_id: string }).event_id.split('_')[1]! };
}

function rows(trips: readonly Trip[]): Row[] {
  const afterAccepted = trips.map(({ acceptedAt, arrivedAt }) => arrivedAt - acceptedAt);
  const whole = trips.map(({ sentAt, arrivedAt }) => arrivedAt - sentAt);
  const row = (what: string, value: number, target: Row['target']): Row => ({ what, value, unit: 'ms', target });
  return [
    row('event accepted → request at Slack, 10 events/s: p50', quantile(afterAccepted, 0.5), { atMost: 10 }),
    row('event accepted → request at Slack, 10 events/s: p99', quantile(afterAccepted, 0.99), { atMost: 50 }),
    row('event sent → request at Slack: p50', quantile(whole, 0.5), null),
    row('event sent → request at Slack: p99', quantile(whole, 0.99), null),
  ];
}
