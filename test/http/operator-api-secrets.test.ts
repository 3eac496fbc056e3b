/** Secrets that an event quotes, or an error text, or a name: none comes out of the operator API, by whichever route. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeliveryPageView, EventDetailView, IncidentPageView } from '../../src/operate/shapes/views.ts';
import { describedRoutes, planted, startOperatorStage, token, type OperatorStage } from './operator-api-stage.ts';

const secrets = [...Object.values(planted), token];
/** As they stand, and as they look within JSON, and within JSON within that. */
const forms = secrets.flatMap((secret) => {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [...new Set([secret, inJson, JSON.stringify(inJson).slice(1, -1)])];
});

let stage: OperatorStage;
let ids: Record<string, string>;

beforeAll(async () => {
  stage = await startOperatorStage();
  const { relay } = stage;
  const event = await stage.fail({ id: 'told', message: `could not sign in with ${secrets.join(' or ')}` });
  const incident = (await stage.read<IncidentPageView>('/incidents')).incidents[0]!.id;
  const dead = (await stage.read<DeliveryPageView>('/deliveries?status=dead')).deliveries[0]!.id;
  const told = secrets.join(' ');
  // Outcomes are masked before they are stored; these came another way.
  relay.sql.query('UPDATE deliveries SET detail = ?', told);
  relay.sql.query('UPDATE attempts SET detail = ?', told);
  relay.sql.query('UPDATE parked SET detail = ?', told);
  relay.sql.query('UPDATE deliveries SET receipt = ?', JSON.stringify({ [token]: told }));
  await stage.ask('POST', '/silences', { match: { subscriptions: [told] }, for: '1h', reason: told, author: 'alex' });
  ids = { events: event, incidents: incident, deliveries: dead, destinations: 'broken', silences: 'x', reconciliations: 'x' };
});
afterAll(() => stage.stop());

const quotedIn = (text: string) => forms.filter((form) => text.includes(form));

const pages = describedRoutes().filter(({ method, answer }) => method === 'GET' && answer.schema !== null);

test.each(pages.map(({ path }) => path))('GET %s', async (path) => {
  const answer = await stage.ask('GET', path.replace(/:\w+/, ids[path.split('/')[1]!]!));
  const text = await answer.text();
  expect(quotedIn(text)).toEqual([]);
  expect(quotedIn([...answer.headers].join('\n'))).toEqual([]);
  expect(() => JSON.parse(text) as unknown).not.toThrow();
});

test('they are masked where they stood, and the rest is as it was', async () => {
  const { body } = await stage.read<EventDetailView>(`/events/${ids.events}`);
  expect(JSON.parse(body)).toMatchObject({
    data: { failures: [{ message: `could not sign in with ${secrets.map(() => '[redacted]').join(' or ')}` }] },
  });
});

describe('whoever asks', () => {
  const told = () => secrets.join(' ');
  test.each<[string, () => Promise<Response>]>([
    ['for an event of that name', () => stage.ask('GET', `/events/${encodeURIComponent(told())}`)],
    ['for a destination of that name', () => stage.ask('GET', `/destinations/${encodeURIComponent(planted.FAKE_DIGITS)}`)],
    ['with it as a cursor', () => stage.ask('GET', `/events?before=${encodeURIComponent(token)}`)],
    ['with it as a parameter', () => stage.ask('GET', `/events?${encodeURIComponent(token)}=1`)],
    ['with it as a parameter twice', () => stage.ask('GET', `/events?${token}=1&${token}=2`)],
    ['with it as a field', () => stage.ask('POST', '/explain', { [told()]: 1 })],
    ['with it as a value', () => stage.ask('POST', '/deliveries/retry', { filter: { status: token } })],
    ['with it as a subscription', () => stage.ask('POST', '/explain', { event: {}, subscription: told() })],
    ['with it in an event to be explained', () => stage.ask('POST', '/explain', { event: explained() })],
    ['to replay an event with it', () => stage.ask('POST', `/events/${ids.events}/replay`, { dry_run: true })],
    ['to replay to a destination of that name', () => stage.ask('POST', `/events/${ids.events}/replay`, { to: [told()] })],
  ])('%s is not told it', async (_what, ask) => {
    const answer = await ask();
    expect(quotedIn(await answer.text())).toEqual([]);
  });

  const explained = () => ({
    id: 'e',
    type: 'job.failed',
    created_at: '2026-03-02T09:12:00',
    data: {
      job_id: 'j',
      state: 'failed',
      type: told(),
      input: { dataset_id: 1, [token]: Number(planted.FAKE_DIGITS) },
      updated_at: '2026-03-02T09:12:00',
    },
  });
});

test('nor does who follows events', async () => {
  const response = await stage.ask('GET', '/events/tail');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await stage.send({ id: 'followed', jobId: secrets.join(' '), state: 'running' });
  let text = '';
  while (!text.includes('data: ')) text += (await reader.read()).value!;
  await reader.cancel();
  expect(text).toContain('[redacted]');
  expect(quotedIn(text)).toEqual([]);
});
