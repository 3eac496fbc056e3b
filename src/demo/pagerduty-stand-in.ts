/**
 * Plays PagerDuty's Events API v2 over real HTTP. It checks each body against the published rules with code of its own,
 * so that a mistake of ours can't agree with itself. Source: developer.pagerduty.com/docs/send-alert-event.
 */
import { applyFault, takesEffect, type Fault } from './faults.ts';
import { changeErrors, eventErrors, type PagerDutyChange, type PagerDutyEvent } from './pagerduty-rules.ts';
import { startServer } from './stand-in-server.ts';

export interface PagerDutyAlert {
  routingKey: string;
  dedupKey: string;
  state: 'open' | 'resolved';
  /** Triggers that it has had while it was open. */
  triggers: number;
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
  /** Events taken, in order of arrival. */
  readonly events: PagerDutyEvent[];
  readonly changes: PagerDutyChange[];
  /** One for each routing key and dedup key, in order of their first trigger. */
  alerts(): PagerDutyAlert[];
  /** What was wrong with requests: empty at the end of a good run. */
  readonly problems: string[];
  /** Decides each request's fault; null takes it as usual. `count` counts from 1. */
  answerWith(decide: (request: PagerDutyRequest, count: number) => Fault | null): void;
  on(listener: (event: PagerDutyEvent | PagerDutyChange) => void): void;
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
  const changes: PagerDutyChange[] = [];
  const problems: string[] = [];
  const alerts = new Map<string, PagerDutyAlert>();
  const listeners: ((event: PagerDutyEvent | PagerDutyChange) => void)[] = [];
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
    } else if (action === 'resolve' && known) {
      alerts.set(id, { ...known, state: 'resolved', last: event });
    }
    events.push(event);
    return dedupKey;
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
    const change = path === '/v2/change/enqueue';
    const dedupKey = change ? null : take(body as PagerDutyEvent);
    if (change) changes.push(body as PagerDutyChange);
    for (const listener of listeners) listener(body as PagerDutyEvent | PagerDutyChange);
    if (fault) return applyFault(fault, incoming, response);
    return void answer(202, { status: 'success', message: 'Event processed', ...(dedupKey && { dedup_key: dedupKey }) });
  });

  return {
    url: server.url,
    events,
    changes,
    alerts: () => [...alerts.values()],
    problems,
    answerWith: (next) => void (decide = next),
    on: (listener) => void listeners.push(listener),
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
