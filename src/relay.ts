/** The one place where the core is wired: ports, settings and rules in; an app, an outbox and a way to change the rules out. */
import type { Hono } from 'hono';
import type { ConsoleAssets } from './console/assets.ts';
import { createLazyConsole } from './console/lazy.ts';
import type { DestinationPorts } from './destination/create.ts';
import { createSequence } from './event/id.ts';
import { createApp, type Readiness } from './http/app.ts';
import type { RequestReader } from './http/read-request.ts';
import { createWebhookRoute } from './http/webhook-route.ts';
import { createIntake } from './intake/intake.ts';
import { createOperatorApi } from './http/api/operator-api.ts';
import { createInForce } from './in-force.ts';
import { createDesk } from './incident/desk.ts';
import { tellsOfBreaking } from './incident/tells-of-breaking.ts';
import { createWatch } from './incident/watch.ts';
import { createAttemptReport } from './observe/attempts.ts';
import { watchReconcile } from './incident/watch-reconcile.ts';
import type { NarrativeApi } from './narrative/api.ts';
import { createNarrativeApi } from './narrative/client.ts';
import { createReconciler } from './narrative/reconciler.ts';
import { createGauges } from './observe/gauges.ts';
import type { Metrics } from './observe/metrics.ts';
import { createOperations } from './operate/create.ts';
import { createOutbox } from './outbox/outbox.ts';
import type { Ports } from './ports.ts';
import type { RuleSet } from './rules/rule-set.ts';
import { createTemplates, type RenderTemplate } from './rules/template.ts';
import { createEventStore } from './store/events.ts';
import { createHeartbeat } from './store/heartbeat.ts';
import { createHourlyStore } from './store/hourly.ts';
import { createLedger } from './store/ledger.ts';
import { migrate } from './store/migrations.ts';
import { createDeadLetters } from './store/dead-letters.ts';
import { createDeliveryStore } from './store/deliveries.ts';
import { createRetention } from './store/retention.ts';
import { createLastEvent } from './store/last-event.ts';
import { deliveryLifetimeMs } from './store/lifetime.ts';
import { createReconciliationStore } from './store/reconciliations.ts';
import { createUndelivered } from './store/undelivered.ts';
import { shareAlarm } from './shared-alarm.ts';

/** For sends in flight at a stop, ms. */
const stopGraceMs = 10_000;

