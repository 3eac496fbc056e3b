/** What the reader can do once the day is over: edit the rules, and send events by hand. */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Screen } from './screen.ts';
import { proofOf } from './sender.ts';

export interface Playground {
  webhookUrl: string;
  secret: string;
  rulesPath: string;
  logPath: string;
  /** Where the signed event is written. */
  folder: string;
  nowMs: number;
}

export function renderPlayground({ webhookUrl, secret, rulesPath, logPath, folder, nowMs }: Playground, screen: Screen): string {
  const bodyPath = join(folder, 'failed-event.json');
  const body = new TextEncoder().encode(signedEvent(nowMs));
  writeFileSync(bodyPath, body);
  const signature = proofOf('hmac-sha256', secret, { id: 'by-hand', body }, 0)['x-narrative-signature'];
  const heading = (text: string) => screen.style('bold', text);
  const rules = relative(process.cwd(), rulesPath) || '.';
  return [
    heading(`The relay listens on ${webhookUrl}`),
    `Its log: ${logPath}`,
    '',
    heading(`Edit ${rules}/failures.yaml (what alerts whom) or ${rules}/relay.yaml (destinations):`),
    'what you save takes effect at once; what is wrong is said here, and the old rules stay.',
    '',
    heading('Send a failure, a new one each time (this proof is the secret itself, as a bearer token):'),
    `curl -sS -w '\\n' ${webhookUrl} -H 'content-type: application/json' -H 'Authorization: Bearer ${secret}' \\`,
    `  -d '${freshEvent}'`,
    '',
    heading('Or a signed one; the second time it is a duplicate:'),
    `curl -sS -w '\\n' ${webhookUrl} -H 'content-type: application/json' -H 'X-Narrative-Signature: sha256=${signature}' \\`,
    `  --data-binary @${bodyPath}`,
    '',
    screen.style('dim', 'Ctrl-C stops everything and removes the temporary folder.'),
  ].join('\n');
}

/** For a shell: the quotes end and begin again around what the shell fills in. */
const freshEvent = [
  `{"id":"by-hand-'$(date +%s)'","type":"job.failed","data":{"job_id":"by-hand-'$(date +%s)'","state":"failed",`,
  `"type":"datasets_deliver_data","updated_at":"'$(date -u +%FT%TZ)'","input":{"dataset_id":10736},`,
  `"failures":[{"message":"Sent by hand"}]}}`,
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
