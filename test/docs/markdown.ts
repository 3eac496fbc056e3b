/** What the documents show: their blocks, tables, links and the commands they name. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Document {
  path: string;
  text: string;
}

export const documents: Document[] = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((path) => ({ path, text: readFileSync(path, 'utf8') }));

export function documentAt(path: string): Document {
  const found = documents.find((each) => each.path === path);
  if (!found) throw new Error(`${path} is none of the documents`);
  return found;
}

export interface Block {
  /** What stands behind the three backticks. */
  info: string;
  text: string;
  /** Where its first line is, from 1. */
  line: number;
}

/** Fenced blocks, also those indented in a list. */
export function blocksOf({ text }: Document): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const [i, line] of text.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line);
    if (!fence) {
      if (open) open.text += `${line}\n`;
    } else if (open) {
      blocks.push(open);
      open = null;
    } else open = { info: fence[1]!.trim(), text: '', line: i + 2 };
  }
  if (open) throw new Error(`the block at line ${open.line} has no end`);
  return blocks;
}

/** Rows of the table under a heading, cells without the backticks around them; the head is left out. */
export function tableUnder({ text }: Document, heading: string): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, row.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

/** Targets of links and pictures within the repository. */
export function localLinksOf({ text }: Document): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(([, link, attribute]) => link ?? attribute!);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** Anchors of a document's headings, as GitHub makes them. */
export function anchorsOf({ text }: Document): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
