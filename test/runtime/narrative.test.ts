/** Narrative's side, from the subscription to its end: real commands, a real relay that is stopped and killed, a simulated Narrative. */
import { expect, test } from 'vitest';
import { readSqlite } from '../../src/node/sqlite.ts';
import { untilDrained } from './drained.ts';
import { before, openNarrativeStage } from './narrative-stage.ts';
import { end, type RelayChild } from './relay-child.ts';

const rules = `rules: [{ name: deliveries, match: { states: [failed] }, recover: true, send: [{ to: data-eng }, { to: oncall }] }]\n`;
const accepted = [expect.objectContaining({ kind: 'answered', answer: 'accepted' })];
const givenUp = [expect.objectContaining({ kind: 'gave-up' })];

test.concurrent(
  'what a relay missed while it was down is found when it starts: told once, closed if it was open, and old news wakes nobody',
  async (context) => {
    const { launch, command, happens, repeats, roots, until, pagerDuty, narrative } = await openNarrativeStage(context, rules);
    expect(narrative.subscriptions()).toMatchObject([{ status: 'active', filter: { states: ['completed', 'failed'] } }]);
    const first = launch(before);
    await first.ready;
    expect(await happens({ id: 'open', state: 'failed', datasetId: 1 })).toEqual(accepted);
    expect(await happens({ id: 'unwanted', state: 'running', datasetId: 1 })).toEqual([]);
    await until('the first failure is told', () => roots('data-eng').length === 1 && pagerDuty.events.length === 1);
    await end(first, 'SIGTERM');

    expect(await happens({ id: 'missed', state: 'failed', datasetId: 2 })).toEqual(givenUp);
    expect(await happens({ id: 'failed-then', state: 'failed', datasetId: 3 })).toEqual(givenUp);
    expect(await happens({ id: 'mended-then', state: 'completed', datasetId: 3 })).toEqual(givenUp);
    expect(await happens({ id: 'open-mended', state: 'completed', datasetId: 1 })).toEqual(givenUp);

    const second = launch();
    await second.ready;
    await second.says(/"msg":"reconciliation done"/);
    await until(
      'all is told',
      () => roots('data-eng').length === 2 && pagerDuty.alerts().length === 2 && pagerDuty.resolves.length === 1,
    );
    expect(roots('data-eng').map(({ text }) => text)).toEqual([
      expect.stringMatching(/^✅ .*dataset 1$/),
      expect.stringMatching(/^🔴 .*dataset 2 /),
    ]);
    expect(JSON.stringify(roots('data-eng')[1])).toContain('never came');
    expect(pagerDuty.alerts()).toMatchObject([{ state: 'resolved' }, { state: 'open', triggers: 1 }]);

    const looked = JSON.parse((await command('reconcile', '--from', '1h', '--json')).stdout) as object;
    expect(looked).toMatchObject({ status: 'done', jobs: 6, missing: 0, missed: [] });
    expect(await repeats('missed')).toEqual([expect.objectContaining({ kind: 'answered', answer: 'duplicate' })]);
  },
  60_000,
);

test.concurrent(
  'an operator sees what is missing, then has it taken, once; an archived subscription sends nothing more and stays listed',
  async (context) => {
    const { launch, command, happens, roots, until, narrative, prepared } = await openNarrativeStage(context, rules);
    await happens({ id: 'missed', state: 'failed', datasetId: 1 });
    await launch({ environment: { RELAY_RECONCILE_EVERY: 'off' } }).ready;
    await happens({ id: 'heard', state: 'failed', datasetId: 2 });

    const looked = await command('reconcile', '--from', '1h');
    expect(looked).toMatchObject({ status: 1, stdout: expect.stringMatching(/datasets_deliver_data +1 +failed +missed/) });
    const taken = await command('reconcile', '--from', '1h', '--apply');
    expect(taken).toMatchObject({ status: 0, stdout: expect.stringMatching(/evt_/) });
    await until('it is told', () => roots('data-eng').length === 2);
    expect(await command('reconcile', '--from', '1h', '--apply')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/nothing is missing/i),
    });
    const event = /evt_[0-9A-Z]{11}/.exec(taken.stdout)![0];
    const explained = await command('explain', event, '--db', prepared.databasePath);
    expect(explained.stdout).toContain('reconcil');

    const { id } = narrative.subscriptions()[0]!;
    expect(await command('doctor')).toMatchObject({ status: 0 });
    expect(await command('subscriptions', 'archive', id, '--yes')).toMatchObject({ status: 0 });
    expect(await happens({ id: 'after', state: 'failed', datasetId: 3 })).toEqual([]);
    expect((await command('subscriptions', 'list')).stdout).toMatch(new RegExp(`${id}.*archived`));
    expect(await command('doctor')).toMatchObject({ status: 1, stdout: expect.stringMatching(/archived/) });
  },
  60_000,
);

test.concurrent(
  'killed while it takes what it missed, it goes on where it was: each lost failure is taken and told, none twice',
  async (context) => {
    const { launch, happens, prepared } = await openNarrativeStage(
      context,
      'rules: [{ name: failures, match: { states: [failed] }, send: [{ to: console }] }]\n',
    );
    const lost = 450;
    await end(await started(launch(before)), 'SIGTERM');
    for (let i = 0; i < lost; i++) await happens({ id: `lost-${i}`, state: 'failed', datasetId: i });

    for (let life = 0; life < 3; life++) {
      const relay = launch();
      await relay.says(/"msg":"(?:took a state that no webhook told of|reconciliation done)"/);
      await end(relay, 'SIGKILL');
    }
    const last = launch();
    await last.says(/"msg":"reconciliation done"/);
    await untilDrained(prepared.databasePath, { stillMs: 20_000 });
    await end(last, 'SIGTERM');

    const store = readSqlite(prepared.databasePath)!;
    const jobsOf = (statement: string) => store.sql.query<{ id: string }>(statement).map(({ id }) => id);
    const taken = jobsOf(`SELECT job_id AS id FROM events WHERE scheme = 'reconcile' ORDER BY job_id`);
    const sent = jobsOf(
      `SELECT job_id AS id FROM deliveries JOIN events ON seq = event_seq WHERE status = 'delivered' ORDER BY 1`,
    );
    store.close();
    const expected = Array.from({ length: lost }, (_, i) => `lost-${i}`).toSorted();
    expect(taken).toEqual(expected);
    expect(sent).toEqual(expected);
  },
  120_000,
);

async function started(relay: RelayChild): Promise<RelayChild> {
  await relay.ready;
  return relay;
}
