/** The relay's own client reads what the simulator says, in both spellings. */
import { describe, expect, test } from 'vitest';
import { createNarrativeApi } from '../../src/narrative/client.ts';
import { endpoint, jobHappens, stage, token } from './stage.ts';

describe.each(['snake_case', 'camelCase'] as const)('in %s', (spelling) => {
  async function connected() {
    const { simulator, time } = await stage({ spelling });
    const random = { fraction: () => 0.5 };
    const api = createNarrativeApi({ fetch, clock: time, random, token, url: simulator.url, version: 'test', wait: time.wait });
    return { simulator, api };
  }

  test('a subscription is read as it was made, and as archived in the end', async () => {
    const { simulator, api } = await connected();
    const relay = await endpoint();
    const wanted = { kind: 'jobs', url: relay.url, name: null, jobIds: null, jobTypes: ['costs'], states: ['failed'] } as const;
    const created = await api.createSubscription(wanted);
    if (!created.ok) throw new Error(created.failure.detail);
    const { secret, ...subscription } = created.value;
    expect(subscription).toEqual(simulator.subscriptions()[0]);
    expect(secret).toMatch(/^[0-9a-f-]{36}$/);

    await simulator.happen(jobHappens({ type: 'costs' }));
    expect(relay.taken).toHaveLength(1);
    expect(await api.showSubscription(subscription.id)).toMatchObject({
      ok: true,
      value: { ...subscription, eventsSent: 1, deliveries: { successful: 1, failed: 0, lastFailedAt: null } },
    });

    expect(await api.archiveSubscription(subscription.id)).toEqual({ ok: true, value: null });
    expect(await api.listSubscriptions()).toEqual({ ok: true, value: simulator.subscriptions() });
    expect(simulator.subscriptions()[0]?.status).toBe('archived');
    expect(await api.showSubscription('unknown')).toMatchObject({ ok: false, failure: { kind: 'not-found' } });
  });

  test("an app's subscription is read as it was made", async () => {
    const { simulator, api } = await connected();
    const created = await api.createSubscription({ kind: 'app', url: 'https://relay.example.com', name: null, appId: '8' });
    expect(created).toMatchObject({ ok: true, value: simulator.subscriptions()[0] });
  });

  test('jobs are read with every digit', async () => {
    const { simulator, api } = await connected();
    const result = { snapshot_id: 1_724_919_539_450_264_601n };
    await simulator.happen(jobHappens({ state: 'completed', result }));
    const totalRecords = spelling === 'snake_case' ? 1 : null;
    const jobs = simulator.jobs();
    expect(await api.listJobs({ perPage: 500, offset: 0 })).toEqual({ ok: true, value: { records: jobs, totalRecords } });
    expect(await api.getJob(String(jobs[0]?.job_id))).toMatchObject({ ok: true, value: { result } });
  });
});
