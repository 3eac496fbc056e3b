/**
 * Many rules as a large company would have them: most about datasets of one team, some about families of jobs, a few about
 * people or conditions. Of each hundred: 50 exact dataset ids and a state, 20 dataset ids and a glob over job types,
 * 10 dataset ids and a `when`, 10 a job family by prefix (`team7_*`), 5 by suffix (`*_team7`), 5 a person.
 */
import { failedJob } from './event.ts';

const jobTypes = ['datasets_deliver_data', 'materialize-view', 'models_deliver_model', 'upload-stats', 'forecast'];

interface MixedRule {
  match: Record<string, unknown>;
  /** What an event must have for this rule to match it. */
  hit: { datasetId: number; jobType: string; user: string };
}

function ruleAt(n: number): MixedRule {
  const datasetId = 10_000 + 3 * n;
  const own = [datasetId, datasetId + 1, datasetId + 2];
  const jobType = jobTypes[n % jobTypes.length]!;
  const hit = { datasetId, jobType, user: 'A. User' };
  const states = ['failed'];
  switch (n % 10) {
    case 1:
    case 3: {
      const job_types = ['models_*', 'datasets_*'];
      return { match: { states, dataset_ids: own, job_types }, hit: { ...hit, jobType: 'models_deliver_model' } };
    }
    case 5:
      return { match: { dataset_ids: own, when: "job.state == 'failed' && job.duration_s >= 0" }, hit };
    case 7:
      return { match: { states, job_types: [`team${n}_*`] }, hit: { ...hit, jobType: `team${n}_refresh` } };
    case 9:
      return n % 20 === 9
        ? { match: { states, job_types: [`*_team${n}`] }, hit: { ...hit, jobType: `refresh_team${n}` } }
        : { match: { states, requested_by: [`User ${n}`] }, hit: { ...hit, user: `User ${n}` } };
    default:
      return { match: { states, dataset_ids: own }, hit };
  }
}

export function manyRules(count: number): string {
  const rules = Array.from({ length: count }, (_, n) =>
    JSON.stringify({ name: `rule-${n}`, match: ruleAt(n).match, send: [{ to: 'console' }] }),
  );
  return `version: 1\nsubscriptions: { production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }] } }\nrules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;
}

/** Bodies that each match exactly one of `count` rules, whatever the count: more matches would be more work by themselves. */
export function matchingEvents(count: number, events: number): object[] {
  return Array.from({ length: events }, (_, i) => {
    const { datasetId, jobType, user } = ruleAt((i * 7919) % count).hit;
    const { data, ...top } = failedJob(Date.UTC(2026, 0, 1), i);
    const input = { ...data.input, dataset_id: datasetId };
    return { ...top, data: { ...data, type: jobType, input, request_source: { ...data.request_source, user_name: user } } };
  });
}
