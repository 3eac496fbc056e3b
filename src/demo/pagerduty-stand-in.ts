/**
 * Plays PagerDuty's Events API v2 over real HTTP. It checks each body against the published rules with code of its own,
 * so that a mistake of ours can't agree with itself. Source: developer.pagerduty.com/docs/send-alert-event.
 */
import { applyFault, takesEffect, type Fault } from './faults.ts';
import {
  changeErrors,
  eventErrors,
  type PagerDutyChange,
  type PagerDutyEvent,
  type PagerDutyResolve,
} from './pagerduty-rules.ts';
import { startServer } from './stand-in-server.ts';

export interface PagerDutyAlert {
  routingKey: string;
  dedupKey: string;
  state: 'open' | 'resolved';
  /** Triggers that it has had while it was open. */
  triggers: number;
  /** The last trigger: what the alert says. */
  last: PagerDutyEvent;
}

export interface PagerDutyRequest {
  path: string;
  /** Parsed JSON; null where the body was none. */
  body: unknown;
}

export interface PagerDutyStandIn {
  /** `http://127.0.0.1:<port>`: the value for PAGERDUTY_EVENTS_URL. */
  readonly url: string;
  /** Events taken, in order of arrival, but for resolves. */
  readonly events: PagerDutyEvent[];
  /** In order of arrival; those of no known alert are harmless, and here too. */
  readonly resolves: PagerDutyResolve[];
  readonly changes: PagerDutyChange[];
  /** One for each routing key and dedup key, in order of their first trigger. */
  alerts(): PagerDutyAlert[];
  /** What was wrong with requests: empty at the end of a good run. */
  readonly problems: string[];
  /** Decides each request's fault; null takes it as usual. `count` counts from 1. */
  answerWith(decide: (request: PagerDutyRequest, count: number) => Fault | null): void;
  on(listener: (event: PagerDutyEvent | PagerDutyChange) => void): void;
  /** `alert`: what it ended; null where there was no such alert. */
  onResolve(listener: (resolve: PagerDutyResolve, alert: PagerDutyAlert | null) => void): void;
  close(): Promise<void>;
}

const maxBodyBytes = 512 * 1024;

export interface PagerDutyStandInOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** The keys it knows; any well-formed one by default. */
  routingKeys?: string[];
}

export async function startPagerDutyStandIn({ port = 0, routingKeys }: PagerDutyStandInOptions = {}): Promise<PagerDutyStandIn> {
  const events: PagerDutyEvent[] = [];
  const resolves: PagerDutyResolve[] = [];
  const changes: PagerDutyChange[] = [];
  const problems: string[] = [];
  const alerts = new Map<string, PagerDutyAlert>();
  const listeners: ((event: PagerDutyEvent | PagerDutyChange) => void)[] = [];
  const resolveListeners: ((resolve: PagerDutyResolve, alert: PagerDutyAlert | null) => void)[] = [];
  let decide: (request: PagerDutyRequest, count: number) => Fault | null = () => null;
  let count = 0;

  function errorsOf(path: string, contentType: string | undefined, bytes: number, body: unknown): string[] {
    if (bytes > maxBodyBytes) return [`the body has ${bytes} bytes, more than 512 KB`];
    if (!contentType?.startsWith('application/json')) return [`content-type is ${contentType}`];
    const errors = path === '/v2/enqueue' ? eventErrors(body) : changeErrors(body);
    const key = (body as { routing_key?: string } | null)?.routing_key;
    return errors.length === 0 && routingKeys && !routingKeys.includes(key ?? '') ? ['Invalid routing key'] : errors;
  }

  function take(event: PagerDutyEvent): string {
    const { routing_key: routingKey, event_action: action } = event;
    const dedupKey = event.dedup_key ?? `made-up-${events.length + 1}`;
    const id = `${routingKey} ${dedupKey}`;
    const known = alerts.get(id);
    if (action === 'trigger') {
      const open = known?.state === 'open';
      alerts.set(id, { routingKey, dedupKey, state: 'open', triggers: open ? known.triggers + 1 : 1, last: event });
    }
    events.push(event);
    for (const listener of listeners) listener(event);
    return dedupKey;
  }

  function resolve(event: PagerDutyResolve): string {
    const id = `${event.routing_key} ${event.dedup_key}`;
    const open = alerts.get(id)?.state === 'open' ? alerts.get(id)! : null;
    if (open) alerts.set(id, { ...open, state: 'resolved' });
    resolves.push(event);
    for (const listener of resolveListeners) listener(event, open);
    return event.dedup_key;
  }

  /** Null for a change event, which has no key. */
  function accept(path: string, body: PagerDutyEvent | PagerDutyResolve | PagerDutyChange): string | null {
    if (path === '/v2/enqueue' && 'event_action' in body) return body.event_action === 'resolve' ? resolve(body) : take(body);
    changes.push(body as PagerDutyChange);
    for (const listener of listeners) listener(body as PagerDutyChange);
    return null;
  }

  const server = await startServer(port, (incoming, bytes, response) => {
    const path = incoming.url ?? '';
    const body = parsed(bytes);
    const answer = (status: number, json: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    const refuse = (errors: string[]) => answer(400, { status: 'invalid event', message: 'Event object is invalid', errors });
    count += 1;
    const fault = decide({ path, body }, count);
    if (fault?.kind === 'error') return void refuse([fault.code]);
    if (fault && !takesEffect(fault)) return applyFault(fault, incoming, response);
    if (incoming.method !== 'POST' || (path !== '/v2/enqueue' && path !== '/v2/change/enqueue')) {
      problems.push(`request ${count}: ${incoming.method} ${path}`);
      return void answer(404, { message: 'Not Found' });
    }
    const errors = errorsOf(path, incoming.headers['content-type'], bytes.length, body);
    if (errors.length > 0) {
      problems.push(...errors.map((error) => `request ${count}: ${error}`));
      return void refuse(errors);
    }
    const dedupKey = accept(path, body as PagerDutyEvent | PagerDutyResolve | PagerDutyChange);
    if (fault) return applyFault(fault, incoming, response);
    return void answer(202, { status: 'success', message: 'Event processed', ...(dedupKey && { dedup_key: dedupKey }) });
  });

  return {
    url: server.url,
    events,
    resolves,
    changes,
    alerts: () => [...alerts.values()],
    problems,
    answerWith: (next) => void (decide = next),
    on: (listener) => void listeners.push(listener),
    onResolve: (listener) => void resolveListeners.push(listener),
    close: server.close,
  };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
