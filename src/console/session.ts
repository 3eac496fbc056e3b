/**
 * Who is signed in. A session is a cookie that proves itself: its id and its end, signed with a key made from the operator token,
 * so that nothing is stored and another token ends them all. It is never renewed.
 */
import type { Context } from 'hono';
import { constantTimeEqual } from '../intake/constant-time.ts';
import type { Clock, Hash, Random } from '../ports.ts';
import { hex } from './hex.ts';
import type { Notice } from './notice.ts';

/** What every page needs beside its content. */
export interface Frame {
  /** Paths of what a page loads. */
  assets: { style: string; script: string; htmx: string };
  version: string;
}

export interface Session {
  /** Random; in no page. */
  id: string;
  /** Epoch ms; the first moment it no longer counts. */
  expiresMs: number;
  /** Whether it still counts: for what outlives the request, such as a stream. */
  isOpen(): boolean;
  /** Proves that a form comes from a page of this session: `csrfField`, or the header `x-csrf-token`. */
  csrf: string;
  /** Left by what was done before; `page` shows it. */
  notice: Notice | null;
  frame: Frame;
}

/** Half a day, ms: a shift. */
export const sessionMs = 12 * 3_600_000;

export type Sessions = ReturnType<typeof createSessions>;

export interface SessionsOptions {
  token: string;
  clock: Clock;
  random: Random;
  hash: Hash;
}

export function createSessions({ token, clock, random, hash }: SessionsOptions) {
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  const key = hash.hmacSha256(bytesOf(token), bytesOf('narrative-relay: console sessions'));
  const signatureOf = (purpose: 'session' | 'csrf', text: string) => hex(hash.hmacSha256(key, bytesOf(`${purpose} ${text}`)));
  /**
   * Signed out before their end, with their ends. Only in memory: a restart forgets them, and what is left is a cookie that the
   * browser was told to delete.
   */
  const signedOut = new Map<string, number>();

  return {
    /** Of a cookie for someone who has shown the token. */
    open(): string {
      const claim = `${hex(random.bytes(16))}.${clock.now() + sessionMs}`;
      return `${claim}.${signatureOf('session', claim)}`;
    },
    /** What a cookie proves; null: nothing, or not any more. */
    read(cookie: string): Pick<Session, 'id' | 'expiresMs' | 'isOpen' | 'csrf'> | null {
      const parts = /^(?<claim>(?<id>[0-9a-f]{32})\.(?<end>\d{1,16}))\.(?<signature>[0-9a-f]{64})$/.exec(cookie)?.groups;
      if (!parts) return null;
      if (!constantTimeEqual(bytesOf(parts.signature!), bytesOf(signatureOf('session', parts.claim!)))) return null;
      const id = parts.id!;
      const expiresMs = Number(parts.end);
      const isOpen = () => expiresMs > clock.now() && !signedOut.has(id);
      return isOpen() ? { id, expiresMs, isOpen, csrf: signatureOf('csrf', id) } : null;
    },
    /** Its cookie counts no more, whoever has a copy. */
    close({ id, expiresMs }: Pick<Session, 'id' | 'expiresMs'>): void {
      const now = clock.now();
      for (const [each, end] of signedOut) if (end <= now) signedOut.delete(each);
      signedOut.set(id, expiresMs);
    },
  };
}

/** Of a request that passed the guard: every page but the sign-in has one. */
export function sessionOf(context: Context): Session {
  const session = context.get('session') as Session | undefined;
  if (!session) throw new Error('a page of the console was asked for without a session: it is registered before the guard');
  return session;
}
