/** The API's description for machines, made from its routes: OpenAPI 3.1. */
import { z } from 'zod';
import type { createDocument, ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { bodyOf, queryOf, route, type Route } from './route.ts';

const problemView = z
  .strictObject({ type: z.string(), title: z.string(), status: z.number(), detail: z.string() })
  .meta({ id: 'Problem', description: 'RFC 9457. `detail` says what was wrong, where, and what to do' });

const usualRefusals = {
  400: 'A field, a parameter or the body is wrong; `detail` names it',
  401: 'No token, or a wrong one',
  403: 'The API is off: RELAY_ADMIN_TOKEN is not set',
};

/** Its document describes `routes` and itself. It is made when it is first asked for, since that takes long and few ask. */
export function openApiRoute(routes: readonly Route[], version: string): Route {
  let made: Promise<object> | null = null;
  const self: Route = route({
    method: 'GET',
    path: '/openapi.json',
    tag: 'openapi',
    summary: 'This description, as OpenAPI 3.1',
    answer: { status: 200, description: 'The document', schema: z.record(z.string(), z.unknown()) },
    async handle() {
      made ??= import('zod-openapi').then((library) => documentOf([...routes, self], version, library.createDocument));
      return { kind: 'ok', value: await made };
    },
  });
  return self;
}

function documentOf(routes: readonly Route[], version: string, create: typeof createDocument): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const each of routes) {
    const path = each.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: operationOf(each) };
  }
  return create({
    openapi: '3.1.0',
    info: {
      title: 'narrative-relay operator API',
      version,
      description: 'What operators see of a running relay, and do with it.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'The value of RELAY_ADMIN_TOKEN' } },
    },
  });
}

function operationOf(described: Route): ZodOpenApiOperationObject {
  const { method, path, tag, summary, description } = described;
  const parameter = /:(\w+)/.exec(path)?.[1];
  const body = bodyOf(described);
  return {
    operationId: operationIdOf(method, path),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    requestParams: {
      ...(parameter === undefined ? {} : { path: z.strictObject({ [parameter]: z.string() }) }),
      query: queryOf(described) as z.ZodObject,
    },
    ...(body === null
      ? {}
      : { requestBody: { required: body.optional !== true, content: { 'application/json': { schema: body.schema } } } }),
    responses: answersOf(described),
  };
}

function answersOf(described: Route): ZodOpenApiResponsesObject {
  const { answer, refusals } = described;
  const body = bodyOf(described);
  const refused = { ...usualRefusals, ...refusals, ...(body === null ? {} : { 413: 'The body is too large' }) };
  const entries = Object.entries(refused).map(([status, when]) => [
    status,
    { description: when, content: { 'application/problem+json': { schema: problemView } } },
  ]);
  const content =
    answer.schema === null ? { 'text/event-stream': { schema: z.string() } } : { 'application/json': { schema: answer.schema } };
  return { [String(answer.status)]: { description: answer.description, content }, ...Object.fromEntries(entries) };
}

/** `GET /events/:id/replay` → `get-events-id-replay`. */
function operationIdOf(method: string, path: string): string {
  return [method.toLowerCase(), ...path.split(/[^A-Za-z0-9]+/).filter((part) => part !== '')].join('-');
}
