import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { copyRules } from '../../src/demo/demo-rules.ts';
import { readRulesFolder } from '../../src/node/rules-folder.ts';
import { checkRules } from '../../src/rules/check.ts';
import { anySecret } from '../rules/support.ts';

function folder(files: Record<string, string> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'demo-rules-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

function copied(text: string, times: number) {
  const to = join(folder(), 'rules');
  const made = copyRules(folder({ 'a.yaml': text }), to, times);
  return { ...made, text: readFileSync(join(to, 'a.yaml'), 'utf8') };
}

const source = `# a comment
rules:
  - name: one   # another
    hold: 10m
    repeat: '12h' # quoted
    group: { by: [job.type], wait: 30s, every: 5m }
    late: { pending: 20m, running: 3h }
    send: [{ to: 'a' }]
owners:
  - { mention: '<!subteam^S0EXAMPLE>' }
  - { runbook: https://wiki.example.com }
`;

test('waiting times shrink with the night, each to what it needs at the least, and all else stays as it was written', () => {
  const { text, shortened, mentions } = copied(source, 3_600);
  const expected = source
    .replace('hold: 10m', 'hold: 2s')
    .replace("'12h'", '12s')
    .replace('wait: 30s, every: 5m', 'wait: 1s, every: 3s')
    .replace('pending: 20m, running: 3h', 'pending: 6s, running: 6s');
  expect(text).toBe(expected);
  expect(shortened).toEqual(['30s → 1s', '5m → 3s', '10m → 2s', '20m → 6s', '3h → 6s', '12h → 12s']);
  expect(mentions).toEqual(['<!subteam^S0EXAMPLE>']);
});

test('a night that is played slowly leaves jobs more time', () => {
  expect(copied(source, 360).text).toContain('pending: 6s, running: 30s');
});

test('a time that is short already, and what is no time, are left alone', () => {
  const text = 'rules:\n  - { name: a, hold: 1s, repeat: soon, late: { running: 5s } }\n  - 7\n';
  expect(copied(text, 3_600)).toMatchObject({ text, shortened: [] });
});

test('the shipped rules pass their check with the demo’s times, too', () => {
  const to = join(folder(), 'rules');
  copyRules('rules', to, 3_240);
  expect(checkRules(readRulesFolder(to), anySecret, { secrets: 'required' })).toMatchObject({
    ok: true,
    problems: [],
    warnings: [],
  });
});