export interface RelayOptions {
  ports: Ports;
  settings: {
    /** Undefined: no operator API. */
    adminToken: string | undefined;
    maxBodyBytes: number;
    retentionDays: number;
    publicUrl: string | undefined;
    /** Undefined: Narrative is asked nothing. */
    narrativeApiToken: string | undefined;
    narrativeApiUrl: string;
    reconcileEveryMs: number | null;
    reconcileLookbackMs: number;
    slackApiUrl: string | undefined;
    pagerDutyEventsUrl: string | undefined;
  };
  rules: RuleSet;
  reader: RequestReader;
  metrics: Metrics;
  scrape: () => Promise<{ text: string; contentType: string }>;
  print: DestinationPorts['print'];
  /** Masks every secret of the settings and of the rules, now and before, in a text. */
  clean: (text: string) => string;
  consoleAssets: ConsoleAssets;
  /** Size of the store. Not every runtime can tell. */
  storeBytes?: () => number;
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
export function createRelay(options: RelayOptions): Relay {
  const { ports, settings, rules, reader, metrics, scrape, print, clean, consoleAssets, storeBytes, version } = options;
  const { sql, clock, random, hash, fetch, afterTurn, alarm, log } = ports;
  migrate(sql);
  const nextSeq = createSequence(clock, createEventStore(sql).lastSeq());

  const templates = createTemplates();
  const render: RenderTemplate = (source, view, escape, rule = null) => {
    const rendered = templates.render(source, view, escape);
    if (!rendered.ok) {
      metrics.count('template_errors_total', {});
      log.warn({ event_id: view.event.id, error: rendered.error }, 'template failed: the default wording was sent');
      watch.templateFailed(rule, rendered.error, view.relay);
    }
    return rendered;
  };
  const { slackApiUrl, pagerDutyEventsUrl } = settings;
  const destinationPorts = { fetch, clock, hash, render, print, version, slackApiUrl, pagerDutyEventsUrl };
  const inForce = createInForce(rules, destinationPorts, { render: templates.render, clean });

  const alarms = shareAlarm(alarm, clock);
  const desk = createDesk({
    sql,
    clock,
    alarm: alarms.branch(() => desk.ring()),
    afterTurn,
    log,
    nextSeq,
    deliveries: createDeliveryStore(sql),
    rules: inForce.rules,
    deliveryLifetimeMs,
    wakeOutbox: () => outbox.wake(),
    duties: [
      // Made after the ledger and the outbox, which it watches.
      { name: 'watch', run: (now) => watch.run(now), nextAt: () => watch.nextAt(), rearm: (now) => watch.rearm?.(now) },
    ],
  });
  const reportAttempt = createAttemptReport(log, metrics);
  const outbox = createOutbox({
    sql,
    clock,
    random,
    alarm: alarms.branch(() => outbox.cycle()),
    afterTurn,
    log,
    destinations: inForce.destinations,
    links: () => inForce.rules().links,
    silenceFor: desk.silenceFor,
    toldByRules: (destination, to) => tellsOfBreaking(inForce.rules(), desk.silences, destination, to, clock.now()),
    onSilenced: desk.silenced,
    deliveryLifetimeMs,
    nextSeq,
    onAttempt(attempt, settlement) {
      reportAttempt(attempt, settlement);
      watch.attempted(attempt.delivery.destination, attempt.outcome.kind);
    },
    onDeath: ({ destination }) => metrics.count('deliveries_total', { destination, outcome: 'dead' }),
  });
  const ledger = createLedger({
    sql,
    hash,
    clock,
    afterTurn,
    log,
    nextSeq,
    router: inForce.router,
    admit: desk.admit,
    onPlanned: outbox.wake,
    onTimed: desk.wake,
    onTaken: () => operations.taken(),
    onSubjectFallback: () => metrics.count('subject_fallbacks_total', {}),
  });
  const lastEventAt = createLastEvent(sql);
  const { narrativeApiToken, reconcileEveryMs } = settings;
  const watch = createWatch({
    sql,
    raise: ledger.raise,
    parked: outbox.parked,
    undelivered: createUndelivered(sql),
    destinations: () => inForce.rules().destinations,
    lastEventAt,
    furtherTopics: [
      watchReconcile(createReconciliationStore(sql), narrativeApiToken === undefined ? null : reconcileEveryMs, clock.now()),
    ],
    config: () => inForce.rules().watch,
    clock,
    log,
  });
  const intake = createIntake({ hash, clock, ledger, subscriptions: () => inForce.rules().subscriptions });
  const stopping = new AbortController();
  const retentionMs = settings.retentionDays * 24 * 3_600_000;
  const reconciler = createReconciler({
    ...ports,
    alarm: alarms.branch(() => reconciler.ring()),
    api: narrativeApiToken === undefined ? null : narrativeApiOf(narrativeApiToken),
    ledger,
    subscriptions: () => inForce.rules().subscriptions,
    publicUrl: settings.publicUrl,
    lastEventAt,
    everyMs: reconcileEveryMs,
    lookbackMs: settings.reconcileLookbackMs,
    retentionMs,
    onRequest: (call, outcome) => metrics.count('narrative_api_requests_total', { call, outcome }),
    onTaken: ({ trigger }, count) => metrics.count('reconcile_taken_total', { trigger }, count),
    onEnd: ({ trigger, status }) => metrics.count('reconcile_runs_total', { trigger, outcome: status }),
  });
  const operations = createOperations({
    ...ports,
    rules: inForce.rules,
    destinations: inForce.destinations,
    reloads: inForce.reloads,
    silences: desk.silences,
    ledger,
    lastEventAt,
    drawing: inForce.drawing,
    wake() {
      desk.wake();
      outbox.wake();
    },
    unparked(destination) {
      watch.unparked(destination);
      desk.wake();
      outbox.wake();
    },
    deliveryLifetimeMs,
  });
  const forOperators = { token: settings.adminToken, reader, clean, operations, silences: desk.silences, clock, log, version };
  const heartbeat = createHeartbeat({ sql, clock });
  const retention = createRetention({
    sql,
    hash,
    clock,
    afterTurn,
    log,
    retentionMs,
    forgetters: [...desk.forgetters, reconciler.forget, createHourlyStore(sql).forget],
  });

  /** The reconciler waits by itself, and remembers for how long: the client is to ask once. */
  function narrativeApiOf(token: string): NarrativeApi {
    return createNarrativeApi({
      fetch,
      clock,
      random,
      token,
      version,
      url: settings.narrativeApiUrl,
      signal: stopping.signal,
      maxAttempts: 1,
      wait: () => Promise.resolve(),
    });
  }

  /** What is open under the old subjects is not found by events that have new ones. */
  function warnOfStranded(open: number): void {
    if (open === 0) return;
    log.warn(
      { incidents_open: open },
      'defaults.subject has changed: what is open may go by another subject now, and end by nothing',
    );
  }

  function readiness(): Readiness {
    const store = heartbeat.beat() ?? ledger.recentFailure();
    return {
      ready: store === null,
      details: {
        version,
        store: store ?? 'writable',
        rules: { version: inForce.rules().version, problems: inForce.reloads().problems },
        parked: store === null ? outbox.parked().map(({ destination, reason, detail }) => ({ destination, reason, detail })) : [],
      },
    };
  }

  return {
    app: createApp({
      webhook: createWebhookRoute({
        intake,
        reader,
        maxBodyBytes: settings.maxBodyBytes,
        clock,
        log,
        metrics,
        onUnverified: watch.unverified,
      }),
      api: createOperatorApi({
        ...forOperators,
        reconciler,
        onAnswer: (route, status) => metrics.count('operator_requests_total', { route, status: String(status) }),
      }),
      console: createLazyConsole({ ...forOperators, readiness, random, hash, assets: consoleAssets }),
      readiness,
      metrics: scrape,
      log,
    }),
    ring: alarms.ring,
    start() {
      const taken = outbox.recover();
      if (taken > 0) log.warn({ deliveries: taken }, 'took back deliveries whose attempts had no end');
      desk.start();
      outbox.wake();
      reconciler.start();
    },
    async stop() {
      desk.stop();
      operations.stop();
      stopping.abort();
      await Promise.all([reconciler.stop(), outbox.stop(stopGraceMs)]);
    },
    replaceRules(next) {
      const before = inForce.rules().subject;
      inForce.replace(next);
      if (next.subject !== before) warnOfStranded(desk.countOpen());
      desk.rulesChanged();
      reconciler.rulesChanged();
      outbox.destinationsChanged();
    },
    reportRulesProblems: inForce.report,
    refreshGauges: createGauges({
      clock,
      version,
      outbox,
      desk,
      reconciler,
      deadLetters: createDeadLetters(sql),
      rulesProblems: () => inForce.reloads().problems.length,
      ...(storeBytes ? { storeBytes } : {}),
    }),
    prune: retention.run,
  };
}
