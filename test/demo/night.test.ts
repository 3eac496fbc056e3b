import { describe, expect, test } from 'vitest';
import { meantBy } from '../../src/demo/meant.ts';
import { createNight, type Step } from '../../src/demo/night.ts';
import { stormSize } from '../../src/demo/storm.ts';
import type { NarrativeEvent } from '../../src/event/event.ts';
import { parseBody } from '../../src/event/parse.ts';
import { timestampUs } from '../../src/event/time.ts';

const dawnMs = Date.parse('2026-03-02T08:30:00Z');
const night = createNight({ dawnMs });
const text = (step: Step) => new TextDecoder().decode(step.body);

function eventOf(step: Step): NarrativeEvent {
  const parsed = parseBody(step.body);
  if (parsed.kind !== 'event') throw new Error(`${step.note ?? step.eventId}: ${parsed.why}`);
  return parsed.event;
}

const events = night.filter((step) => step.kind !== 'no-event').map((step) => ({ step, event: eventOf(step) }));
const jobs = events.flatMap(({ step, event }) =>
  event.kind === 'job' && step.kind !== 'forged' ? [{ step, job: event.job }] : [],
);

function only(kind: Step['kind']): Step[] {
  const steps = night.filter((step) => step.kind === kind);
  expect(steps, kind).not.toHaveLength(0);
  return steps;
}

describe('a night', () => {
  test('is the same bytes for the same seed and time, and another night for another seed', () => {
    expect(createNight({ dawnMs })).toEqual(night);
    expect(createNight({ dawnMs, seed: 2 }).map(text)).not.toEqual(night.map(text));
  });

  test('has between 60 and 120 webhooks beside its storm, in order, within the time it was given', () => {
    const ordinary = night.filter((step) => step.burst === null);
    expect(ordinary.length).toBeGreaterThanOrEqual(60);
    expect(ordinary.length).toBeLessThanOrEqual(120);
    const times = night.map((step) => step.afterMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.every((ms) => ms >= 0 && ms <= 10_000)).toBe(true);
  });

  test('gives the relay two seconds to tell of the storm before it is over, however fast it is played', () => {
    const gap = (steps: Step[]) => {
      const [from, to] = ['storm', 'recovery'].map((burst) => steps.find((step) => step.burst === burst)!.afterMs);
      return to! - from!;
    };
    expect(gap(createNight({ dawnMs, lastsMs: 500 }))).toBe(2_000);
    expect(createNight({ dawnMs, lastsMs: 500 }).at(-1)?.afterMs).toBeLessThanOrEqual(2_500);
    expect(gap(night)).toBeGreaterThan(2_000);
  });

  test('tells of the last nine hours, in timestamps that agree with each other', () => {
    for (const { step, job } of jobs) {
      expect(step.happenedAtMs).toBeGreaterThan(dawnMs - 9 * 3_600_000);
      expect(step.happenedAtMs).toBeLessThanOrEqual(dawnMs);
      expect(Math.floor((timestampUs(job.updated_at ?? '') ?? 0) / 1000)).toBe(step.happenedAtMs);
    }
  });

  test('takes every ordinary job through pending, running and its end', () => {
    const histories = new Map<string, Set<string>>();
    for (const { job } of jobs.filter(({ step }) => step.burst === null))
      histories.set(job.id, (histories.get(job.id) ?? new Set()).add(job.state));
    for (const stuck of meantBy(night).stuck) histories.delete(stuck);
    for (const states of histories.values()) {
      expect(states).toContain('pending');
      expect(states).toContain('running');
      expect(['completed', 'failed', 'cancelled'].filter((state) => states.has(state))).toHaveLength(1);
    }
  });

  test('keeps one job key through all transitions and gives each webhook a delivery key of its own', () => {
    const jobKeys = new Map(jobs.map(({ job }) => [job.id, job.idempotency_key]));
    for (const { job } of jobs) expect(job.idempotency_key).toBe(jobKeys.get(job.id));
    const ids = night.filter((step) => step.kind !== 'redelivery').map((step) => step.eventId);
    expect(new Set(ids)).toHaveLength(ids.length);
  });

  test('comes in both wire forms', () => {
    expect(jobs.some(({ step }) => text(step).includes('"job_id":'))).toBe(true);
    expect(jobs.some(({ step }) => text(step).includes('"jobId":'))).toBe(true);
  });

  test('has several job types, and failures among several of them', () => {
    expect(new Set(jobs.map(({ job }) => job.type)).size).toBeGreaterThanOrEqual(8);
    expect(new Set(jobs.filter(({ job }) => job.state === 'failed').map(({ job }) => job.type)).size).toBeGreaterThanOrEqual(4);
  });

  test('has stack traces, one of them beyond 64 KB, and a job with two failures', () => {
    const failed = jobs.filter(({ job }) => job.state === 'failed');
    for (const { job } of failed) expect(JSON.stringify(job.failures[0]?.value)).toContain('\\n\\tat ');
    expect(Math.max(...failed.map(({ step }) => step.body.length))).toBeGreaterThan(64 * 1024);
    expect(failed.some(({ job }) => job.failures.length === 2)).toBe(true);
  });

  test('has NQL, and snapshot ids that a double cannot hold', () => {
    expect(jobs.some(({ job }) => typeof job.input.nql === 'string')).toBe(true);
    const ids = night.flatMap((step) => [...text(step).matchAll(/"(?:snapshot_id|snapshotId)":(\d+)/g)].map((found) => found[1]));
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.some((id) => id !== undefined && String(Number(id)) !== id)).toBe(true);
  });
});

