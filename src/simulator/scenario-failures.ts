/** What a failed job says of itself: messages and stack traces of the kind that Spark jobs leave behind. */
import type { JsonObject } from '../event/json.ts';
import type { Dice } from './dice.ts';

export interface Failure {
  message: string;
  /** Class of the exception. */
  exception: string;
  /** Of the stack trace; a deep recursion in a query plan makes traces of hundreds of kilobytes. */
  frames: number;
}

const outermost = [
  'org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala',
  'org.apache.spark.scheduler.DAGScheduler.handleTaskSetFailed(DAGScheduler.scala',
];
/** The recursion over a query plan, which is what makes traces deep. */
const recursion = [
  'org.apache.spark.sql.catalyst.plans.logical.LogicalPlan.resolveOperatorsUp(LogicalPlan.scala',
  'org.apache.spark.sql.catalyst.trees.TreeNode.transformDownWithPruning(TreeNode.scala',
];
const innermost = [
  'org.apache.spark.executor.Executor$TaskRunner.run(Executor.scala',
  'java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java',
  'java.base/java.lang.Thread.run(Thread.java',
];

function stackTrace(depth: number, dice: Dice): string[] {
  const recursing = Math.max(0, depth - outermost.length - innermost.length);
  const middle = Array.from({ length: recursing }, (_, index) => recursion[index % recursion.length]);
  const all = [...outermost, ...middle, ...innermost];
  return all.slice(0, depth).map((frame) => `\tat ${frame}:${dice.between(80, 2900)})`);
}

/** One entry of a failed job's `failures`, as Narrative's knowledge base shows it. */
export function failureWire({ message, exception, frames }: Failure, timestamp: string, dice: Dice): JsonObject {
  const stack_trace = [`${exception}: ${message}`, ...stackTrace(frames, dice)].join('\n');
  return { message, timestamp, value: { exception, stack_trace } };
}
