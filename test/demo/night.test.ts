import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nightMs } from '../../src/demo/clocks.ts';
import { expectedWebhooks } from '../../src/demo/expected.ts';
import { meantBy } from '../../src/demo/meant.ts';
import { outage } from '../../src/demo/outage.ts';
import type { JobEvent } from '../../src/event/event.ts';
import { stringifyJson } from '../../src/event/json.ts';
import { parseBody } from '../../src/event/parse.ts';
import { timestampUs } from '../../src/event/time.ts';
import type { Subscription } from '../../src/narrative/api.ts';
import { formatProblem } from '../../src/rules/problem.ts';
import { readScenario, seedSubscriptions } from '../../src/simulator/scenario.ts';
import { timelineOf } from '../../src/simulator/scenario-timeline.ts';
import type { Happening } from '../../src/simulator/timeline.ts';
import { jobBody } from '../../src/simulator/wire.ts';

const path = 'src/simulator/scenarios/night.yaml';
const beginsMs = Date.parse('2026-03-01T23:30:00Z');
const read = readScenario(readFileSync(path, 'utf8'), path, { NARRATIVE_WEBHOOK_SECRET: 'not-a-real-secret' });
if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
const { scenario } = read;
const { happenings, lastsMs } = timelineOf(scenario, beginsMs);
const subscriptions = seedSubscriptions(scenario, 'http://127.0.0.1:8787/webhooks/narrative').map(
  ({ name, kind, url, appId, jobIds, jobTypes, states }): Subscription => {
    const times = { createdAt: null, updatedAt: null };
    return {
      id: name!,
      name,
      kind,
      url,
      appId,
      filter: { jobIds, jobTypes, states },
      status: 'active',
      companyId: '1',
      ...times,
    };
  },
);
const night = expectedWebhooks({ happenings, lastsMs }, subscriptions, outage);

const jobHappenings = happenings.flatMap((happening) => (happening.kind === 'job' ? [happening] : []));
const jobs = jobHappenings.map((happening) => ({ happening, job: jobOf(happening) }));

/** As the relay reads it. */
function jobOf({ job }: Extract<Happening, { kind: 'job' }>): JobEvent['job'] {
  const parsed = parseBody(jobBody('knowledge-base', job, { eventId: 'e', subscriptionId: 's', createdAt: '2026-03-02' }));
  if (parsed.kind !== 'event' || parsed.event.kind !== 'job') throw new Error(`no job event: ${stringifyJson(job)}`);
  return parsed.event.job;
}

const ends = ['completed', 'failed', 'cancelled'];

describe('the night', () => {
  test('begins and lasts as the clocks of the demo have it', () => {
    expect(scenario.beginsMs).toBe(23.5 * 3_600_000);
    expect(lastsMs).toBe(nightMs);
  });

  test('has between 60 and 120 webhooks beside its storm', () => {
    const ordinary = night.filter(({ happening, answer }) => happening.burst === null && answer !== 'found');
    expect(ordinary.length).toBeGreaterThanOrEqual(60);
    expect(ordinary.length).toBeLessThanOrEqual(120);
  });

  test('has timestamps that agree with when things happen', () => {
    for (const { happening, job } of jobs) {
      const updatedMs = Math.floor((timestampUs(job.updated_at ?? '') ?? 0) / 1000) - beginsMs;
      if (happening.burst === null) expect(updatedMs).toBe(happening.atMs);
      expect(updatedMs).toBeLessThanOrEqual(happening.atMs);
      expect(updatedMs).toBeGreaterThan(0);
    }
  });

  test('takes every ordinary job but the one that hangs through pending, running and its end', () => {
    const ordinary = jobs.filter(({ happening }) => happening.burst === null);
    const histories = [...Map.groupBy(ordinary, ({ job }) => job.id).values()].map((states) =>
      states.map(({ job }) => job.state),
    );
    for (const states of histories) expect(states.slice(0, 2)).toEqual(['pending', 'running']);
    const endings = histories.map((states) => states.filter((state) => ends.includes(state)).length);
    expect(endings.filter((count) => count !== 1)).toEqual([0]);
  });

  test('has several job types, and failures among several of them', () => {
    expect(new Set(jobs.map(({ job }) => job.type)).size).toBeGreaterThanOrEqual(8);
    expect(new Set(jobs.filter(({ job }) => job.state === 'failed').map(({ job }) => job.type)).size).toBeGreaterThanOrEqual(4);
  });

  test('has stack traces, one of them beyond 64 KB, and a job with two failures', () => {
    const failed = jobs.filter(({ job }) => job.state === 'failed');
    const sizes = failed.map(({ job }) => JSON.stringify(job.failures).length);
    expect(Math.min(...sizes)).toBeGreaterThan(300);
    expect(Math.max(...sizes)).toBeGreaterThan(64 * 1024);
    expect(failed.some(({ job }) => job.failures.length === 2)).toBe(true);
  });

  test('has NQL, and snapshot ids that a double cannot hold', () => {
    expect(jobs.some(({ job }) => typeof job.input.nql === 'string')).toBe(true);
    const ids = [...stringifyJson(happenings).matchAll(/"snapshot_id":(\d+)/g)].map(([, id]) => id!);
    expect(ids.some((id) => String(Number(id)) !== id)).toBe(true);
  });

  test('has a failure whose text tries to address everybody and to leave its code block', () => {
    const hostile = jobs.flatMap(({ job }) => job.failures).find(({ message }) => message.includes('<!channel>'))?.message;
    expect(hostile).toContain('```');
  });

  test('has apps’ events that fail and complete', () => {
    const apps = happenings.flatMap((happening) => (happening.kind === 'app' ? [happening.eventType] : []));
    expect(apps).toEqual([
      'facebook.audience.delivery.failed',
      's3.audience.delivery.completed',
      'facebook.audience.delivery.completed',
    ]);
  });
});