describe('the special webhooks of a night', () => {
  test('redeliveries repeat earlier bytes and expect to be duplicates', () => {
    for (const step of only('redelivery')) {
      const earlier = night.find((other) => other.eventId === step.eventId && other.kind === 'event');
      expect(earlier?.afterMs).toBeLessThan(step.afterMs);
      expect(earlier && text(earlier)).toBe(text(step));
      expect(step.expected).toBe('duplicate');
    }
  });

  test('the same transition comes once more with another key', () => {
    for (const step of only('same-transition')) {
      const event = eventOf(step);
      const twins = jobs.filter(
        ({ job }) => event.kind === 'job' && job.id === event.job.id && job.updated_at === event.job.updated_at,
      );
      expect(new Set(twins.map((twin) => twin.step.eventId))).toHaveLength(2);
      expect(step.expected).toBe('duplicate');
    }
  });

  test('a running arrives after its job has ended', () => {
    for (const step of only('late')) {
      const event = eventOf(step);
      const end = jobs.find(
        ({ job }) => event.kind === 'job' && job.id === event.job.id && ['completed', 'failed'].includes(job.state),
      );
      expect(event).toMatchObject({ job: { state: 'running' } });
      expect(end?.step.afterMs).toBeLessThan(step.afterMs);
    }
  });

  test('one is forged and looks like a real failure; one is JSON but no event', () => {
    expect(only('forged').map(eventOf)).toMatchObject([{ kind: 'job', job: { state: 'failed' } }]);
    expect(only('no-event').map((step) => parseBody(step.body).kind)).toEqual(['unknown']);
  });

  test('app events fail and complete, with and without {value: …} around their parts', () => {
    const apps = events.filter(({ event }) => event.kind === 'app');
    expect(new Set(apps.map(({ event }) => event.kind === 'app' && event.app.status))).toEqual(new Set(['completed', 'failed']));
    expect(new Set(apps.map(({ step }) => text(step).includes('"eventType":{"value"')))).toEqual(new Set([true, false]));
  });

  test('one failure tries to address everybody and to leave its code block', () => {
    const message = jobs.flatMap(({ job }) => job.failures).find((failure) => failure.message.includes('<!channel>'))?.message;
    expect(message).toContain('```');
  });
});

describe('the story of a night', () => {
  const view = jobs.filter(
    ({ step, job }) => step.kind === 'event' && job.type === 'materialize-view' && job.dataset_id === '10744',
  );

  test('a view fails three times and then completes', () => {
    const ends = view.map(({ job }) => job.state).filter((state) => state === 'failed' || state === 'completed');
    expect(ends).toEqual(['failed', 'failed', 'failed', 'completed']);
  });

  test('two hundred jobs fail at once and all of them recover', () => {
    const of = (burst: string) =>
      jobs.filter(({ step }) => step.burst === burst).map(({ job }) => `${job.dataset_id} ${job.state}`);
    const datasets = Array.from({ length: stormSize }, (_, i) => 11_000 + i);
    expect(of('storm')).toEqual(datasets.map((id) => `${id} failed`));
    expect(of('recovery')).toEqual(datasets.map((id) => `${id} completed`));
    expect(stormSize).toBe(200);
  });

  test('what it means is told from its webhooks: what broke, what is still broken, and which job hangs', () => {
    const meant = meantBy(night);
    const hanging = jobs.filter(({ job }) => job.id === meant.stuck[0]).map(({ job }) => job.state);
    expect(meant.stuck).toHaveLength(1);
    expect(hanging).toEqual(['pending', 'running']);
    expect(meant.stillBroken).toEqual(['models_deliver_model/10930', expect.stringMatching(/^nql-forecast\//)]);
    expect(meant.broken).toBe(stormSize + 7);
    const completed = jobs.filter(({ step, job }) => step.expected === 'accepted' && job.state === 'completed');
    expect(meant.completed).toBe(completed.length);
  });
});
