/** The one place where the core is wired: ports, settings and rules in; an app, an outbox and a way to change the rules out. */
import type { Hono } from 'hono';
import { createDestination, type DestinationPorts } from './destination/create.ts';
import type { Destination } from './destination/destination.ts';
import { createSequence } from './event/id.ts';
import { relayEvent } from './event/relay-event.ts';
import { createApp, type Readiness } from './http/app.ts';
import type { RequestReader } from './http/read-request.ts';
import { createWebhookRoute } from './http/webhook-route.ts';
import { createIntake } from './intake/intake.ts';
import { createOperatorApi } from './http/api/operator-api.ts';
import type { Silences } from './incident/covering.ts';
import { createDesk } from './incident/desk.ts';
import { createWatch } from './incident/watch.ts';
import { createAttemptReport } from './observe/attempts.ts';
import { watchReconcile } from './incident/watch-reconcile.ts';
import { createNarrativeApi } from './narrative/client.ts';
import { createReconciler } from './narrative/reconciler.ts';
import { createGauges } from './observe/gauges.ts';
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
import { createDeliveryStore } from './store/deliveries.ts';
import { createRetention } from './store/retention.ts';
import { createLastEvent } from './store/last-event.ts';
import { createReconciliationStore } from './store/reconciliations.ts';
import { createUndelivered } from './store/undelivered.ts';
import { shareAlarm } from './shared-alarm.ts';

/** How long a delivery is tried, ms. */
const deliveryLifetimeMs = 24 * 3_600_000;
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
  const inForce = (set: RuleSet) => {
    const clean = createRedactor(secretsOf(set));
    const destinations = [...set.destinations.values()].map((config) => createDestination(config, destinationPorts));
    return {
      rules: set,
      destinations: new Map<string, Destination>(destinations.map((each) => [each.name, quotingNoSecrets(each, clean)])),
      router: { version: set.version, plan: set.plan },
    };
  };
  let current = inForce(rules);
  let rulesProblems: readonly string[] = [];

  const alarms = shareAlarm(alarm, clock);
  const desk = createDesk({
    sql,
    clock,
    alarm: alarms.branch(() => desk.ring()),
    afterTurn,
    log,
    nextSeq,
    deliveries: createDeliveryStore(sql),
    rules: () => current.rules,
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
    destinations: () => current.destinations,
    links: () => current.rules.links,
    silenceFor: desk.silenceFor,
    toldByRules: (destination, to) => tellsOfBreaking(current.rules, desk.silences, destination, to, clock.now()),
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
    router: () => current.router,
    admit: desk.admit,
    onPlanned: outbox.wake,
    onTimed: desk.wake,
    onSubjectFallback: () => metrics.count('subject_fallbacks_total', {}),
  });
  const lastEventAt = createLastEvent(sql);
  const { narrativeApiToken, reconcileEveryMs } = settings;
  const watch = createWatch({
    sql,
    raise: ledger.raise,
    parked: outbox.parked,
    undelivered: createUndelivered(sql),
    destinations: () => current.rules.destinations,
    lastEventAt,
    furtherTopics: [
      watchReconcile(createReconciliationStore(sql), narrativeApiToken === undefined ? null : reconcileEveryMs, clock.now()),
    ],
    config: () => current.rules.watch,
    clock,
    log,
  });
  const intake = createIntake({ hash, clock, ledger, subscriptions: () => current.rules.subscriptions });
  const stopping = new AbortController();
  const retentionMs = settings.retentionDays * 24 * 3_600_000;
  const reconciler = createReconciler({
    ...ports,
    alarm: alarms.branch(() => reconciler.ring()),
    api:
      narrativeApiToken === undefined
        ? null
        : createNarrativeApi({
            fetch,
            clock,
            random,
            token: narrativeApiToken,
            url: settings.narrativeApiUrl,
            version,
            signal: stopping.signal,
            // It waits by itself, and remembers for how long.
            maxAttempts: 1,
            wait: () => Promise.resolve(),
          }),
    ledger,
    subscriptions: () => current.rules.subscriptions,
    publicUrl: settings.publicUrl,
    lastEventAt,
    everyMs: reconcileEveryMs,
    lookbackMs: settings.reconcileLookbackMs,
    retentionMs,
    onRequest: (call, outcome) => metrics.count('narrative_api_requests_total', { call, outcome }),
    onTaken: ({ trigger }, count) => metrics.count('reconcile_taken_total', { trigger }, count),
    onEnd: ({ trigger, status }) => metrics.count('reconcile_runs_total', { trigger, outcome: status }),
  });
  const heartbeat = createHeartbeat({ sql, clock });
  const retention = createRetention({
    sql,
    hash,
    clock,
    afterTurn,
    log,
    retentionMs,
    forgetters: [...desk.forgetters, reconciler.forget],
  });

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
        rules: { version: current.rules.version, problems: rulesProblems },
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
      api: createOperatorApi({ token: settings.adminToken, reader, silences: desk.silences, reconciler, clock, log }),
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
      stopping.abort();
      await Promise.all([reconciler.stop(), outbox.stop(stopGraceMs)]);
    },
    replaceRules(next) {
      const before = current.rules.subject;
      current = inForce(next);
      if (next.subject !== before) warnOfStranded(desk.countOpen());
      desk.rulesChanged();
      reconciler.rulesChanged();
      outbox.destinationsChanged();
    },
    reportRulesProblems(problems) {
      rulesProblems = problems;
    },
    refreshGauges: createGauges({ clock, version, outbox, desk, reconciler }),
    prune: retention.run,
  };
}

/** Whether a rule about the relay itself tells `to` of it, at once and each time: then that is told twice if the outbox does so, too. */
function tellsOfBreaking({ plan }: RuleSet, silences: Silences, about: string, to: string, now: number): boolean {
  const narrative = relayEvent({ topic: 'destination-parked', state: 'failed', about, detail: '' }, null);
  const routable = { subscription: 'relay', narrative };
  const prompt = plan(routable).matched.filter(
    ({ incident }) => incident === null || (incident.holdMs === null && incident.repeatMs === null && incident.group === null),
  );
  return prompt.some(({ send }) => send.some((each) => each.to === to)) && silences.covering(routable, now) === null;
}
