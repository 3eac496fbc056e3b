/** The whole demo as its reader runs it: real processes, real HTTP, the shipped rules. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface Running {
  output(): string;
  /** Resolves once the output holds this; rejects when the demo ends before. */
  shows(text: string): Promise<void>;
  interrupt(): void;
  exitCode: Promise<number | null>;
  /** What is left in its folder for temporary files. */
  leftovers(): string[];
}

function demo({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, ...flags: string[]): Running {
  const temporary = mkdtempSync(join(tmpdir(), 'demo-test-'));
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: temporary };
  const child = spawn(process.execPath, ['src/cli/main.ts', 'demo', ...flags], { cwd: root, env });
  let output = '';
  let ended = false;
  const waiting: (() => void)[] = [];
  const changed = () => waiting.splice(0).forEach((look) => look());
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      changed();
    });
  const exitCode = once(child, 'close').then(([code]: (number | null)[]) => {
    ended = true;
    changed();
    return code ?? null;
  });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await exitCode;
    rmSync(temporary, { recursive: true, force: true });
  });
  return {
    output: () => output,
    async shows(text) {
      while (!output.includes(text)) {
        if (ended) throw new Error(`the demo ended without showing ${text}:\n${output}`);
        await new Promise<void>((look) => waiting.push(look));
      }
    },
    interrupt: () => child.kill('SIGINT'),
    exitCode,
    // Node's own cache of compiled modules is nobody's leftover.
    leftovers: () => readdirSync(temporary).filter((name) => name !== 'node-compile-cache'),
  };
}

/** The numbers of a table's row. */
function row(output: string, label: string): number[] {
  const line = output.split('\n').find((text) => text.startsWith(label)) ?? '';
  return [...line.slice(label.length).matchAll(/(?<= )\d+(?= )/g)].map(([number]) => Number(number));
}

test.concurrent(
  'with --once a day ends with exit code 0 and tables in which every row adds up',
  { timeout: 90_000 },
  async (context) => {
    const { expect } = context;
    const running = demo(context, '--once', '--speed', '20');
    expect(await running.exitCode, running.output()).toBe(0);
    const output = running.output();
    expect(output).toContain('✓ It adds up.');
    expect(output).not.toContain('✗');
    expect(output).not.toContain('\u001b');
    for (const label of ['accepted', 'duplicate', 'quarantined', 'refused', 'requests sent'])
      expect(new Set(row(output, label)), label).toHaveLength(1);
    expect(row(output, 'duplicate')).toEqual([4, 4, 4]);
    expect(row(output, 'quarantined')).toEqual([1, 1, 1]);
    expect(row(output, 'refused')).toEqual([1, 1, 1]);
    const [planned, fallback, delivered, dead, pending, arrived] = row(output, 'all');
    expect(planned).toBeGreaterThan(20);
    expect([fallback, dead, pending]).toEqual([0, 0, 0]);
    expect([delivered, arrived]).toEqual([planned, planned]);
    expect(running.leftovers()).toEqual([]);
  },
);

test.concurrent(
  'after the day it stays, takes the event it offers, and leaves nothing behind at Ctrl-C',
  { timeout: 90_000 },
  async (context) => {
    const { expect } = context;
    const running = demo(context, '--speed', '100');
    await running.shows('Ctrl-C stops everything');
    const url = /The relay listens on (\S+)/.exec(running.output())?.[1] ?? '';
    const secret = /Authorization: Bearer ([^']+)/.exec(running.output())?.[1] ?? '';
    const event =
      /-d '(.+)'$/m.exec(running.output())?.[1]?.replaceAll("'$(date +%s)'", '1').replace("'$(date -u +%FT%TZ)'", '') ?? '';
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
    const answer = await fetch(url, { method: 'POST', headers, body: event });
    expect(await answer.json()).toMatchObject({ status: 'accepted', deliveries: expect.toSatisfy((count: number) => count > 0) });
    await running.shows('Sent by hand');
    running.interrupt();
    expect(await running.exitCode).toBe(0);
    expect(running.leftovers()).toEqual([]);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  },
);

test.concurrent('interrupted in the middle of its day it stops everything it started', { timeout: 30_000 }, async (context) => {
  const { expect } = context;
  const running = demo(context, '--once', '--speed', '0.1');
  await running.shows('One working day');
  running.interrupt();
  expect(await running.exitCode, running.output()).toBe(130);
  expect(running.leftovers()).toEqual([]);
});

test.concurrent('a relay that cannot start ends the demo with its own words', { timeout: 30_000 }, async (context) => {
  const { expect } = context;
  const occupied = createServer().listen(0, '127.0.0.1');
  await once(occupied, 'listening');
  const { port } = occupied.address() as AddressInfo;
  const running = demo(context, '--once', '--port', String(port));
  expect(await running.exitCode).toBe(1);
  expect(running.output()).toContain('The relay has ended (exit code 1)');
  expect(running.output()).toContain('EADDRINUSE');
  expect(running.leftovers()).toEqual([]);
  occupied.close();
});
