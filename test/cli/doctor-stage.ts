/** One area of `relay doctor` by itself, on rules and an environment of its own; and an address where nobody listens. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookAround, type CheckArea } from '../../src/cli/doctor/surroundings.ts';
import type { Finding, Verdict } from '../../src/finding.ts';

export const signs: Record<Verdict, string> = { ok: '✓', warning: '!', problem: '✗', skipped: '–' };

/** `✗ name: detail`. */
export const lineOf = ({ verdict, name, detail }: Finding) => `${signs[verdict]} ${name}: ${detail}`;

export interface WhatIsThere {
  /** Below `destinations:` in the rules, one line each, such as `oncall: { type: console }`. */
  destinations?: readonly string[];
  /** Below `rules:`, one line each. */
  rules?: readonly string[];
  env?: Record<string, string>;
  thorough?: boolean;
}

/** Every secret that is named `FAKE_…` has to be in `env`. */
export async function look(check: CheckArea, there: WhatIsThere) {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-area-'));
  try {
    writeFileSync(join(folder, 'relay.yaml'), rulesText(there));
    const environment = { FAKE_SECRET: 'fake-webhook-secret-0001', RELAY_DB: join(folder, 'none.db'), ...there.env };
    const surroundings = lookAround(environment, { rules: folder, db: undefined, thorough: there.thorough ?? false });
    if (surroundings.report?.problems.some(({ message }) => !message.includes('is not set'))) {
      throw new Error(`the test's rules are wrong: ${JSON.stringify(surroundings.report.problems)}`);
    }
    const { findings, reached } = await check(surroundings);
    return { lines: findings.map(lineOf), todos: findings.flatMap(({ todo }) => todo ?? []), reached };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function rulesText({ destinations = [], rules = [] }: Pick<WhatIsThere, 'destinations' | 'rules'>): string {
  const below = (key: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `${key}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
  const subscriptions = 'subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }';
  return `version: 1\n${subscriptions}\n${below('destinations', destinations)}${below('rules', rules)}`;
}

/** Where nobody listens any more. */
export async function closedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
