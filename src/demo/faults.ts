/** Ways in which the stand-ins can misbehave, as the services they play sometimes do. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Fault =
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  /** Never answers. `after`: the request has been acted on. */
  | { kind: 'hang'; after?: boolean }
  /** Breaks the connection without an answer. `after`: the request has been acted on. */
  | { kind: 'reset'; after?: boolean }
  /** A page from something in between, where JSON is expected. 200 by default. */
  | { kind: 'html'; status?: number }
  /** The service's own way to refuse, with this code; each stand-in has its form. `applyFault` writes Slack's. */
  | { kind: 'error'; code: string };

/** Whether the request has its effect although the sender gets no answer. */
export function takesEffect(fault: Fault): boolean {
  return (fault.kind === 'hang' || fault.kind === 'reset') && fault.after === true;
}

/** Answers a request, or fails to, as the fault says. */
export function applyFault(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
  switch (fault.kind) {
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'text/plain', ...fault.headers }).end(fault.body ?? '');
      return;
    case 'hang':
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'html':
      response.writeHead(fault.status ?? 200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
      return;
    case 'error':
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ok: false, error: fault.code }));
      return;
  }
}
