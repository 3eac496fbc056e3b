/** `/api/v1`: what operators do with a running relay. Nothing is said, not even what exists, without the token. */
import { Hono, type Context } from 'hono';
import { constantTimeEqual } from '../../intake/constant-time.ts';
import type { Clock, Log } from '../../ports.ts';
import { createFewWarnings } from '../few-warnings.ts';
import { problem } from '../problem.ts';
import type { RequestReader } from '../read-request.ts';
import { operatorRoutes, type CatalogueOptions } from './catalogue.ts';
import { mountRoutes, type ApiEnv } from './mount.ts';
import { createResponder } from './respond.ts';

export interface OperatorApiOptions extends Omit<CatalogueOptions, 'textOf'> {
  /** Undefined: the API is off. */
  token: string | undefined;
  reader: RequestReader;
  /** Masks every secret of the settings and of the rules, now and before, in a text. */
  clean: (text: string) => string;
  /** Told of each answer. `route`: `GET /events/:id`; empty for what is no route, or refused before it is looked at. */
  onAnswer?: (route: string, status: number) => void;
}

/** To be mounted at `/api/v1`. */
export function createOperatorApi({ token, reader, clean, onAnswer, ...catalogue }: OperatorApiOptions): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  const refusalOf = createGuard(token, reader, catalogue);
  const { respond, textOf } = createResponder(clean);
  api.use(async (context, next) => {
    const refusal = refusalOf(context);
    if (refusal === null) await next();
    else context.res = refusal;
    // What operators see is for nobody else: no cache between them and the relay keeps it, and no browser takes it for a page.
    context.res.headers.set('cache-control', 'no-store');
    context.res.headers.set('x-content-type-options', 'nosniff');
    onAnswer?.(context.get('route') ?? '', context.res.status);
  });
  mountRoutes(api, operatorRoutes({ ...catalogue, textOf }), { reader, respond });
  api.all('*', () => problem(404, 'The operator API has no such page. GET /api/v1/openapi.json lists what there is.'));
  return api;
}

/** Says why a request is refused, if it is. */
function createGuard(
  token: string | undefined,
  reader: RequestReader,
  ports: { log: Log; clock: Clock },
): (context: Context) => Response | null {
  const warn = createFewWarnings(ports, 'operator API: a request with a wrong token was refused');
  const admits = token === undefined ? null : createTokenCheck(token);
  return (context) => {
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
    warn({ method: context.req.method });
    return problem(401, "The token is not the relay's RELAY_ADMIN_TOKEN.", {
      'www-authenticate': 'Bearer realm="operator-api", error="invalid_token"',
    });
  };
}

function createTokenCheck(token: string): (authorization: string) => boolean {
  const encoder = new TextEncoder();
  const expected = encoder.encode(token);
  return (authorization) => {
    const given = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    return given !== undefined && constantTimeEqual(encoder.encode(given), expected);
  };
}
