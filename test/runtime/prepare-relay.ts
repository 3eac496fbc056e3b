/** A relay of a test's own: a temporary folder with rules and database, and nothing left running or lying around. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { launchRelay, type LaunchOptions, type RelayChild } from './relay-child.ts';
import { secret } from './signed-event.ts';

export interface PreparedRelay {
  folder: string;
  databasePath: string;
  writeRules(text: string): void;
  /** May be called again: each is a process of its own on the same database. */
  launch(options?: Partial<LaunchOptions>): RelayChild;
}

export interface Preparation {
  /** A whole rules file. */
  rules: string;
  /** Besides that of the subscription `production`, `NARRATIVE_WEBHOOK_SECRET`. */
  secrets?: Record<string, string>;
}

/** Rules that print each failure on the standard output. */
export const printingRules = `version: 1
subscriptions: { production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }] } }
rules: [{ name: failures, match: { states: [failed] }, send: [{ to: console }] }]
`;

export function prepareRelay({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, preparation: Preparation): PreparedRelay {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-runtime-'));
  const databasePath = join(folder, 'relay.db');
  const rulesFolder = join(folder, 'rules');
  const writeRules = (text: string) => writeFileSync(join(rulesFolder, 'relay.yaml'), text);
  mkdirSync(rulesFolder);
  writeRules(preparation.rules);
  const launched: RelayChild[] = [];
  onTestFinished(async () => {
    for (const relay of launched) relay.signal('SIGKILL');
    await Promise.all(launched.map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true });
  });
  const environment = {
    PORT: '0',
    RELAY_DB: databasePath,
    RELAY_RULES: rulesFolder,
    NARRATIVE_WEBHOOK_SECRET: secret,
    ...preparation.secrets,
  };
  return {
    folder,
    databasePath,
    writeRules,
    launch(options = {}) {
      const relay = launchRelay({ ...options, environment: { ...environment, ...options.environment } });
      launched.push(relay);
      return relay;
    },
  };
}

/** Asks until the answer to a GET has this status; after 20 s it throws what the last one said. */
export async function untilStatus(url: string, status: number): Promise<unknown> {
  const deadline = AbortSignal.timeout(20_000);
  for (;;) {
    const response = await fetch(url);
    const body: unknown = await response.json();
    if (response.status === status) return body;
    if (deadline.aborted) throw new Error(`${url} still answers ${response.status}: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
