import { expect, test } from 'vitest';
import { createConsoleDestination } from '../../src/destination/console.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { completedContent, delivery, failedWith, incident, noSignal, notice, recovered } from './example-delivery.ts';

function terminal() {
  const written: string[] = [];
  const ports = { write: (text: string) => void written.push(text), render: createTemplates().render };
  return { written, destination: createConsoleDestination({ name: 'terminal', fallback: null, pace: null }, ports) };
}

test('an alert is printed in one piece, with all that a person needs', async () => {
  const { written, destination } = terminal();
  const outgoing = delivery({ message: { text: 'Call the data team.' }, note: 'could not be delivered to data-eng' });
  expect(await destination.send(outgoing, noSignal)).toEqual({ kind: 'delivered', detail: 'printed' });
  expect(written).toHaveLength(1);
  const [alert = ''] = written;
  expect(alert).toMatch(/^\[CRITICAL\] .*10736/);
  expect(alert).toContain('! could not be delivered to data-eng\n');
  expect(alert).toContain('  Call the data team.\n');
  expect(alert).toContain('  | Access denied to bucket\n');
  expect(alert).toContain('  Job: https://example.com/jobs/2a5b9ad7-dc8f-47bb-8e62-843a38f8054c\n');
  expect(alert).toContain('2026-03-02T09:12:00.5Z · rule deliveries-page · evt_1\n');
  expect(alert.endsWith('\n\n')).toBe(true);
});

test('an event cannot steer the terminal or draw lines of its own', async () => {
  const { written, destination } = terminal();
  const content = failedWith('\u001b[2J\u001b]0;owned\u0007\r[OK] all is well\u0000\u009b31m\u202e');
  await destination.send(delivery({ content, message: { title: '{{ job.failures[0].message }}' } }), noSignal);
  expect(written[0]).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  expect(written[0]!.split('\n').filter((line) => line.startsWith('[OK]'))).toEqual([]);
});

test('a notice is printed too', async () => {
  const { written, destination } = terminal();
  await destination.send(delivery({ content: notice, rule: null, severity: 'error' }), noSignal);
  expect(written[0]).toMatch(/^\[ERROR\] destination data-eng is broken\n {2}channel_not_found\n/);
});

test('the preview is the text that is printed', async () => {
  const { written, destination } = terminal();
  await destination.send(delivery(), noSignal);
  expect(destination.preview(delivery()).body).toBe(written[0]);
});

test('an incident’s alert says since when and how often below its title; a count prints nothing', async () => {
  const { written, destination } = terminal();
  const owners = [{ mention: '<!channel>', runbook: 'https://wiki.example.com/x' }];
  await destination.send(delivery({ incident: incident({ failures: 3 }), owners }), noSignal);
  expect(written[0]).toMatch(/^\[CRITICAL\] .*\n {2}Failing since 09:12 UTC · 3rd failure\n/);
  expect(written[0]).toContain('  Runbook: https://wiki.example.com/x\n');
  expect(written[0]).not.toContain('channel');
  await destination.send(delivery({ content: completedContent(), incident: recovered() }), noSignal);
  expect(written[1]).toMatch(/^\[OK\] .* recovered after 42 min .*\n {2}Recovered after 42 min · 3 failures\n/);
  const counted = await destination.send(delivery({ incident: incident({ act: 'count' }) }), noSignal);
  expect(counted).toMatchObject({ kind: 'delivered', detail: expect.stringContaining('not printed') });
  expect(written).toHaveLength(2);
});
