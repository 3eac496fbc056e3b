/** What goes wrong on the demo's night: messages and stack traces of the kind that Spark jobs leave behind. */
import type { JsonObject } from '../event/json.ts';
import type { Dice } from './dice.ts';

/** Names in `troubles`. */
export type Trouble = keyof typeof troubles;

interface TroubleText {
  exception: string;
  message: string;
  /** Frames of the stack trace; a deep recursion in a query plan makes traces of hundreds of kilobytes. */
  frames: number;
}

const troubles = {
  storageDenied: {
    exception: 'java.nio.file.AccessDeniedException',
    message: 'Access denied while writing part-00017 to the destination bucket: the delivery role may not put objects',
    frames: 14,
  },
  executorLost: {
    exception: 'org.apache.spark.SparkException',
    message:
      'Job aborted due to stage failure: task 118 in stage 41.0 failed 4 times, last lost with its executor (exit code 137, memory)',
    frames: 1_100,
  },
  diskFull: {
    exception: 'java.io.IOException',
    message: 'No space left on device while writing shuffle_41_118 (executor 7, 96 GB of 96 GB in use)',
    frames: 16,
  },
  catalogDown: {
    exception: 'java.net.ConnectException',
    message: 'Connection refused by the catalog of the data plane, 5 attempts in 30 seconds',
    frames: 6,
  },
  columnMissing: {
    exception: 'org.apache.spark.sql.AnalysisException',
    message: 'Column "hashed_email" cannot be resolved; did you mean "hashed_email_sha256" or "email_domain"?',
    frames: 22,
  },
  /** Text from a user's query comes back in the message: it must stay text, wherever it is shown. */
  hostileText: {
    exception: 'io.nql.ParseException',
    message:
      'Unexpected token at 3:14 near `<!channel> *everyone* <https://example.com/gift|claim it> & ```rm -rf```` in "SELECT"',
    frames: 5,
  },
  quotaReached: {
    exception: 'io.delivery.QuotaExceededException',
    message: 'The connection has reached its daily row quota (250,000,000); 61,402,118 rows were not delivered',
    frames: 9,
  },
  modelTooLarge: {
    exception: 'io.models.ArtifactTooLargeException',
    message: 'Model artifact is 6.2 GB; the destination takes 5 GB at most',
    frames: 8,
  },
} satisfies Record<string, TroubleText>;

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
  return [...outermost, ...middle, ...innermost].map((frame) => `\tat ${frame}:${dice.between(80, 2900)})`);
}

/** One entry of a failed job's `failures`, as Narrative's knowledge base shows it. */
export function failureWire(trouble: Trouble, timestamp: string, dice: Dice): JsonObject {
  const { exception, message, frames: depth } = troubles[trouble];
  const stack_trace = [`${exception}: ${message}`, ...stackTrace(depth, dice)].join('\n');
  return { message, timestamp, value: { exception, stack_trace } };
}
