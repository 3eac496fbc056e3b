/** Errors as RFC 9457 problem details. */

const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

export type ProblemStatus = keyof typeof titles;

/** `detail` is read by whoever sent the request: what was wrong and what to do, nothing about secrets. */
export function problem(status: ProblemStatus, detail: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title: titles[status], status, detail }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}
