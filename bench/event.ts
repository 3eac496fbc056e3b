/** The events that the benchmarks send: of the size and form of a real failure without its stack trace, about 1.2 kB. */
import { randomUUID } from 'node:crypto';

/** Datasets in play: each is a lane of its own in the outbox. */
const datasets = 500;
/** A busy company's stream of 100 events a second, at most a second out of order, however fast it is replayed. */
const stepUs = 10_000;
const jitterUs = 1_000_000;

/**
 * The n-th event of a stream that begins at `startMs`. Ids are random, as real ones are, so that what is indexed by them
 * is looked up and written all over the index; times run on.
 */
export function failedJob(startMs: number, n: number) {
  const us = Math.round(n * stepUs + Math.random() * jitterUs);
  const time = new Date(startMs + Math.floor(us / 1000)).toISOString().slice(0, -1);
  return {
    id: randomUUID(),
    type: 'job.failed',
    created_at: time,
    data: {
      job_id: randomUUID(),
      state: 'failed',
      type: 'datasets_deliver_data',
      created_at: time,
      updated_at: `${time}${String(us % 1000).padStart(3, '0')}`,
      dequeued_at: time,
      ended_at: time,
      executor: 'job-executor-98e1f48e-bf54-4f11-bbd1-73c445120266',
      data_plane_id: 'f79cbdae-4848-47ca-95e8-69588364d185',
      idempotency_key: '10736:29329c64e7b8a4ed:669a5f8e4f373c2f',
      input: {
        nql: 'SELECT "value" FROM "company_data"."10674" WHERE "event_timestamp" > \'2025-12-01\'',
        dataset_id: 10_000 + (n % datasets),
        stats_enabled: true,
      },
      request_source: { type: 'api_user', company_id: 1, company_name: 'Example', user_id: 407, user_name: 'A. User' },
      result: null,
      failures: [
        {
          message: 'Job aborted due to stage failure: Task 3 in stage 12.0 failed 4 times',
          timestamp: time,
          value: {
            class: 'org.apache.spark.SparkException',
            stack_trace: 'at org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2785)',
          },
        },
      ],
    },
  };
}
