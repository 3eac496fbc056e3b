/**
 * What one event costs as the number of rules grows: taken as intake takes it (verify, parse, plan), and the planning alone.
 * In this process; HTTP and the store would only hide the rules.
 */
import { createHmac } from 'node:crypto';
import { parseBody } from '../src/event/parse.ts';
import { createVerifier, type Claim } from '../src/intake/verify.ts';
import { nodeHash } from '../src/node/ports.ts';
import { loadRules } from '../src/rules/load.ts';
import type { Plan, Routable } from '../src/rules/plan.ts';
import type { RuleSet } from '../src/rules/rule-set.ts';
import { rowOf } from './ingest.ts';
import type { Row } from './report.ts';
import { manyRules, matchingEvents } from './rule-mix.ts';
import { secret } from './request.ts';

const sizes = [10, 1_000, 10_000] as const;
const events = 500;
const rounds = 9;
const roundMs = 60;

interface Candidate {
  size: (typeof sizes)[number];
  rules: RuleSet;
  claims: Claim[];
  routables: Routable[];
  loadMs: number;
  /** µs per event, by round. */
  intake: number[];
  plan: number[];
}

const verifier = createVerifier(nodeHash);

export function measureRules(progress: (text: string) => void): Row[] {
  const candidates = sizes.map((size): Candidate => {
    progress(`loading ${size} rules`);
    const startedAt = performance.now();
    const rules = load(size);
    const loadMs = performance.now() - startedAt;
    const claims = claimsFor(size);
    return { size, rules, loadMs, claims, routables: claims.map((claim) => routed(claim, rules)), intake: [], plan: [] };
  });
  // The first round warms up and is left out.
  for (let round = 0; round <= rounds; round++) {
    for (const { size, rules, claims, routables, intake, plan } of candidates) {
      progress(`${size} rules, round ${round} of ${rounds}`);
      const taken = timePerEvent(claims, (claim) => rules.plan(take(claim, rules)));
      const planned = timePerEvent(routables, (routable) => rules.plan(routable));
      if (round === 0) continue;
      intake.push(taken);
      plan.push(planned);
    }
  }
  const [ten, thousand, tenThousand] = candidates as [Candidate, Candidate, Candidate];
  const against10 = (many: Candidate, part: 'intake' | 'plan') => many[part].map((cost, i) => cost / ten[part][i]!);
  const event = 'time per event (verify, parse, plan)';
  return [
    rowOf(`rules: ${event}, 1,000 against 10`, '×', { atMost: 1.5 }, against10(thousand, 'intake')),
    rowOf(`rules: ${event}, 10,000 against 10`, '×', { atMost: 3 }, against10(tenThousand, 'intake')),
    rowOf('  planning alone, 1,000 against 10', '×', null, against10(thousand, 'plan')),
    rowOf('  planning alone, 10,000 against 10', '×', null, against10(tenThousand, 'plan')),
    ...candidates.map(({ size, plan }) => rowOf(`  planning alone, ${size.toLocaleString('en-US')} rules`, 'µs', null, plan)),
    ...[thousand, tenThousand].map(({ size, loadMs }) =>
      rowOf(`  loading ${size.toLocaleString('en-US')} rules`, 'ms', null, [loadMs]),
    ),
  ];
}

function load(count: number): RuleSet {
  const loaded = loadRules([{ path: 'rules.yaml', text: manyRules(count) }], () => secret);
  if (!loaded.ok) throw new Error(`the bench's own rules are wrong: ${JSON.stringify(loaded.problems[0])}`);
  return loaded.rules;
}

function claimsFor(size: number): Claim[] {
  return matchingEvents(size, events).map((wire) => {
    const body = Buffer.from(JSON.stringify(wire));
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    return { header: (name) => (name === 'x-narrative-signature' ? signature : null), urlToken: null, body, nowMs: 0 };
  });
}

function take(claim: Claim, { subscriptions }: RuleSet): Routable {
  const verification = verifier.verifyAny(claim, subscriptions.values());
  if (!verification.ok) throw new Error(`the bench's own event is refused: ${verification.why}`);
  const parsed = parseBody(verification.request.body);
  if (parsed.kind !== 'event') throw new Error(`the bench's own event is none: ${parsed.why}`);
  return { subscription: verification.request.subscription, narrative: parsed.event };
}

/** Each event matches one rule: more matches would be more work by themselves. */
function routed(claim: Claim, rules: RuleSet): Routable {
  const routable = take(claim, rules);
  const matched = rules.plan(routable).rules;
  if (matched.length === 1) return routable;
  throw new Error(`an event should match one of ${rules.rules.length} rules; it matches ${matched.join(', ') || 'none'}`);
}

/** µs. */
function timePerEvent<T>(inputs: readonly T[], work: (input: T) => Plan): number {
  let planned = 0;
  const startedAt = performance.now();
  let elapsed = 0;
  while (elapsed < roundMs) {
    for (const input of inputs) planned += work(input).deliveries.length;
    elapsed = performance.now() - startedAt;
  }
  return (elapsed * 1000) / planned;
}
