/** The description of the operator API, held to the standard, to the routes and to the page about them. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describedRoutes, startOperatorStage, token, type OperatorStage } from './operator-api-stage.ts';

interface Operation {
  operationId: string;
  summary: string;
  parameters: { in: string; name: string }[];
  requestBody?: { required: boolean };
  responses: Record<string, { description: string; content: Record<string, { schema: object }> }>;
}

interface Description {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
}

const routes = describedRoutes();
let stage: OperatorStage;
let described: Description;

beforeAll(async () => {
  stage = await startOperatorStage();
  described = await stage.read<Description>('/openapi.json');
});
afterAll(() => stage.stop());

test('it is OpenAPI 3.1, of this version of the relay', async () => {
  const validator = new Validator();
  const result = await validator.validate({ ...described });
  expect([result.errors ?? [], validator.version, described.info.version]).toEqual([[], '3.1', '0.0.0-test']);
});

const operations = () =>
  Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );

test('it has each route, with its parameters and its answers, and no other', () => {
  const expected = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/, '{$1}')}`);
  expect(operations().map(({ name }) => name)).toEqual(expect.arrayContaining(expected));
  expect(operations()).toHaveLength(expected.length);
  for (const { name, operation } of operations()) {
    const route = routes.find(({ method, path }) => name === `${method} ${path.replace(/:(\w+)/, '{$1}')}`)!;
    const inPath = operation.parameters.filter((each) => each.in === 'path').map((each) => each.name);
    expect([name, inPath]).toEqual([name, [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)]);
    expect([name, Object.keys(operation.responses)]).toEqual([
      name,
      expect.arrayContaining([String(route.answer.status), '400', '401', '403', ...Object.keys(route.refusals ?? {})]),
    ]);
    expect([name, operation.requestBody?.required ?? null]).toEqual([
      name,
      route.method === 'POST' ? route.body !== undefined && route.body.optional !== true : null,
    ]);
  }
});

test('it names filters as the routes take them', () => {
  const { parameters } = described.paths['/deliveries']!.get!;
  expect(parameters.map(({ name }) => name).toSorted()).toEqual(
    ['before', 'destination', 'event', 'from', 'limit', 'reason', 'rule', 'since', 'status', 'subject', 'until'].toSorted(),
  );
});

test('each operation has a name of its own', () => {
  const names = operations().map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
});

const [, page = ''] = readFileSync('docs/http.md', 'utf8').split('\n## The operator API\n');

test('docs/http.md lists each route, and no other', () => {
  const listed = [...page.matchAll(/^\| `(GET|POST|DELETE) \/api\/v1(\/[^`?]*)/gm)].map(
    ([, method, path]) => `${method} ${path}`,
  );
  expect(listed.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).toSorted());
});

test('the examples of docs/http.md work as they stand', async () => {
  const scripts = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, script]) => script!);
  expect(scripts.length).toBeGreaterThan(2);
  for (const script of scripts) {
    const { stdout, stderr } = await promisify(execFile)(
      'sh',
      ['-ec', script.replaceAll('http://127.0.0.1:8787', stage.relay.url)],
      {
        env: { ...process.env, RELAY_ADMIN_TOKEN: token },
      },
    );
    // The relay of this test has no token for Narrative.
    const refused = [...stdout.matchAll(/"title":"[^"]*","status":\d+,"detail":"[^"]*/g)].filter(
      ([text]) => !text.includes('NARRATIVE_API_TOKEN'),
    );
    expect([script, stderr, refused.map(String)]).toEqual([script, '', []]);
  }
});
