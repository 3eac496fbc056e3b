/**
 * The demo's copy of the rules: the shipped ones to the letter, but for waiting times, since nobody wants to wait. A night of
 * nine hours takes seconds, and what the rules wait for shrinks with it.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, isSeq, parseDocument, type Document, type YAMLMap } from 'yaml';
import { durationMs } from '../rules/schema-values.ts';

export interface DemoRules {
  /** Such as `4h → 5s`, each once, the shortest first. */
  shortened: string[];
  /** Who is called in Slack, as the rules write it: nobody else may be. */
  mentions: string[];
}

/** Copies the files of one folder to another, which is made. `times`: how much faster than real the night is played. */
export function copyRules(from: string, to: string, times: number): DemoRules {
  mkdirSync(to, { recursive: true });
  const changes = new Map<string, string>();
  const mentions: string[] = [];
  for (const { name } of readdirSync(from, { withFileTypes: true }).filter((entry) => entry.isFile())) {
    if (!/\.ya?ml$/.test(name)) {
      copyFileSync(join(from, name), join(to, name));
      continue;
    }
    const source = readFileSync(join(from, name), 'utf8');
    const document = parseDocument(source);
    const found = mapsIn(document, 'rules').flatMap((rule) => waitingTimes(rule, times));
    mentions.push(...mapsIn(document, 'owners').flatMap((owner) => textOf(owner.get('mention')) ?? []));
    writeFileSync(join(to, name), spliced(source, found));
    for (const { was, is } of found) changes.set(was, is);
  }
  const shortened = [...changes].sort(([a], [b]) => durationMs(a) - durationMs(b)).map(([was, is]) => `${was} → ${is}`);
  return { shortened, mentions };
}

/** A waiting time that is written in a file, by its place there. */
interface WaitingTime {
  start: number;
  end: number;
  was: string;
  is: string;
}

/** Seconds that each takes at the least: a group needs time to come together, and a job must not be late by accident. */
const atLeastS = { hold: 2, repeat: 2, wait: 1, every: 3, late: 6 };

function waitingTimes(rule: YAMLMap, times: number): WaitingTime[] {
  const shorter = (map: YAMLMap, key: string, leastS: number): WaitingTime[] => {
    const node = map.get(key, true);
    const was = textOf(node?.value);
    // What is no duration is left for the relay to complain about.
    if (!node?.range || was === undefined || !/^[1-9]\d{0,6}[smhd]$/.test(was)) return [];
    const is = `${Math.max(leastS, Math.ceil(durationMs(was) / 1000 / times))}s`;
    const [start, end] = node.range;
    return durationMs(is) < durationMs(was) ? [{ start, end, was, is }] : [];
  };
  const group = rule.get('group');
  const late = rule.get('late');
  const states = isMap(late) ? late.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : [])) : [];
  return [
    ...shorter(rule, 'hold', atLeastS.hold),
    ...shorter(rule, 'repeat', atLeastS.repeat),
    ...(isMap(group) ? [...shorter(group, 'wait', atLeastS.wait), ...shorter(group, 'every', atLeastS.every)] : []),
    ...(isMap(late) ? states.flatMap((state) => shorter(late, state, atLeastS.late)) : []),
  ];
}

function spliced(source: string, found: readonly WaitingTime[]): string {
  let text = source;
  for (const { start, end, is } of [...found].sort((a, b) => b.start - a.start))
    text = text.slice(0, start) + is + text.slice(end);
  return text;
}

function mapsIn(document: Document, key: string): YAMLMap[] {
  const list = document.get(key);
  return isSeq(list) ? list.items.filter((item) => isMap(item)) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
