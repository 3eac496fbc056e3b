/** The whole demo as its reader runs it: real processes, real HTTP, the shipped rules; and the pictures that are drawn of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'vitest';
import { storiesIn, type RecordedMessage, type Stories } from '../../docs/draw-incident.ts';

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
  'with --once a night ends with exit code 0 and tables in which every row adds up',
  { timeout: 90_000 },
  async (context) => {
    const { expect } = context;
    const kept = mkdtempSync(join(tmpdir(), 'demo-record-'));
    context.onTestFinished(() => rmSync(kept, { recursive: true, force: true }));
    const running = demo(context, '--once', '--speed', '20', '--record', join(kept, 'slack.json'));
    expect(await running.exitCode, running.output()).toBe(0);
    const output = running.output();
    expect(output).toContain('✓ It adds up.');
    expect(output).not.toContain('✗');
    expect(output).not.toContain('\u001b');
    for (const label of ['accepted', 'duplicate', 'quarantined', 'refused', 'requests sent'])
      expect(new Set(row(output, label)), label).toHaveLength(1);
    expect(row(output, 'accepted')).toEqual([508, 508, 508]);
    expect(row(output, 'duplicate')).toEqual([4, 4, 4]);
    expect(row(output, 'quarantined')).toEqual([1, 1, 1]);
    expect(row(output, 'refused')).toEqual([1, 1, 1]);
    expect(row(output, 'given up: the relay was away')).toEqual([6, 6]);
    expect(row(output, "found in Narrative's job list")).toEqual([3, 3]);
    expect(output).toContain("Its webhook never came: found in Narrative's job list");
    const [planned = 0, later = 0, delivered, arrived, edits] = row(output, 'all  ');
    expect(planned).toBeGreaterThan(20);
    expect(delivered).toBe(planned + later);
    expect(arrived).toBe(delivered);
    expect(edits).toBeGreaterThanOrEqual(8);
    expect(row(output, 'things that broke')).toEqual([208, 208]);
    expect(row(output, 'of these open at dawn')).toEqual([1, 1]);
    expect(row(output, 'failures in the storm')).toEqual([200, 200, 200]);
    expect(running.leftovers()).toEqual([]);

    // What the README shows is what a run says: otherwise draw the pictures again (CONTRIBUTING.md).
    const stories = storiesIn(JSON.parse(readFileSync(join(kept, 'slack.json'), 'utf8')) as RecordedMessage[]);
    expect(endings(stories)).toEqual(
      endings(JSON.parse(readFileSync(join(root, 'docs/incident-slack.json'), 'utf8')) as Stories),
    );
    const picture = shownIn(readFileSync(join(root, 'docs/demo.svg'), 'utf8'));
    for (const line of tablesOf(output)) expect(picture).toContain(line);
  },
);

/** How each story ends, without dates, ids, and the order in which the storm's failures came. */
function endings({ view, storm, digest }: Stories): string[] {
  return [view, storm, digest].map((messages) => {
    const { blocks } = messages.findLast(({ threadTs }) => threadTs === null)!;
    // On a busy machine the night's last completion comes after half past eight: then the digest counts and lists one job less.
    if (messages === digest) return JSON.stringify(blocks[0]).replaceAll(/\d+/g, 'n');
    const text = JSON.stringify(messages === storm ? blocks.slice(0, 2) : blocks);
    return text.replaceAll(/evt_\w+|\d{4}-\d\d-\d\d|date\^\d+/g, '…');
  });
}

/** Tables whose numbers are the same each time. */
function tablesOf(output: string): string[] {
  const from = output.indexOf('\nwebhooks ');
  const lines = output.slice(from, output.indexOf('\ndeliveries to ')).split('\n');
  return lines.map((line) => line.replaceAll(/\s+/g, ' ').trim()).filter((line) => line !== '');
}

function shownIn(svg: string): string {
  const rows = [...svg.matchAll(/<text [^>]*y="([\d.]+)"[^>]*>([^<]*)<\/text>/g)];
  const lines = Map.groupBy(rows, ([, y]) => y).values();
  return [...lines]
    .map((parts) =>
      parts
        .map(([, , text]) => text)
        .join(' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    .join('\n');
}

test.concurrent(
  'after the night it stays, takes the events it offers, and leaves nothing behind at Ctrl-C',
  { timeout: 90_000 },
  async (context) => {
    const { expect } = context;
    const running = demo(context, '--speed', '100');
    await running.shows('Ctrl-C stops everything');
    const url = /The relay listens on (\S+)/.exec(running.output())?.[1] ?? '';
    const secret = /Authorization: Bearer ([^']+)/.exec(running.output())?.[1] ?? '';
    const offered = /-d '(.+)'; }$/m.exec(running.output())?.[1] ?? '';
    const send = async (state: string, second: number) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
      const body = offered.replaceAll("'$(date +%s)'", String(second)).replaceAll("'$1'", state);
      return (await fetch(url, { method: 'POST', headers, body })).json();
    };
    const some = expect.toSatisfy((count: number) => count > 0);
    expect(await send('failed', 1)).toMatchObject({ status: 'accepted', deliveries: some });
    expect(await send('completed', 2)).toMatchObject({ status: 'accepted', deliveries: some });
    await running.shows('Sent by hand');
    await running.shows('PagerDuty resolved: materialize-view failed · dataset 10744: Sent by hand');
    running.interrupt();
    expect(await running.exitCode).toBe(0);
    expect(running.leftovers()).toEqual([]);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  },
);

test.concurrent('interrupted in the middle of its night it stops everything it started', { timeout: 30_000 }, async (context) => {
  const { expect } = context;
  const running = demo(context, '--once', '--speed', '0.1');
  await running.shows('One night');
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
