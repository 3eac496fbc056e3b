/** One YAML file: its value, and where in the text each part of it stands. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node, type Scalar } from 'yaml';
import type { Place, Problem } from './problem.ts';
import { plainNumbers } from './raw.ts';

export interface RulesFile {
  /** As people should see it in messages. */
  path: string;
  text: string;
}

type Path = readonly PropertyKey[];

export interface Source {
  file: string;
  value: unknown;
  /** Of the value at `path`, or of the nearest part around it that is written down. */
  placeOf(path: Path): Place;
  /** Of a mapping's key. */
  placeOfKey(path: Path): Place;
  /** Of a position inside a text: `line` and `col` from 1 within it. The text's start where the YAML form hides the position. */
  placeInside(path: Path, line: number, col: number): Place;
}

/** A few anchors are fine; a document that unfolds to millions of nodes is not. */
const maxAliasCount = 100;

export function readSource({ path: file, text }: RulesFile): { source: Source | null; problems: Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, intAsBigInt: true });
  const at = (offset: number): Place => ({ file, ...lines.linePos(offset) });
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    ...at(error.pos[0]),
    ...wordsFor(error.code, error.message),
  }));
  problems.push(...repeatedKeys(document, at));
  if (document.errors.length > 0) return { source: null, problems };
  try {
    const value = plainNumbers(document.toJS({ maxAliasCount }));
    return { source: { file, value, ...placesIn(document, text, at) }, problems };
  } catch (error) {
    const message = error instanceof ReferenceError ? 'aliases (*name) unfold to too much' : String(error);
    problems.push({ ...at(0), message, hint: `write the parts out; at most ${maxAliasCount} copies are unfolded` });
    return { source: null, problems };
  }
}

function wordsFor(code: string, message: string): { message: string; hint?: string } {
  if (code === 'MULTIPLE_DOCS') return { message: 'a second document (---) in one file', hint: 'put it in a file of its own' };
  if (code === 'TAB_AS_INDENT') return { message: 'indented with a tab', hint: 'YAML takes spaces only' };
  return { message: message.split('\n')[0]! };
}

function repeatedKeys(document: Document, at: (offset: number) => Place): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Map(_key, map) {
      const first = new Map<unknown, number>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const offset = key.range?.[0] ?? 0;
        const earlier = first.get(key.value);
        if (earlier === undefined) first.set(key.value, offset);
        else {
          const { line, col } = at(earlier);
          const message = `"${String(key.value)}" is defined twice, first at line ${line}, column ${col}`;
          problems.push({ ...at(offset), message, hint: 'rename or remove one of them' });
        }
      }
    },
  });
  return problems;
}

function placesIn(document: Document, text: string, at: (offset: number) => Place): Omit<Source, 'file' | 'value'> {
  const startOf = (node: Node | null) => node?.range?.[0] ?? 0;

  /** The node at the path's end, or the last one on the way that exists. */
  function nodeAt(path: Path): Node | null {
    let node = document.contents as Node | null;
    for (const step of path) {
      const next = pairAt(node, step)?.value ?? (isSeq(node) ? node.items[Number(step)] : undefined);
      if (!next) return node;
      node = isAlias(next) ? (next.resolve(document) ?? null) : (next as Node);
    }
    return node;
  }

  function placeInside(path: Path, line: number, col: number): Place {
    const node = nodeAt(path);
    if (!isScalar(node)) return at(startOf(node));
    const offset = offsetInside(node, text, line, col);
    return at(offset ?? startOf(node));
  }

  return {
    placeOf: (path) => at(startOf(nodeAt(path))),
    placeOfKey: (path) => {
      const parent = nodeAt(path.slice(0, -1));
      const key = pairAt(parent, path.at(-1))?.key;
      return at(startOf((key as Node | undefined) ?? parent));
    },
    placeInside,
  };
}

function pairAt(node: Node | null, key: PropertyKey | undefined) {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => String(isScalar(pair.key) ? pair.key.value : pair.key) === String(key));
}

/** Exact in plain and quoted text on one line (but for escapes before it) and in `|` blocks; null elsewhere. */
function offsetInside(node: Scalar, text: string, line: number, col: number): number | null {
  const start = node.range?.[0] ?? 0;
  const end = node.range?.[1] ?? start;
  const written = text.slice(start, end);
  if (node.type === 'BLOCK_LITERAL') {
    const [, ...body] = written.split('\n');
    const indent = body.find((each) => each.trim() !== '')?.search(/\S/) ?? 0;
    const before = written.split('\n').slice(0, line).join('\n').length + 1;
    return Math.min(start + before + indent + col - 1, end);
  }
  if (line > 1 || written.includes('\n')) return null;
  return Math.min(start + (/^["']/.test(written) ? 1 : 0) + col - 1, end);
}
