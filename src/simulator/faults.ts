/** Ways in which the simulated API can misbehave, as a real one sometimes does. */
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context, MiddlewareHandler } from 'hono';

export type ApiFault = FaultKind & {
  /** How many requests it meets. */
  times: number;
  /** Only requests whose path begins so; null: all. */
  path: string | null;
};

type FaultKind =
  /** `retryAfterS`: the header of that name, seconds. */
  | { kind: 'status'; status: number; retryAfterS: number | null }
  /** Never answers. `takesEffect`: the request has been acted on. */
  | { kind: 'hang'; takesEffect: boolean }
  /** Breaks the connection without an answer. */
  | { kind: 'reset'; takesEffect: boolean }
  /** A page from something in between, where JSON is expected. */
  | { kind: 'html' };

export interface Faults {
  /** After those that are still to come. */
  add(fault: ApiFault): void;
  clear(): void;
  middleware: MiddlewareHandler<{ Bindings: HttpBindings }>;
}

export function createFaults(): Faults {
  let pending: ApiFault[] = [];

  function next(path: string): ApiFault | undefined {
    const fault = pending.find((candidate) => candidate.path === null || path.startsWith(candidate.path));
    if (fault) fault.times -= 1;
    pending = pending.filter(({ times }) => times > 0);
    return fault;
  }

  return {
    add: (fault) => void pending.push({ ...fault }),
    clear: () => void (pending = []),
    async middleware(context, proceed) {
      const fault = next(context.req.path);
      if (fault === undefined) return proceed();
      if ('takesEffect' in fault && fault.takesEffect) await proceed();
      return answer(fault, context);
    },
  };
}

function answer(fault: FaultKind, context: Context<{ Bindings: HttpBindings }>): Response | Promise<Response> {
  switch (fault.kind) {
    case 'status': {
      const headers = fault.retryAfterS === null ? {} : { 'retry-after': String(fault.retryAfterS) };
      return Response.json(
        { message: `The simulator was asked to answer ${fault.status} here` },
        { status: fault.status, headers },
      );
    }
    case 'hang':
      return new Promise(() => {});
    case 'reset':
      context.env.incoming.socket.resetAndDestroy();
      return RESPONSE_ALREADY_SENT;
    case 'html':
      return new Response('<!doctype html><title>Sign in</title>', { headers: { 'content-type': 'text/html' } });
  }
}
