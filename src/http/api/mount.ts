/** Puts routes into an app: each request is parsed as its route says, and answered in one place. */
import type { Context, Hono } from 'hono';
import type { Answered } from '../../operate/operations.ts';
import { ok, refused } from '../../operate/text.ts';
import { problem } from '../problem.ts';
import type { RequestReader } from '../read-request.ts';
import { parseStrictly, readJson, type TooLarge } from './json.ts';
import type { Responder } from './respond.ts';
import { bodyOf, queryOf, type Answer, type Route } from './route.ts';

/** Far more than anybody writes by hand. */
const usualMaxBodyBytes = 64 * 1024;

/** `route`: which one answers, as `GET /events/:id`. */
export interface ApiEnv {
  Variables: { route?: string };
}

export interface MountOptions {
  reader: RequestReader;
  respond: Responder['respond'];
}

export function mountRoutes(app: Hono<ApiEnv>, routes: readonly Route[], { reader, respond }: MountOptions): void {
  for (const [path, ofPath] of Map.groupBy(routes, (each) => each.path)) {
    app.all(path, async (context) => {
      const found = ofPath.find(({ method }) => method === methodOf(context));
      if (found === undefined) return notAllowed(context, ofPath);
      context.set('route', `${found.method} ${found.path}`);
      return respond(await answerTo(found, context), found.answer.status);
    });
  }

  async function answerTo(route: Route, context: Context): Promise<Answer> {
    const query = queryIn(route, context);
    if (query.kind !== 'ok') return query;
    const body = await bodyIn(route, context);
    if (body.kind !== 'ok') return body;
    return route.handle({
      id: Object.values(context.req.param())[0] ?? '',
      query: query.value,
      body: body.value,
      header: (name) => reader.header(context, name),
      headOnly: context.req.method === 'HEAD',
    });
  }

  async function bodyIn(route: Route, context: Context): Promise<Answered<unknown> | TooLarge> {
    const wanted = bodyOf(route);
    if (wanted === null) return ok({});
    const { schema, maxBytes = usualMaxBodyBytes, optional = false, lossless = false } = wanted;
    const read = await readJson(reader, context, { maxBytes, lossless, ...(optional ? { without: {} } : {}) });
    return read.kind === 'ok' ? parseStrictly(schema, read.value) : read;
  }
}

/** HEAD is GET without the answer's body. */
function methodOf(context: Context): string {
  return context.req.method === 'HEAD' ? 'GET' : context.req.method;
}

function queryIn(route: Route, context: Context): Answered<unknown> {
  const given = [...new URL(context.req.url).searchParams];
  const names = given.map(([name]) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    const shown = repeated.slice(0, 60);
    return refused('invalid', `${shown}: is given more than once; several values are separated by commas`, shown);
  }
  return parseStrictly(queryOf(route), Object.fromEntries(given));
}

function notAllowed(context: Context, routes: readonly Route[]): Response {
  const allowed = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  const allow = allowed.join(', ');
  return problem(405, `${context.req.method} is no method of this page, which takes ${allow}.`, { allow });
}
