/** Rules change under a running relay: what is valid takes effect at once, what is not changes nothing and is told. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { prepareRelay, printingRules } from './prepare-relay.ts';
import { failedJob, post, secret } from './signed-event.ts';

const silentRules = printingRules.replace('[{ to: console }]', '[]');

interface Ready {
  rules: { version: string; problems: string[] };
}

const readiness = async (url: string) => (await (await fetch(`${url}/readyz`)).json()) as Ready;

test.concurrent('changed rules take effect without a restart', async (context) => {
  const { expect } = context;
  const prepared = prepareRelay(context, { rules: printingRules });
  const relay = prepared.launch();
  const url = await relay.ready;
  const before = (await readiness(url)).rules.version;
  expect(await (await post(url, failedJob('before'))).json()).toMatchObject({ status: 'accepted', deliveries: 1 });
  prepared.writeRules(silentRules);
  await relay.says(/"msg":"rules reloaded"/);
  expect(await (await post(url, failedJob('after'))).json()).toMatchObject({ status: 'accepted', deliveries: 0 });
  const { rules } = await readiness(url);
  expect(rules.version).not.toBe(before);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('narrative_relay_rules_reload_total{outcome="loaded"} 1');
});

test.concurrent(
  'wrong rules are refused with file, line and column, the ones before stay in force, and mending them helps',
  async (context) => {
    const { expect } = context;
    const prepared = prepareRelay(context, { rules: printingRules });
    const relay = prepared.launch();
    const url = await relay.ready;
    const before = (await readiness(url)).rules.version;
    prepared.writeRules(printingRules.replace('states:', 'sttaes:'));
    await relay.says(/"msg":"changed rules refused/);
    const refused = await fetch(`${url}/readyz`);
    expect(refused.status).toBe(200);
    const { rules } = (await refused.json()) as Ready;
    expect(rules.version).toBe(before);
    expect(rules.problems).toEqual([expect.stringMatching(/relay\.yaml:3:\d+ .*sttaes.*states/s)]);
    expect(await (await post(url, failedJob('meanwhile'))).json()).toMatchObject({ status: 'accepted', deliveries: 1 });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('narrative_relay_rules_reload_total{outcome="refused"} 1');
    prepared.writeRules(silentRules);
    await relay.says(/"msg":"rules reloaded"/);
    expect((await readiness(url)).rules.problems).toEqual([]);
  },
);

test.concurrent('SIGHUP reads the secrets anew, although no rules file has changed', async (context) => {
  const { expect } = context;
  const rules = printingRules.replace('{ env: NARRATIVE_WEBHOOK_SECRET }', '{ env: ROTATED_SECRET }');
  const prepared = prepareRelay(context, { rules });
  const secretFile = join(prepared.folder, 'secret');
  writeFileSync(secretFile, 'the-secret-before-not-a-real-one');
  const relay = prepared.launch({ environment: { ROTATED_SECRET_FILE: secretFile } });
  const url = await relay.ready;
  expect((await post(url, failedJob('too-early'))).status).toBe(401);
  writeFileSync(secretFile, secret);
  relay.signal('SIGHUP');
  await relay.says(/"msg":"rules reloaded"/);
  expect((await post(url, failedJob('rotated'))).status).toBe(202);
});

test.concurrent(
  'a change of what alerts belong together by is warned of while something is open: its end may not be seen',
  async (context) => {
    const { expect } = context;
    const rules = printingRules.replace('send:', 'recover: true, send:');
    const prepared = prepareRelay(context, { rules });
    const relay = prepared.launch();
    const url = await relay.ready;
    prepared.writeRules(`${rules}defaults: { subject: 'first/{{ job.id }}' }\n`);
    await relay.nextSays(/"msg":"rules reloaded"/);
    expect(relay.output()).not.toContain('defaults.subject has changed');
    expect((await post(url, failedJob('open'))).status).toBe(202);
    prepared.writeRules(`${rules}defaults: { subject: 'second/{{ job.id }}' }\n`);
    const warned = await relay.says(/"msg":"defaults\.subject has changed/);
    expect(JSON.parse(warned)).toMatchObject({ level: 'warn', incidents_open: 1 });
  },
);
