/** What alerts say of an event that no webhook brought. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPagerDutyStandIn, type PagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import { composeAlert } from '../../src/destination/alert.ts';
import { createConsoleDestination } from '../../src/destination/console.ts';
import type { Outgoing } from '../../src/destination/destination.ts';
import { createPagerDutyDestination } from '../../src/destination/pagerduty.ts';
import { buildTrigger } from '../../src/destination/pagerduty-event.ts';
import { plainSlackMessage, slackEscape, slackMessage, slackReply } from '../../src/destination/slack-message.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { clock, delivery, eventContent, failedJobBody, incident, nodeHash, noSignal } from './example-delivery.ts';
import { changedJob } from './example-events.ts';

const { render } = createTemplates();
const failedAt = Date.parse('2026-03-02T09:12:00.5Z');
const note = "Its webhook never came: found in Narrative's job list 3 h 12 min after it happened";

/** The failed job, found so long after it failed. */
function foundAfter(ms: number, type = 'datasets_deliver_data'): Outgoing['content'] {
  const content = eventContent(failedJobBody.replace('datasets_deliver_data', type));
  if (content.kind !== 'event') throw new Error('no event');
  return { ...content, received: { ...content.received, reconciled: true, receivedAtMs: failedAt + ms } };
}

const foundLate = foundAfter(3.2 * 3_600_000);
const alertOf = (changes: Partial<Outgoing>) => composeAlert(delivery(changes), String, render).alert;

test('the alert says how long after', () => {
  expect(alertOf({ content: foundLate }).notes).toEqual([note]);
});

test('the alert says nothing of how long after where Narrative’s clock is ahead', () => {
  for (const ms of [0, -5_000]) {
    expect(alertOf({ content: foundAfter(ms) }).notes).toEqual(["Its webhook never came: found in Narrative's job list"]);
  }
});

test('a fallback’s note comes before it, a template’s error after', () => {
  const { notes } = alertOf({ content: foundLate, note: 'could not be delivered', message: { text: '{{ job.id | at: }}' } });
  expect(notes).toEqual(['could not be delivered', note, expect.stringContaining('template error')]);
});

test('an event that came by its webhook has no such note, and a rule’s own words don’t remove it', () => {
  expect(alertOf({}).notes).toEqual([]);
  const message = { title: 'own', text: '{% if event.reconciled %}late{% else %}in time{% endif %}' };
  expect(alertOf({ content: foundLate, message })).toMatchObject({ title: 'own (3 h ago)', text: 'late', notes: [note] });
  expect(alertOf({ message })).toMatchObject({ title: 'own', text: 'in time', notes: [] });
});

describe('the title says that it is old news', () => {
  const minutes = 60_000;
  const hours = 60 * minutes;
  const title = 'datasets_deliver_data failed · dataset 10736';

  test.each([
    [15 * minutes, title],
    [15 * minutes + 1, `${title} (15 min ago)`],
    [2 * hours - 1, `${title} (119 min ago)`],
    [2 * hours, `${title} (2 h ago)`],
    [26 * hours, `${title} (26 h ago)`],
    [48 * hours, `${title} (2 days ago)`],
  ])('found after %i ms: %s', (ms, expected) => {
    expect(alertOf({ content: foundAfter(ms) }).title).toBe(expected);
  });

  test('not of what came by its webhook, however late', () => {
    const content = foundAfter(26 * hours);
    if (content.kind !== 'event') throw new Error('no event');
    expect(alertOf({ content: { ...content, received: { ...content.received, reconciled: false } } }).title).toBe(title);
  });

  test('not of a job that runs again, whose record has the end of its first try still', () => {
    const job = { state: 'running', updated_at: '2026-03-02T09:12:00.5', ended_at: '2026-03-01T09:12:00' };
    const content = changedJob(job);
    if (content.kind !== 'event') throw new Error('no event');
    const found = { ...content, received: { ...content.received, reconciled: true, receivedAtMs: failedAt + minutes } };
    expect(alertOf({ content: found })).toMatchObject({
      title: expect.not.stringContaining('ago'),
      occurredAt: '2026-03-02T09:12:00.5Z',
    });
  });

  test('not of what is so now, such as that a job is late still', () => {
    expect(alertOf({ content: foundAfter(26 * hours), title: 'forecast still pending' }).title).toBe('forecast still pending');
  });

  test('also at its end', () => {
    const ended = incident({ act: 'recover', endedMs: failedAt });
    expect(alertOf({ content: foundAfter(26 * hours), incident: ended }).title).toMatch(/ \(26 h ago\)$/);
  });

  test.each([
    ['as it is', {}],
    ['whatever the job is called', { content: foundAfter(26 * hours, '&<>'.repeat(400)) }],
    ['whatever the rule calls it', { message: { title: 'x'.repeat(2_000) } }],
  ])('to a phone, %s', (_what, more) => {
    const changes = { content: foundAfter(26 * hours), ...more };
    const alert = composeAlert(delivery(changes), slackEscape, render).alert;
    for (const form of [slackMessage, slackReply, plainSlackMessage]) expect(form(alert).text).toContain('(26 h ago)');
    for (const form of [slackMessage, slackReply]) expect(JSON.stringify(form(alert).blocks)).toContain('(26 h ago)');
    const { event } = buildTrigger(delivery(changes), 'FAKE', { render, hash: nodeHash });
    expect(event.payload.summary).toContain('(26 h ago)');
  });
});

describe('it is shown', () => {
  let pagerduty: PagerDutyStandIn;
  const routingKey = 'FAKE0ROUTING0KEY0FOR0TESTS0ABCD1';
  beforeEach(async () => void (pagerduty = await startPagerDutyStandIn({ routingKeys: [routingKey] })));
  afterEach(() => pagerduty.close());

  test('by Slack, in a message and in a thread', () => {
    const alert = alertOf({ content: foundLate });
    for (const form of [slackMessage, slackReply]) {
      expect(form(alert).blocks).toContainEqual(
        expect.objectContaining({ type: 'context', elements: [expect.objectContaining({ text: `⚠️ ${note}` })] }),
      );
    }
  });

  test('by PagerDuty, in the details', async () => {
    const destination = createPagerDutyDestination(
      { name: 'oncall', routingKey, region: 'us', fallback: null, pace: null, timeoutMs: 2_000 },
      { fetch, clock, hash: nodeHash, render, eventsUrl: pagerduty.url },
    );
    await destination.send(delivery({ content: foundLate }), noSignal);
    expect(pagerduty.problems).toEqual([]);
    expect(pagerduty.events).toMatchObject([{ payload: { custom_details: { Note: note } } }]);
  });

  test('by the console', async () => {
    const written: string[] = [];
    const ports = { write: (text: string) => void written.push(text), render };
    const destination = createConsoleDestination({ name: 'terminal', fallback: null, pace: null }, ports);
    await destination.send(delivery({ content: foundLate }), noSignal);
    expect(written.join('')).toContain(`! ${note}\n`);
  });
});
