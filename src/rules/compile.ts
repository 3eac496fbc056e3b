/** From validated files to a rule set. Everything that could go wrong has been checked before. */
import type { Pace } from '../destination/destination.ts';
import { compileMute, compileRules } from './compile-rules.ts';
import { createExplainer } from './explain.ts';
import type { ParsedFile } from './parsed-file.ts';
import { createPlanner } from './planner.ts';
import { builtInDestination } from './references.ts';
import type { DestinationConfig, RuleSet, SubscriptionConfig, VerifyConfig, WatchConfig } from './rule-set.ts';
import type { ParsedDestination, ParsedSecret, ParsedSubscription } from './schema.ts';
import type { ParsedWatch } from './schema-incidents.ts';
import { durationMs } from './schema-values.ts';
import { buildTests } from './tests.ts';
import { createDemands, createWanted, type RulesToAsk } from './wanted-by-rules.ts';

export function compileRuleSet(files: readonly ParsedFile[], version: string, readSecret: Resolve): RuleSet {
  const secrets = new Set<string>();
  const resolve: Resolve = (ref) => {
    const secret = readSecret(ref);
    secrets.add(secret);
    return secret;
  };
  const subscriptions = new Map(
    files.flatMap(({ parsed }) =>
      Object.entries(parsed.subscriptions ?? {}).map(([name, each]) => [name, subscriptionOf(name, each, resolve)]),
    ),
  );
  const destinations = new Map(
    files.flatMap(({ parsed }) =>
      Object.entries(parsed.destinations ?? {}).map(([name, each]) => [name, destinationOf(name, each, resolve)]),
    ),
  );
  const implicitSend = destinations.size === 0;
  if (!destinations.has(builtInDestination)) {
    destinations.set(builtInDestination, { type: 'console', name: builtInDestination, fallback: null, pace: null });
  }
  const subject = files.find(({ parsed }) => parsed.defaults?.subject !== undefined)?.parsed.defaults?.subject ?? null;
  const compiled = compileRules(files, subject, {
    implicit: implicitSend,
    fallbackOf: (name) => destinations.get(name)?.fallback ?? null,
  });
  const toAsk: RulesToAsk = { ...compiled, subject, forwards: (to) => destinations.get(to)?.type === 'http' };
  return {
    version,
    subscriptions,
    destinations,
    links: files.find(({ parsed }) => parsed.defaults?.links)?.parsed.defaults?.links ?? {},
    subject,
    rules: compiled.rules,
    mutes: files.flatMap(({ parsed }) => (parsed.mutes ?? []).map((mute) => compileMute(mute))),
    watch: watchOf(files.find(({ parsed }) => parsed.watch)?.parsed.watch ?? {}),
    unmatched: compiled.unmatched?.rule ?? null,
    secrets: [...secrets],
    tests: buildTests(files, [...subscriptions.keys()][0]!),
    plan: createPlanner(compiled),
    explain: createExplainer(compiled),
    wanted: createWanted(toAsk),
    demands: createDemands(toAsk, [...subscriptions.keys()]),
  };
}

/** Off, until the files say otherwise, is only what depends on how busy a company is. */
function watchOf({ no_events, backlog = '10m', unverified = '20/m' }: ParsedWatch): WatchConfig {
  return {
    noEventsMs: no_events === undefined ? null : durationMs(no_events),
    backlogMs: durationMs(backlog),
    unverifiedPerMinute: Number.parseInt(unverified, 10),
  };
}

type Resolve = (ref: ParsedSecret) => string;

function subscriptionOf(name: string, { id, verify, secrets }: ParsedSubscription, resolve: Resolve): SubscriptionConfig {
  return { name, id: id ?? null, verify: verifyOf(verify), secrets: secrets.map(resolve) };
}

function verifyOf(verify: ParsedSubscription['verify']): VerifyConfig {
  switch (verify?.scheme) {
    case undefined:
    case 'auto':
      return { scheme: 'auto' };
    case 'hmac-sha256':
      return { scheme: 'hmac-sha256', header: verify.header?.toLowerCase() ?? null, encoding: verify.encoding ?? null };
    case 'shared-secret':
      return { scheme: 'shared-secret', header: verify.header?.toLowerCase() ?? null };
    case 'standard-webhooks':
      return { scheme: 'standard-webhooks', toleranceMs: durationMs(verify.tolerance ?? '7d') };
    case 'url-token':
      return { scheme: 'url-token' };
  }
}

function destinationOf(name: string, written: ParsedDestination, resolve: Resolve): DestinationConfig {
  if (written.type === 'console') return { type: 'console', name, fallback: null, pace: null };
  const base = { name, fallback: written.fallback ?? null, pace: paceOf(written.pace) };
  switch (written.type) {
    case 'slack':
      return written.token
        ? { ...base, type: 'slack', token: resolve(written.token), channel: written.channel ?? '' }
        : { ...base, type: 'slack', webhookUrl: resolve(written.webhook_url!) };
    case 'pagerduty':
      return { ...base, type: 'pagerduty', routingKey: resolve(written.routing_key), region: written.region ?? 'us' };
    case 'http': {
      const text = (value: string | ParsedSecret) => (typeof value === 'string' ? value : resolve(value));
      return {
        ...base,
        type: 'http',
        url: text(written.url),
        secret: written.secret ? resolve(written.secret) : null,
        method: written.method ?? 'POST',
        headers: Object.fromEntries(Object.entries(written.headers ?? {}).map(([key, value]) => [key, text(value)])),
      };
    }
  }
}

/** `10/s`: ten a second, and ten at once; `120/m`: two a second, and two at once. */
function paceOf(written: string | undefined): Pace | null {
  if (written === undefined) return null;
  const [count, unit] = written.split('/');
  const perSecond = Number(count) / (unit === 'm' ? 60 : 1);
  return { perSecond, burst: Math.max(1, Math.ceil(perSecond)) };
}
