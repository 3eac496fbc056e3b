/** Answers of the operator API as HTTP. All that is said passes here, and no secret gets by. */
import { stringifyJson } from '../../event/json.ts';
import { createViewCleaner } from '../../operate/clean-view.ts';
import type { Refusal } from '../../operate/operations.ts';
import { problem, type ProblemStatus } from '../problem.ts';
import type { Answer } from './route.ts';

/** After which what is busy may have time, seconds. */
const busyS = 60;

/** `clean`: masks every secret in a text. */
export function createResponder(clean: (text: string) => string) {
  const cleaned = createViewCleaner(clean);
  return {
    respond,
    /** JSON text without secrets. */
    textOf: (value: unknown) => stringifyJson(cleaned(value)),
  };

  /** `status`: of a success. */
  function respond(answer: Answer, status: 200 | 201 | 202): Response {
    switch (answer.kind) {
      case 'ok':
        return new Response(stringifyJson(cleaned(answer.value)), {
          status,
          headers: { 'content-type': 'application/json', ...(answer.location ? { location: answer.location } : {}) },
        });
      case 'stream':
        // A proxy must not wait for more of it before it passes on what there is (nginx's X-Accel-Buffering), and the connection
        // is of no further use: without `close`, it would hold up a stop.
        return new Response(answer.body, {
          headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no', connection: 'close' },
        });
      case 'too-large':
        // The rest of the body is not read, so the connection can't be used again.
        return problem(413, `The body is larger than ${answer.maxBytes} bytes.`, { connection: 'close' });
      case 'refused':
        return refusalOf(answer);
    }
  }

  function refusalOf({ status, field, detail }: Refusal): Response {
    const named = field === null || beginsWith(field, detail) ? detail : `${field}: ${detail}`;
    return problem(statusOf(status), clean(named), status === 'busy' ? { 'retry-after': String(busyS) } : {});
  }
}

/** `match.states: …` begins with `match`, and `today …` not with `to`. */
function beginsWith(field: string, detail: string): boolean {
  return detail.startsWith(field) && !/\w/.test(detail.charAt(field.length));
}

function statusOf(status: Refusal['status']): ProblemStatus {
  switch (status) {
    case 'invalid':
      return 400;
    case 'not-found':
      return 404;
    case 'conflict':
      return 409;
    case 'busy':
      return 429;
  }
}

export type Responder = ReturnType<typeof createResponder>;
