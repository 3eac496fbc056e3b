/** The one place where the core is wired: ports, settings and rules in; an app, an outbox and a way to change the rules out. */
import type { Hono } from 'hono';
import { createDestination, type DestinationPorts } from './destination/create.ts';
import type { Destination } from './destination/destination.ts';
import { createSequence } from './event/id.ts';
import { createApp, type Readiness } from './http/app.ts';
import type { RequestReader } from './http/read-request.ts';
import { createWebhookRoute } from './http/webhook-route.ts';
import { createIntake } from './intake/intake.ts';
import { createAttemptReport } from './observe/attempts.ts';
import type { Metrics } from './observe/metrics.ts';
import { createRedactor, quotingNoSecrets } from './observe/redact.ts';
import { createOutbox } from './outbox/outbox.ts';
import type { Ports } from './ports.ts';
import type { RuleSet } from './rules/rule-set.ts';
import { secretsOf } from './rules/secrets.ts';
import { createTemplates, type RenderTemplate } from './rules/template.ts';
import { createEventStore } from './store/events.ts';
import { createHeartbeat } from './store/heartbeat.ts';
import { createLedger } from './store/ledger.ts';
import { migrate } from './store/migrations.ts';
import { createRetention } from './store/retention.ts';

/** How long a delivery is tried, ms. */
const deliveryLifetimeMs = 24 * 3_600_000;
/** For sends in flight at a stop, ms. */
const stopGraceMs = 10_000;

export interface RelayOptions {
  ports: Ports;
  settings: {
    maxBodyBytes: number;
    retentionDays: number;
    slackApiUrl: string | undefined;
    pagerDutyEventsUrl: string | undefined;
  };
  rules: RuleSet;
  reader: RequestReader;
  metrics: Metrics;
  scrape: () => Promise<{ text: string; contentType: string }>;
  print: DestinationPorts['print'];
  version: string;
}

export interface Relay {
  app: Hono;
  /** The alarm's call. */
  ring(): void;
  /** Takes back what a dead process had leased, and starts sending. */
  start(): void;
  stop(): Promise<void>;
  /** Swaps the rules in force; nothing accepted before is planned anew. Throws, and swaps nothing, when a destination can't be made. */
  replaceRules(rules: RuleSet): void;
  /** What the last reload found wrong, for `/readyz`; empty when the files are in force. */
  reportRulesProblems(problems: readonly string[]): void;
  refreshGauges(metrics: Metrics): void;
  /** Removes what is past its retention, in small steps. */
  prune(): void;
}

/** Throws when the store can't be migrated. */
export function createRelay({ ports, settings, rules, reader, metrics, scrape, print, version }: RelayOptions): Relay {
  const { sql, clock, random, hash, fetch, afterTurn, alarm, log } = ports;
  migrate(sql);
  const nextSeq = createSequence(clock, createEventStore(sql).lastSeq());

  const templates = createTemplates();
  const render: RenderTemplate = (source, view, escape) => {
    const rendered = templates.render(source, view, escape);
    if (!rendered.ok) {
      metrics.count('template_errors_total', {});
      log.warn({ event_id: view.event.id, error: rendered.error }, 'template failed: the default wording was sent');
    }
    return rendered;
  };
  const { slackApiUrl, pagerDutyEventsUrl } = settings;
  const destinationPorts = { fetch, clock, hash, render, print, version, slackApiUrl, pagerDutyEventsUrl };
  const inForce = (set: RuleSet) => {
    const clean = createRedactor(secretsOf(set));
    const destinations = [...set.destinations.values()].map((config) => createDestination(config, destinationPorts));
    return {
      rules: set,
      destinations: new Map<string, Destination>(destinations.map((each) => [each.name, quotingNoSecrets(each, clean)])),
      router: {
        version: set.version,
        plan: set.plan,
        fallbackOf: (name: string) => set.destinations.get(name)?.fallback ?? null,
      },
    };
  };
  let current = inForce(rules);
  let rulesProblems: readonly string[] = [];

  const outbox = createOutbox({
    sql,
    clock,
    random,
    alarm,
    afterTurn,
    log,
    destinations: () => current.destinations,
    links: () => current.rules.links,
    deliveryLifetimeMs,
    nextSeq,
    onAttempt: createAttemptReport(log, metrics),
    onDeath: ({ destination }) => metrics.count('deliveries_total', { destination, outcome: 'dead' }),
  });
  const ledger = createLedger({
    sql,
    hash,
    clock,
    afterTurn,
    log,
    nextSeq,
    router: () => current.router,
    deliveryLifetimeMs,
    onPlanned: outbox.wake,
  });
  const intake = createIntake({ hash, clock, ledger, subscriptions: () => current.rules.subscriptions });
  const heartbeat = createHeartbeat({ sql, clock });
  const retention = createRetention({ sql, hash, clock, afterTurn, log, retentionMs: settings.retentionDays * 24 * 3_600_000 });

  function readiness(): Readiness {
    const store = heartbeat.beat() ?? ledger.recentFailure();
    return {
      ready: store === null,
      details: {
        version,
        store: store ?? 'writable',
        rules: { version: current.rules.version, problems: rulesProblems },
        parked: store === null ? outbox.parked().map(({ destination, reason, detail }) => ({ destination, reason, detail })) : [],
      },
    };
  }

  return {
    app: createApp({
      webhook: createWebhookRoute({ intake, reader, maxBodyBytes: settings.maxBodyBytes, clock, log, metrics }),
      readiness,
      metrics: scrape,
      log,
    }),
    ring: outbox.cycle,
    start() {
      const taken = outbox.recover();
      if (taken > 0) log.warn({ deliveries: taken }, 'took back deliveries whose attempts had no end');
      outbox.wake();
    },
    stop: () => outbox.stop(stopGraceMs),
    replaceRules(next) {
      current = inForce(next);
      outbox.destinationsChanged();
    },
    reportRulesProblems(problems) {
      rulesProblems = problems;
    },
    refreshGauges(into) {
      const now = clock.now();
      const backlog = outbox.backlog();
      into.gauge(
        'outbox_pending',
        backlog.map(({ destination, pending }) => ({ labels: { destination }, value: pending })),
      );
      into.gauge(
        'outbox_oldest_due_seconds',
        backlog.map(({ destination, oldestDueAt }) => ({
          labels: { destination },
          value: Math.max(0, now - (oldestDueAt ?? now)) / 1000,
        })),
      );
      into.gauge(
        'destination_parked',
        outbox.parked().map(({ destination }) => ({ labels: { destination }, value: 1 })),
      );
      into.gauge('build_info', [{ labels: { version }, value: 1 }]);
    },
    prune: retention.run,
  };
}
