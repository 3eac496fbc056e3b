/**
 * A route of the operator API as one value. From it come the parsing, the refusal of other methods, the description
 * (`openapi.ts`) and the test that walks all routes.
 */
import { z } from 'zod';
import type { Refusal } from '../../operate/operations.ts';
import type { TooLarge } from './json.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

/** `location`: where what was made is found, a path. */
export type Answer = { kind: 'ok'; value: object; location?: string } | EventStream | TooLarge | Refusal;

/** Server-sent events; null: only the head is asked for. */
export interface EventStream {
  kind: 'stream';
  body: ReadableStream<Uint8Array> | null;
}

/** What is asked of a route, understood. */
export interface Asked<Query, Body> {
  /** What stands for `:id` or `:name` in the path; empty where there is none. */
  id: string;
  query: Query;
  body: Body;
  /** `name` in lower case. */
  header(name: string): string | null;
  /** The answer's body is not wanted (HEAD). */
  headOnly: boolean;
}

export interface RouteSpec<Query, Body> {
  method: Method;
  /** Below `/api/v1`, with at most one parameter: `/events/:id/replay`. Comes before another that it is a case of. */
  path: string;
  /** What it is about: events, deliveries … */
  tag: string;
  /** A few words. */
  summary: string;
  /** For people, where the summary leaves something open. */
  description?: string;
  /** A strict object of text values. Left out: it takes none. */
  query?: z.ZodType<Query>;
  /** Left out: a POST takes no fields, and needs no body. */
  body?: BodySpec<Body>;
  /** What a success is. `schema` null: a stream of server-sent events. */
  answer: { status: 200 | 201 | 202; description: string; schema: z.ZodType | null };
  /** Refusals besides those that any route may give, and when. */
  refusals?: Partial<Record<404 | 409 | 429, string>>;
  handle(asked: Asked<Query, Body>): Answer | Promise<Answer>;
}

export interface BodySpec<Body> {
  schema: z.ZodType<Body>;
  /** Default 64 KiB. */
  maxBytes?: number;
  /** No body at all counts as `{}`. */
  optional?: boolean;
  /** Keep every digit of every integer (as bigint). */
  lossless?: boolean;
}

export type Route = RouteSpec<unknown, unknown>;

/** Ties the schemas of a route to what its `handle` gets. */
export function route<Query = object, Body = object>(spec: RouteSpec<Query, Body>): Route {
  return spec;
}

const nothing = z.strictObject({});

export function queryOf({ query }: Route): z.ZodType {
  return query ?? nothing;
}

/** Null: a body, should there be one, is not looked at. What is not understood is not done: `dry_run` where there is none is refused. */
export function bodyOf({ method, body }: Route): BodySpec<unknown> | null {
  return body ?? (method === 'POST' ? { schema: nothing, optional: true } : null);
}
