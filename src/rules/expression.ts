/**
 * `when`: a CEL expression over `event`, `job`, `app` and `relay` (null in events of another kind) that says yes or no.
 *
 * Numbers in JSON are CEL doubles and literals such as `1` are ints, which CEL does not mix in arithmetic; here it does,
 * so that `job.input.rows + 1 > 100` says what it means. `matches()` is refused: its regular expressions would run in a
 * backtracking engine on text that others write. `like()` takes its place, with the globs of `match`.
 */
import { Environment, EvaluationError, ParseError, TypeError as CelTypeError, type ASTNode } from '@marcbachmann/cel-js';
import type { EventView } from '../event/event.ts';
import { globMatches } from './glob.ts';
import { isTextField, unknownVariable, unknownWhileRouting, variableNames } from './variables.ts';

export type WhenOutcome = { kind: 'true' } | { kind: 'false' } | { kind: 'error'; error: string };

/** Never throws. An expression that fails on an event (a missing key, text compared with a number) is not true of it. */
export type When = (view: EventView) => WhenOutcome;

/** `offset`: UTF-16 units from the start of the source. */
export interface ExpressionFault {
  message: string;
  hint?: string;
  offset: number;
}

export type CompiledWhen = { ok: true; when: When } | { ok: false; faults: ExpressionFault[] };

const yes: WhenOutcome = { kind: 'true' };
const no: WhenOutcome = { kind: 'false' };

const environment = createEnvironment();

export function compileWhen(source: string): CompiledWhen {
  try {
    const evaluate = environment.parse(source);
    const faults = [...faultsIn(evaluate.ast)];
    const checked = evaluate.check();
    if (!checked.valid && faults.length === 0) faults.push(faultOf(checked.error));
    if (checked.valid && checked.type !== 'bool' && checked.type !== 'dyn') {
      faults.push({ message: `gives ${checked.type}, not true or false`, hint: 'compare it with something', offset: 0 });
    }
    if (faults.length > 0) return { ok: false, faults };
    return { ok: true, when: (view) => run(evaluate, view) };
  } catch (error) {
    return { ok: false, faults: [faultOf(error)] };
  }
}

function run(evaluate: (view: EventView) => unknown, view: EventView): WhenOutcome {
  try {
    const value = evaluate(view);
    if (typeof value === 'boolean') return value ? yes : no;
    return { kind: 'error', error: `gives ${value === null ? 'null' : typeof value}, not true or false` };
  } catch (error) {
    return { kind: 'error', error: summaryOf(error) };
  }
}

function createEnvironment(): Environment {
  const env = new Environment({ limits: { maxAstNodes: 1000, maxDepth: 50 }, homogeneousAggregateLiterals: false });
  for (const name of variableNames) env.registerVariable(name, 'dyn');
  const arithmetic: Record<string, (a: number, b: number) => number> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '%': (a, b) => a % b,
  };
  for (const [operator, calculate] of Object.entries(arithmetic)) {
    const mixed = (a: number | bigint, b: number | bigint) => calculate(Number(a), Number(b));
    env.registerOperator(`double ${operator} int: double`, mixed);
    env.registerOperator(`int ${operator} double: double`, mixed);
  }
  env.registerOperator('double % double', (a: number, b: number) => a % b);
  env.registerFunction('string.like(string): bool', (value: string, glob: string) => globMatches(glob, value));
  return env;
}

/** What the type checker lets pass and would never be true: misspelt fields, text compared with a number; and `matches`. */
function* faultsIn(node: ASTNode): Iterable<ExpressionFault> {
  const offset = node.start;
  if (node.op === '.' || node.op === '[]' || node.op === '.?') {
    const path = fieldOf(node);
    const unknown = path && unknownVariable(...path);
    // An unknown variable may be a macro's own, as in `failures.exists(f, f.message …)`; the type checker knows.
    if (unknown && variableNames.includes(path[0])) yield { ...unknown, offset };
    if (path?.[0] === 'event' && unknownWhileRouting.includes(path[1])) {
      yield {
        message: `event.${path[1]} is not known yet when rules are matched`,
        hint: 'use event.created_at or event.narrative_id',
        offset,
      };
    }
  }
  if (node.op === 'rcall' && node.args[0] === 'matches') {
    const hint = 'use contains("…"), startsWith("…"), endsWith("…") or like("glob with * and ?")';
    yield { message: 'matches() is not available: its regular expressions can hang on hostile text', hint, offset };
  }
  for (const { field, number } of textAgainstNumber(node)) {
    yield { message: `${field} is text and never equals a number`, hint: `write "${number}" in quotes`, offset };
  }
  for (const child of childrenOf(node.args)) yield* faultsIn(child);
}

const comparisons: readonly string[] = ['==', '!=', '<', '<=', '>', '>='];

/** Where a field that is text meets a number: `job.id == 7`, `7 == job.id`, `job.dataset_id in [7, 8]`. */
function* textAgainstNumber(node: ASTNode): Iterable<{ field: string; number: string }> {
  if (!Array.isArray(node.args)) return;
  const [left, right] = node.args as [ASTNode, ASTNode];
  if (comparisons.includes(node.op)) {
    yield* meets(left, right);
    yield* meets(right, left);
  }
  if (node.op === 'in' && right.op === 'list') for (const element of right.args as ASTNode[]) yield* meets(left, element);
}

function* meets(field: ASTNode, other: ASTNode): Iterable<{ field: string; number: string }> {
  const path = fieldOf(field);
  if (!path || !isTextField(...path) || other.op !== 'value') return;
  if (typeof other.args === 'bigint' || typeof other.args === 'number')
    yield { field: path.join('.'), number: String(other.args) };
}

/** `job.state` and `job["state"]` as `['job', 'state']`. */
function fieldOf(node: ASTNode): [string, string] | null {
  if (node.op !== '.' && node.op !== '[]' && node.op !== '.?') return null;
  const [variable, field] = node.args;
  const name = typeof field === 'string' ? field : field.op === 'value' ? field.args : null;
  return variable.op === 'id' && typeof name === 'string' ? [variable.args, name] : null;
}

function* childrenOf(args: unknown): Iterable<ASTNode> {
  if (Array.isArray(args)) for (const part of args) yield* childrenOf(part);
  else if (typeof args === 'object' && args !== null && 'op' in args) yield args as ASTNode;
}

function faultOf(error: unknown): ExpressionFault {
  const offset = isCelError(error) ? (error.range?.start ?? 0) : 0;
  const variable = /^Unknown variable: (\w+)/.exec(summaryOf(error))?.[1];
  const unknown = variable === undefined ? null : unknownVariable(variable);
  return { ...(unknown ?? { message: summaryOf(error) }), offset };
}

function summaryOf(error: unknown): string {
  if (isCelError(error)) return error.summary;
  return error instanceof Error ? error.message : String(error);
}

function isCelError(error: unknown): error is ParseError | EvaluationError | CelTypeError {
  return error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError;
}
