/** A relay with a past: an event that failed, and what became of its deliveries; for whoever asks the operator API about it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startHttpReceiver } from '../../src/demo/http-receiver.ts';
import { operatorRoutes } from '../../src/http/api/catalogue.ts';
import type { Route } from '../../src/http/api/route.ts';
import { jobBody, post, type EventSketch } from './narrative-event.ts';
import { startRelayUnderTest } from './relay-under-test.ts';

export const token = 'operators-token-not-a-real-one';

/** Each of them secret somewhere in the settings or the rules. */
export const planted = {
  FAKE_SECRET: 'http-test-webhook-secret-not-real',
  FAKE_SLACK_TOKEN: 'xoxb-4242-not-a-real-token',
  FAKE_ROUTING_KEY: 'SECRETROUTINGKEYNOTAREALONE00000',
  FAKE_HOOK_SECRET: 'hook-secret "with quotes" \\ not a real one',
  FAKE_DIGITS: '4815162342',
};

const rulesFor = (url: string) => `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
destinations:
  takes: { type: http, url: ${url}/takes, secret: { env: FAKE_HOOK_SECRET } }
  refuses: { type: http, url: ${url}/refuses, headers: { x-pin: { env: FAKE_DIGITS } } }
  broken: { type: http, url: ${url}/broken }
  team: { type: slack, token: { env: FAKE_SLACK_TOKEN }, channel: C0123ABCD }
  oncall: { type: pagerduty, routing_key: { env: FAKE_ROUTING_KEY } }
rules:
  - name: failures
    match: { states: [failed] }
    recover: true
    send: [{ to: takes }, { to: refuses }, { to: broken }]
  - { name: never, match: { states: [nowhere] }, send: [{ to: team }, { to: oncall }] }
`;

export type OperatorStage = Awaited<ReturnType<typeof startOperatorStage>>;

/** `adminToken`: null for none. */
export async function startOperatorStage({ adminToken = token }: { adminToken?: string | null } = {}) {
  const receiver = await startHttpReceiver();
  const answers: Record<string, number> = { '/refuses': 400, '/broken': 401 };
  receiver.answerWith(({ path }) => {
    const status = answers[path];
    return status === undefined ? null : { kind: 'status', status };
  });
  const relay = await startRelayUnderTest({
    rules: rulesFor(receiver.url),
    secrets: planted,
    ...(adminToken === null ? {} : { adminToken }),
  });

  function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return fetch(`${relay.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(text === undefined ? {} : { body: text }),
    });
  }

  return {
    relay,
    receiver,
    ask,
    /** The answer's JSON, of whatever status. */
    read: async <View>(path: string) => (await (await ask('GET', path)).json()) as View,
    /** Returns the event's id. */
    async send(sketch: EventSketch = {}): Promise<string> {
      const answer = (await (await post(relay, jobBody(sketch))).json()) as { event_id: string };
      return answer.event_id;
    },
    /** One that fails: delivered to `takes`, dead at `refuses`, waiting for `broken`, which is parked. Returns its id. */
    async fail(sketch: EventSketch = {}): Promise<string> {
      const id = await this.send(sketch);
      const settled = `SELECT 1 FROM deliveries WHERE status = 'dead' AND EXISTS (SELECT 1 FROM deliveries WHERE status = 'delivered')
        AND EXISTS (SELECT 1 FROM parked)`;
      while (relay.sql.query(settled).length === 0) await sleep(5);
      return id;
    },
    async stop(): Promise<void> {
      await relay.stop();
      await receiver.close();
    },
  };
}

/** The routes as they are described. Nobody is behind them: they are not to be asked anything. */
export function describedRoutes(): Route[] {
  const nobody: never = new Proxy({}, { get: () => nobody }) as never;
  const ports = { clock: nobody, log: nobody, textOf: String, version: '0.0.0-test' };
  return operatorRoutes({ operations: nobody, silences: nobody, reconciler: nobody, ...ports });
}
