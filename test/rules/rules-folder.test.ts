import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createReadSecret, readRulesFolder } from '../../src/node/rules-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'rules-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('reading the rules folder', () => {
  test('takes its *.yaml and *.yml by name, and nothing in its folders', () => {
    const folder = join(root, 'rules');
    mkdirSync(join(folder, 'examples.yaml'), { recursive: true });
    for (const name of ['b.yml', 'a.yaml', 'schema.json', '.hidden.yaml', 'a.yaml.bak']) writeFileSync(join(folder, name), name);
    writeFileSync(join(folder, 'examples.yaml', 'c.yaml'), '');
    expect(readRulesFolder(folder)).toEqual([
      { path: join(folder, 'a.yaml'), text: 'a.yaml' },
      { path: join(folder, 'b.yml'), text: 'b.yml' },
    ]);
  });

  test('says what is wrong with a folder that is missing, empty or a file', () => {
    mkdirSync(join(root, 'empty'));
    writeFileSync(join(root, 'file'), '');
    expect(() => readRulesFolder(join(root, 'none'))).toThrow(/none does not exist: create it, or name another folder/);
    expect(() => readRulesFolder(join(root, 'empty'))).toThrow(/no \*\.yaml in .*empty/);
    expect(() => readRulesFolder(join(root, 'file'))).toThrow(/file is no folder/);
  });
});

test('a secret comes from its variable, from the file that NAME_FILE names, or from a file', () => {
  const path = join(root, 'secret');
  writeFileSync(path, 'fake-from-file\n');
  const read = createReadSecret({
    A: 'fake-from-env',
    A_FILE: path,
    B_FILE: path,
    C_FILE: join(root, 'none'),
    E: '',
    F: '',
    F_FILE: path,
  });
  expect(read({ env: 'A' })).toBe('fake-from-env');
  expect(read({ env: 'B' })).toBe('fake-from-file\n');
  expect(read({ env: 'C' })).toBeUndefined();
  expect(read({ env: 'D' })).toBeUndefined();
  expect(read({ env: 'E' })).toBe('');
  expect(read({ env: 'F' })).toBe('fake-from-file\n');
  expect(read({ file: path })).toBe('fake-from-file\n');
  expect(read({ file: join(root, 'none') })).toBeUndefined();
});
