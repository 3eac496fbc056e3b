/** `/api/v1`: what operators do with a running relay. Nothing is said, not even what exists, without the token. */
import { Hono, type Context } from 'hono';
import { constantTimeEqual } from '../../intake/constant-time.ts';
import type { Clock, Log } from '../../ports.ts';
import type { SilencesInForce } from '../../incident/silences.ts';
import type { Reconciler } from '../../narrative/reconciliation.ts';
import { problem } from '../problem.ts';
import type { RequestReader } from '../read-request.ts';
import { addReconcileRoutes } from './reconcile-routes.ts';
import { addSilenceRoutes } from './silence-routes.ts';

export interface OperatorApiOptions {
  /** Undefined: the API is off. */
  token: string | undefined;
  reader: RequestReader;
  silences: SilencesInForce;
  reconciler: Reconciler;
  clock: Clock;
  log: Log;
}

/** To be mounted at `/api/v1`. */
export function createOperatorApi({ token, reader, silences, reconciler, clock, log }: OperatorApiOptions): Hono {
  const api = new Hono();
  const admits = token === undefined ? null : createTokenCheck(token);
  api.use(async (context, next) => {
    const refusal = refusalOf(context);
    if (refusal) return refusal;
    await next();
    return undefined;
  });
  addSilenceRoutes(api, { reader, silences, clock, log });
  addReconcileRoutes(api, { reader, reconciler, clock, log });
  api.all('*', () => problem(404, 'The operator API has no such page. There are /api/v1/silences and /api/v1/reconciliations.'));
  return api;

  function refusalOf(context: Context): Response | null {
    if (admits === null) {
      return problem(403, 'The operator API is off. To turn it on, set RELAY_ADMIN_TOKEN and start the relay anew.');
    }
    const authorization = reader.header(context, 'authorization');
    if (authorization === null) {
      // RFC 6750 §3.1: without a proof no error code is given.
      return problem(401, 'Send "Authorization: Bearer" with the value of RELAY_ADMIN_TOKEN.', {
        'www-authenticate': 'Bearer realm="operator-api"',
      });
    }
    if (admits(authorization)) return null;
    log.warn({ method: context.req.method }, 'operator API: a request with a wrong token was refused');
    return problem(401, "The token is not the relay's RELAY_ADMIN_TOKEN.", {
      'www-authenticate': 'Bearer realm="operator-api", error="invalid_token"',
    });
  }
}

function createTokenCheck(token: string): (authorization: string) => boolean {
  const encoder = new TextEncoder();
  const expected = encoder.encode(token);
  return (authorization) => {
    const given = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    return given !== undefined && constantTimeEqual(encoder.encode(given), expected);
  };
}
