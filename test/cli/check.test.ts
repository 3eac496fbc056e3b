import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { relay as command } from './relay-command.ts';

const root = mkdtempSync(join(tmpdir(), 'relay-check-'));
afterAll(() => rmSync(root, { recursive: true }));

const relay = (args: string[], env: Record<string, string> = {}) => command(['check', ...args], { cwd: root, env });

function folder(name: string, files: Record<string, string>): string {
  mkdirSync(join(root, name), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, name, file), text);
  return name;
}

const head = 'version: 1\nsubscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }\n';
const fine = folder('fine', { 'a.yaml': `${head}rules: [{ name: a, match: { states: [failed] } }]\n` });
const broken = folder('broken', { 'a.yaml': `${head}rules: [{ name: a, mach: { states: [failed] } }]\n` });

describe('relay check', () => {
  test('is content with rules that are fine', async () => {
    const { status, stdout, stderr } = await relay([fine], { FAKE_SECRET: 'fake' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe('✓ 0 problems in 1 subscription, 1 destination, 1 rule, 0 templates, 0 tests\n');
  });

  test('says where each problem is and what to do, without colours where there is no terminal, and exits 1', async () => {
    const { status, stdout } = await relay([broken], { FAKE_SECRET: 'fake' });
    expect(status).toBe(1);
    expect(stdout).toBe('broken/a.yaml:3:20 error: unknown key "mach" in rules[0]\n    did you mean "match"?\n✗ 1 problem\n');
  });

  test('warns of a secret that is not set; with --secrets that is a problem', async () => {
    const warned = await relay([fine]);
    expect(warned.status).toBe(0);
    expect(warned.stdout).toContain('fine/a.yaml:2:42 warning: environment variable FAKE_SECRET is not set');
    const refused = await relay([fine, '--secrets']);
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain('fine/a.yaml:2:42 error: environment variable FAKE_SECRET is not set');
  });

  test('prints the report as JSON with --json', async () => {
    const { status, stdout } = await relay([broken, '--json'], { FAKE_SECRET: 'fake' });
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      problems: [
        { file: 'broken/a.yaml', line: 3, col: 20, message: 'unknown key "mach" in rules[0]', hint: 'did you mean "match"?' },
      ],
      warnings: [],
      counts: null,
    });
  });

  test('looks in $RELAY_RULES, else in rules', async () => {
    expect((await relay([], { RELAY_RULES: fine })).stdout).toContain('1 rule');
    expect((await relay([])).stderr).toContain('rules folder rules does not exist');
  });

  test('exits 2 for a folder that cannot be read', async () => {
    expect(await relay(['nowhere'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'rules folder nowhere does not exist: create it, or name another folder (RELAY_RULES)\n',
    });
    expect(JSON.parse((await relay(['nowhere', '--json'])).stdout)).toMatchObject({
      ok: false,
      error: expect.stringContaining('nowhere'),
    });
  });
});
