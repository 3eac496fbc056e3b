/** What the reader can do once the night is over: edit the rules, and send events by hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { operatorToken } from './environment.ts';
import type { Screen } from './screen.ts';
import { proofOf } from '../simulator/signing.ts';

export interface Playground {
  webhookUrl: string;
  secret: string;
  rulesPath: string;
  logPath: string;
  /** Where the signed event is written. */
  folder: string;
  /** By the relay's clock, epoch ms. */
  nowMs: number;
}

export function renderPlayground({ webhookUrl, secret, rulesPath, logPath, folder, nowMs }: Playground, screen: Screen): string {
  const bodyPath = join(folder, 'failed-event.json');
  const body = new TextEncoder().encode(signedEvent(nowMs));
  writeFileSync(bodyPath, body);
  const signature = proofOf({ scheme: 'hmac-sha256' }, secret, { id: 'by-hand', body }, 0)['x-narrative-signature'];
  const heading = (text: string) => screen.style('bold', text);
  return [
    heading(`The relay listens on ${webhookUrl}`),
    `Its log: ${logPath}`,
    '',
    heading('Look at the night in its console:'),
    new URL('/console', webhookUrl).href,
    `Sign in with the token ${operatorToken}`,
    '',
    heading('Edit its rules, which are a copy of yours, but for the waiting times:'),
    join(rulesPath, 'failures.yaml'),
    join(rulesPath, 'relay.yaml'),
    'What you save takes effect at once; what is wrong is said here, and the old rules stay.',
    '',
    heading('Let a view fail, fail again, and recover (this proof is the secret itself, as a bearer token):'),
    `view() { curl -sS -w '\\n' ${webhookUrl} -H 'content-type: application/json' -H 'Authorization: Bearer ${secret}' \\`,
    `  -d '${freshEvent}'; }`,
    'view failed; sleep 2; view failed; sleep 2; view completed',
    '',
    heading('Or send a failure that is signed; the second time it is a duplicate:'),
    `curl -sS -w '\\n' ${webhookUrl} -H 'content-type: application/json' -H 'X-Narrative-Signature: sha256=${signature}' \\`,
    `  --data-binary @${bodyPath}`,
    '',
    screen.style('dim', 'Ctrl-C stops everything and removes the temporary folder.'),
  ].join('\n');
}

/** For a shell function: the quotes end and begin again around what the shell fills in. */
const freshEvent = [
  `{"id":"by-hand-'$(date +%s)'","type":"job.'$1'","data":{"job_id":"by-hand-'$(date +%s)'","state":"'$1'",`,
  `"type":"materialize-view","input":{"dataset_id":10744},"failures":[{"message":"Sent by hand"}]}}`,
].join('');

function signedEvent(nowMs: number): string {
  const at = (minutesAgo: number) => new Date(nowMs - minutesAgo * 60_000).toISOString();
  return JSON.stringify({
    id: `signed-${nowMs}`,
    type: 'job.failed',
    created_at: at(0),
    data: {
      job_id: `signed-${nowMs}`,
      state: 'failed',
      type: 'datasets_deliver_data',
      request_source: { type: 'api_user', company_id: 1, user_id: 407 },
      input: { dataset_id: 10736 },
      created_at: at(12),
      dequeued_at: at(10),
      updated_at: at(0),
      ended_at: at(0),
      failures: [{ message: 'Sent by hand, with a signature', timestamp: at(0) }],
    },
  });
}