describe('what goes wrong with the webhooks of the night', () => {
  test('three come again, and one failure comes by another subscription, too: four duplicates', () => {
    expect(night.filter(({ again }) => again)).toHaveLength(3);
    const duplicates = night.filter(({ answer }) => answer === 'duplicate');
    expect(duplicates).toHaveLength(4);
    expect(duplicates.filter(({ again }) => !again).map(({ about }) => about?.state)).toEqual(['failed']);
  });

  test('two that tell of a running job come after its end', () => {
    const late = jobs.filter(({ happening }) => happening.webhook.delayMs > 0);
    expect(late).toHaveLength(2);
    for (const { happening, job } of late) {
      const end = jobs.find((other) => other.job.id === job.id && ends.includes(other.job.state));
      expect(job.state).toBe('running');
      expect(happening.atMs + happening.webhook.delayMs).toBeGreaterThan(end!.happening.atMs);
    }
  });

  test('one is forged and looks like a real failure; one is JSON but no event', () => {
    const strangers = happenings.flatMap((happening) => (happening.kind === 'stranger' ? [happening] : []));
    const parsed = strangers.map(({ body }) => parseBody(new TextEncoder().encode(stringifyJson(body))));
    expect(parsed).toMatchObject([{ kind: 'event', event: { job: { state: 'failed' } } }, { kind: 'unknown' }]);
    expect(strangers.map(({ secret }) => secret !== null)).toEqual([true, false]);
    expect(night.filter(({ about }) => about === null).map(({ answer }) => answer)).toEqual(['refused', 'quarantined']);
  });
});

describe('the outage of the night', () => {
  const given = (answer: string) => night.filter((webhook) => webhook.answer === answer).map(({ about }) => about?.state);

  test('has a failure, something that completes, and something that has begun by its end', () => {
    expect(given('given-up')).toEqual(['pending', 'running', 'completed', 'failed', 'pending', 'running']);
    expect(given('found')).toEqual(['failed', 'completed', 'running']);
  });

  test('has nothing late or sent again around it, and something after it', () => {
    const sent = night.filter(({ again, happening, atMs }) => (again || atMs !== happening.atMs) && atMs >= outage.fromMs);
    expect(sent.filter(({ answer }) => answer !== 'found')).toEqual([]);
    expect(happenings.at(-1)?.atMs).toBeGreaterThan(outage.untilMs);
  });
});

describe('the story of the night', () => {
  test('a view fails three times and then completes', () => {
    const view = jobs.filter(({ job }) => job.type === 'materialize-view' && job.dataset_id === '10744');
    expect(view.map(({ job }) => job.state).filter((state) => ends.includes(state))).toEqual([
      'failed',
      'failed',
      'failed',
      'completed',
    ]);
  });

  test('two hundred jobs fail at once, and all of them recover at once', () => {
    const bursts = Map.groupBy(
      jobs.filter(({ happening }) => happening.burst !== null),
      ({ happening }) => happening.burst,
    );
    const datasets = Array.from({ length: 200 }, (_, i) => String(11_000 + i));
    const told = [...bursts.values()].map((burst) => burst.map(({ job }) => `${job.dataset_id} ${job.state}`));
    expect(told).toEqual([datasets.map((id) => `${id} failed`), datasets.map((id) => `${id} completed`)]);
  });

  test('what it means is told from its webhooks: what broke, what is still broken, and which job hangs', () => {
    const meant = meantBy(night);
    const hanging = jobs.filter(({ job }) => job.id === meant.stuck[0]).map(({ job }) => job.state);
    expect(meant.stuck).toHaveLength(1);
    expect(hanging).toEqual(['pending', 'running']);
    expect(meant.stillBroken).toEqual(['models_deliver_model/10930', expect.stringMatching(/^nql-forecast\//)]);
    expect(meant.broken).toBe(200 + 8);
    expect(meant.storm).toBe(200);
    expect(meant.completed).toBe(jobs.filter(({ job }) => job.state === 'completed').length);
  });
});
