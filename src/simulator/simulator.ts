/** A simulated Narrative: its API, and its webhooks. */
import type { HttpBindings } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import type { JsonObject } from '../event/json.ts';
import type { Subscription } from '../narrative/api.ts';
import { narrativeApi } from './api.ts';
import { controlApi } from './control.ts';
import { createFaults, type ApiFault } from './faults.ts';
import { createJobs } from './jobs.ts';
import { refusal } from './json.ts';
import type { Retries } from './sender.ts';
import { createTally, type Counts } from './sent.ts';
import { startServer } from './server.ts';
import type { Signing } from './signing.ts';
import { createStamps } from './stamps.ts';
import type { Spelling } from './subscription-wire.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createTeller, type Forms, type SentWebhook } from './tell.ts';
import type { Happening, SeedSubscription } from './timeline.ts';

export interface SimulatorOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** What its API wants as a bearer token. */
  token: string;
  /** Whose spelling its answers about subscriptions have. Default snake_case. */
  spelling?: Spelling;
  /** The form of jobs' bodies. Default `knowledge-base`; `both` takes turns. */
  form?: Forms['jobs'];
  /** The form of apps' bodies. Default `both`. */
  appForm?: Forms['apps'];
  /** Default: the HMAC in `X-Narrative-Signature`. */
  signing?: Signing;
  retries?: Partial<Retries>;
  ports: SimulatorPorts;
}

export interface SimulatorPorts {
  /** This machine's time, epoch ms: for signatures and waiting. */
  now(): number;
  /** The time at Narrative, epoch ms: for what it writes down. */
  storyNow(): number;
  wait(ms: number): Promise<void>;
  /** Story time passes so much faster than this machine's. */
  speed: number;
}

export interface Simulator {
  /** Of its API, without a slash at the end: the value for NARRATIVE_API_URL. */
  readonly url: string;
  readonly token: string;
  /** As `POST /webhooks` would make it, but with a secret of one's own if wanted, and any values in its filters. */
  subscribe(seed: SeedSubscription): Subscription & { secret: string };
  subscriptions(): readonly Subscription[];
  /**
   * It happens now: puts the job on record, and sends what active subscriptions ask for. Resolves when each webhook is delivered or
   * given up, those that are to be late or to come again included; their waits are divided by `speed`.
   */
  happen(happening: Happening): Promise<SentWebhook[]>;
  /** Jobs on record, as `/jobs` tells of them, newest first. */
  jobs(): readonly JsonObject[];
  /** Its API misbehaves, for the next requests. Those to `/simulator` are spared. */
  misbehave(fault: ApiFault): void;
  /** Called for each webhook that has ended. */
  onSent(listener: (sent: SentWebhook) => void): void;
  counts(): Counts;
  /** Gives up what is under way. */
  close(): Promise<void>;
}

/** Throws Node's error when it can't listen there. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { port = 0, host = '127.0.0.1', token, spelling = 'snake_case', form = 'knowledge-base', appForm = 'both' } = options;
  const { signing, retries, ports } = options;
  const stamp = createStamps(ports.storyNow);
  const tally = createTally();
  const jobs = createJobs();
  const faults = createFaults();
  const subscriptions = createSubscriptions({ signing, retries, tally, stamp, ports });
  const listeners: ((sent: SentWebhook) => void)[] = [];
  const onSent = (sent: SentWebhook) => {
    for (const listener of listeners) listener(sent);
  };
  const { happen } = createTeller({ subscriptions, jobs, forms: { jobs: form, apps: appForm }, stamp, onSent, ports });

  const control = controlApi({ jobs, faults, happen, stamp, onSent: (listener) => void listeners.push(listener) });
  const app = new Hono<{ Bindings: HttpBindings }>()
    .get('/', ({ text }) => text(whatThisIs))
    .use(requireToken(token))
    .route('/simulator', control)
    .use(faults.middleware)
    .route('/', narrativeApi({ subscriptions, jobs, spelling }))
    .notFound(({ req }) => refusal(404, `There is no ${req.method} ${req.path}; GET / says what there is`))
    .onError((error) => refusal(500, `The simulator failed: ${error.message}`));
  const server = await startServer(app, { port, host });

  return {
    url: server.url,
    token,
    subscribe(seed) {
      const { subscription, secret } = subscriptions.add(seed);
      return { ...subscription, secret };
    },
    subscriptions: () => subscriptions.all().map(({ subscription }) => subscription),
    happen,
    jobs: () => jobs.list(),
    misbehave: faults.add,
    onSent: (listener) => void listeners.push(listener),
    counts: tally.counts,
    async close() {
      subscriptions.close();
      await server.close();
    },
  };
}

function requireToken(token: string): MiddlewareHandler {
  return async ({ req }, proceed) => {
    const given = /^bearer +(\S+) *$/i.exec(req.header('authorization') ?? '')?.[1];
    if (given === token) return proceed();
    const why = given === undefined ? 'Give a token: Authorization: Bearer …' : 'This token is not known here';
    return refusal(401, why);
  };
}

const whatThisIs = `This is no Narrative: it is narrative-relay's simulator of it ("relay simulate").

As Narrative's API, with "Authorization: Bearer <token>":
  POST /webhooks           make a subscription     GET /webhooks           list them
  GET /webhooks/{id}       one, with statistics    DELETE /webhooks/{id}   archive it
  GET /jobs                jobs on record          GET /jobs/{id}          one of them

To make something happen, with the same token:
  POST /simulator/jobs     {"type": "materialize-view", "state": "failed", "dataset_id": 10736}
  POST /simulator/apps     {"app_id": "8", "event_type": "facebook.audience.delivery.failed"}
  POST /simulator/faults   {"status": 429, "retry_after": 2, "times": 3, "path": "/jobs"}
  GET /simulator/sent      the last 1,000 webhooks, and what came of them

More is in docs/simulator.md.
`;
