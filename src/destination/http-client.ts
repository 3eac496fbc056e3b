/**
 * One HTTP attempt, with its result as a union. What matters to a sender is whether the other side may have acted on the
 * request: `not-sent` says surely not, `unknown` says nobody can tell. Redirects are answers here, never followed.
 */
import type { Fetch } from '../ports.ts';

export type RequestResult =
  | { kind: 'answer'; status: number; headers: Headers; /** As much of it as the limits allow. */ text: string; cut: Cut }
  /** The connection failed before a byte of the request left. */
  | { kind: 'not-sent'; detail: string }
  | { kind: 'unknown'; reason: 'timeout' | 'network'; detail: string };

/** Why the text is not the whole answer, null when it is: longer than the limit, or it broke off (the connection, or the time was up). */
export type Cut = 'limit' | 'broken' | null;

export interface RequestLimits {
  /** For the whole exchange: connecting, sending, the answer's head. A body cut off by it still counts as an answer. */
  timeoutMs: number;
  /** Ends the request at shutdown. */
  signal: AbortSignal;
  /** What is read of the answer; 64 KB by default. */
  maxAnswerBytes?: number;
}

export const defaultTimeoutMs = 10_000;
const defaultAnswerBytes = 64 * 1024;

/**
 * Never throws. Details name the host and the error code only: paths, queries, credentials and headers can be secrets
 * (a Slack webhook's path is one), and so can the messages of errors that quote them.
 */
export async function requestOnce(fetch: Fetch, url: string, init: RequestInit, limits: RequestLimits): Promise<RequestResult> {
  if (limits.signal.aborted) return { kind: 'not-sent', detail: 'the relay was stopping; not sent' };
  // Not AbortSignal.any/timeout: those would leave a timer and a listener behind for each request that was answered in time.
  const deadline = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    deadline.abort();
  }, limits.timeoutMs);
  const stop = () => deadline.abort();
  limits.signal.addEventListener('abort', stop, { once: true });
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: deadline.signal });
    const body = await readStart(response, limits.maxAnswerBytes ?? defaultAnswerBytes);
    return { kind: 'answer', status: response.status, headers: response.headers, ...body };
  } catch (error) {
    const host = hostOf(url);
    if (timedOut) {
      return { kind: 'unknown', reason: 'timeout', detail: `no answer from ${host} within ${limits.timeoutMs / 1000} s` };
    }
    if (limits.signal.aborted) {
      return { kind: 'unknown', reason: 'network', detail: `the relay stopped before ${host} answered` };
    }
    return describeFailure(error, host);
  } finally {
    clearTimeout(timer);
    limits.signal.removeEventListener('abort', stop);
  }
}

/** What can be had of the body. Its status has already decided, so a body that breaks off is no failure. */
async function readStart(response: Response, maxBytes: number): Promise<{ text: string; cut: Cut }> {
  const reader = response.body?.getReader();
  if (!reader) return { text: '', cut: null };
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    // One read more than what fills the limit: only that tells an answer just as long from a longer one.
    while (bytes <= maxBytes) {
      const { done, value } = await reader.read();
      if (done) return { text: text + decoder.decode(), cut: null };
      text += decoder.decode(value.subarray(0, maxBytes - bytes), { stream: true });
      bytes += value.length;
    }
  } catch {
    return { text, cut: 'broken' };
  }
  // Not awaited: a peer that never closes its stream must not hold the result.
  reader.cancel().catch(() => {});
  return { text: text + decoder.decode(), cut: 'limit' };
}

/** Errors that come before the request is written, and what to say about them. */
const notSentCodes: Record<string, string> = {
  ECONNREFUSED: 'connection refused; is the service up and the port right?',
  ENOTFOUND: 'no such host; check the name',
  EAI_AGAIN: 'the name lookup failed; check DNS',
  EHOSTUNREACH: 'host unreachable; check the network',
  ENETUNREACH: 'network unreachable; check the network',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time; check the network and firewalls',
};

/** OpenSSL's verification errors and Node's TLS errors. Source: nodejs.org/api/tls.html#x509-certificate-error-codes. */
const tlsCode =
  /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_|HOSTNAME_MISMATCH$|EPROTO$)/;

/** What became of a connection that failed with `error`. */
export function describeFailure(error: unknown, host: string): Exclude<RequestResult, { kind: 'answer' }> {
  for (const { code, syscall } of causes(error)) {
    const known = notSentCodes[code];
    if (known) return { kind: 'not-sent', detail: `cannot reach ${host} (${code}): ${known}` };
    if (tlsCode.test(code)) {
      return { kind: 'not-sent', detail: `no trusted TLS connection to ${host} (${code}): check its certificate` };
    }
    if (syscall === 'connect' || syscall === 'getaddrinfo') {
      return { kind: 'not-sent', detail: `cannot reach ${host} (${code})` };
    }
    if (code !== '') return { kind: 'unknown', reason: 'network', detail: `the connection to ${host} broke (${code})` };
  }
  return { kind: 'unknown', reason: 'network', detail: `the connection to ${host} broke` };
}

/** The error, its causes and the parts of aggregates (one per address tried), outermost first. */
function* causes(error: unknown, depth = 0): Generator<{ code: string; syscall: string }> {
  if (typeof error !== 'object' || error === null || depth > 5) return;
  const { code, syscall, cause, errors } = error as Record<string, unknown>;
  yield { code: typeof code === 'string' ? code : '', syscall: typeof syscall === 'string' ? syscall : '' };
  yield* causes(cause, depth + 1);
  if (Array.isArray(errors)) for (const part of errors) yield* causes(part, depth + 1);
}

/** Host and port: the only part of a URL that is safe to show. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'an invalid URL';
  }
}

const maxRetryAfterMs = 24 * 3_600_000;

/**
 * Milliseconds from now, capped at 24 h, or undefined without a usable header. Takes seconds and the three forms of an
 * HTTP date. Source: RFC 9110 §10.2.3 and §5.6.7.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : httpDateMs(value) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, Math.ceil(ms)), maxRetryAfterMs);
}

function httpDateMs(text: string): number {
  if (!/^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(text)) return NaN;
  // The asctime form carries no zone and means UTC; Date.parse alone would take it as local time.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}

/** `{ afterMs }` to spread into an outcome, or nothing. */
export function retryAfter(headers: Headers, nowMs: number): { afterMs?: number } {
  const afterMs = retryAfterMs(headers, nowMs);
  return afterMs === undefined ? {} : { afterMs };
}
