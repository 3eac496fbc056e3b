/** What alerts say of an event that no webhook brought. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPagerDutyStandIn, type PagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import { composeAlert } from '../../src/destination/alert.ts';
import { createConsoleDestination } from '../../src/destination/console.ts';
import type { Outgoing } from '../../src/destination/destination.ts';
import { createPagerDutyDestination } from '../../src/destination/pagerduty.ts';
import { slackMessage, slackReply } from '../../src/destination/slack-message.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { clock, delivery, eventContent, failedJobBody, nodeHash, noSignal } from './example-delivery.ts';

const { render } = createTemplates();
const failedAt = Date.parse('2026-03-02T09:12:00.5Z');
const note = "Its webhook never came: found in Narrative's job list 3 h 12 min after it happened";

/** The failed job, found so long after it failed. */
function foundAfter(ms: number): Outgoing['content'] {
  const content = eventContent(failedJobBody);
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
  expect(alertOf({ content: foundLate, message })).toMatchObject({ title: 'own', text: 'late', notes: [note] });
  expect(alertOf({ message })).toMatchObject({ title: 'own', text: 'in time', notes: [] });
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
