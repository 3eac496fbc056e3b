import { expect, test } from 'vitest';
import { relayNews } from '../../src/demo/relay-news.ts';

test('of the log of the relay only what concerns its rules is news, with each problem on a line', () => {
  const refused = { level: 50, msg: 'changed rules refused', problems: ['rules/a.yaml:3:5 unknown key "sned"'] };
  expect(relayNews(JSON.stringify(refused))).toBe('relay: changed rules refused\n  rules/a.yaml:3:5 unknown key "sned"');
  expect(relayNews('{"level":30,"msg":"rules reloaded"}')).toBe('relay: rules reloaded');
  expect(relayNews('{"level":30,"msg":"event accepted","rules":["a"]}')).toBeNull();
  expect(relayNews('rules: not JSON')).toBeNull();
});
