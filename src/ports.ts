/**
 * What the core needs from the world. Each root (`src/node`, later `src/workers`) supplies these; the core itself
 * imports no runtime, reads no clock and rolls no dice.
 */

export type SqlValue = string | number | null | Uint8Array;

/** One synchronous SQL store with one writer: better-sqlite3, or a Durable Object's storage. */
export interface Sql {
  /** Runs one statement and returns its rows (none for a plain write). Integers come back as numbers, so keep them under 2^53. */
  query<Row = Record<string, SqlValue>>(statement: string, ...parameters: SqlValue[]): Row[];
  /** Runs `work` atomically. Durable on disk when it returns; rolled back whole when `work` throws. Not re-entrant. */
  transaction<T>(work: () => T): T;
}

export interface Clock {
  /** Whole milliseconds since the Unix epoch. It may step backwards. */
  now(): number;
}

export interface Random {
  /** Uniform in [0, 1). For jitter, never for secrets. */
  fraction(): number;
  /** `count` bytes, unpredictable enough to never repeat. */
  bytes(count: number): Uint8Array;
}

/** Synchronous digests. Web Crypto's are asynchronous, and one await per digest costs more than the digest. */
export interface Hash {
  sha256(text: string | Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array;
}

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** One pending wake-up, as a Durable Object has. */
export interface Alarm {
  /** Replaces any pending wake-up. `atMs` is epoch milliseconds; the past means at once. */
  arm(atMs: number): void;
  disarm(): void;
}

/** Calls `work` once, after everything that the current event-loop turn brought has been handled (Node: `setImmediate`). */
export type AfterTurn = (work: () => void) => void;

/** The subset of pino that the core uses. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Ports {
  sql: Sql;
  clock: Clock;
  random: Random;
  hash: Hash;
  fetch: Fetch;
  alarm: Alarm;
  afterTurn: AfterTurn;
  log: Log;
}
