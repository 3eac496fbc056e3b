/** Reads a refusal, and insists on the form every refusal has (RFC 9457). */
import { expect } from 'vitest';
import type { RawAnswer } from './raw-http.ts';

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Returns the detail. */
export async function detailOf(answer: Response | RawAnswer, status: keyof typeof titles): Promise<string> {
  const isRaw = typeof answer.body === 'string';
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const body = JSON.parse(isRaw ? (answer as RawAnswer).body : await (answer as Response).text()) as { detail: string };
  expect(body).toEqual({ type: 'about:blank', title: titles[status], status, detail: expect.any(String) });
  return body.detail;
}
