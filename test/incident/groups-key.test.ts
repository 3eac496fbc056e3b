import { expect, test } from 'vitest';
import fc from 'fast-check';
import { groupSubject, labelOf } from '../../src/incident/group-key.ts';
import { groupKeyOf } from '../../src/incident/groups.ts';
import { appEvent, jobEvent } from '../rules/support.ts';

const key = (by: string[], event = jobEvent()) => groupKeyOf({ by, waitMs: 0, everyMs: 0 }, event);

test('a key holds the values of its variables, and nothing where the event has none', () => {
  const event = jobEvent({ data_plane_id: 'dp-1', input: { dataset_id: 10744, deep: { er: true } } });
  expect(key(['job.type', 'event.state', 'job.data_plane_id', 'job.input.dataset_id', 'job.input.deep.er'], event)).toBe(
    '["materialize-view","failed","dp-1","10744","true"]',
  );
  expect(key(['job.input.no_such_thing', 'app.connector', 'job.input.constructor.name'], event)).toBe('["","",""]');
  expect(key(['app.connector', 'job.type'], appEvent())).toBe('["facebook",""]');
  expect(key(['job.input.deep'], event)).toBe(JSON.stringify(['{"er":true}']));
});

test('a key depends on the subscription only if it is asked for', () => {
  expect(key(['job.type'], jobEvent({}, 'one'))).toBe(key(['job.type'], jobEvent({}, 'two')));
  expect(key([], jobEvent({}, 'one'))).toBe(key([], jobEvent({}, 'two')));
  expect(key(['event.subscription'], jobEvent({}, 'one'))).toBe('["one"]');
});

test('a value as long as a body is cut, and still tells events apart', () => {
  const long = (end: string) => key(['job.input.query'], jobEvent({ input: { query: `${'x'.repeat(100_000)}${end}` } }));
  expect(long('a').length).toBeLessThan(300);
  expect(long('a')).not.toBe(long('b'));
});

test('a label says what the members have in common', () => {
  const by = ['job.type', 'job.input.dataset_id', 'job.data_plane_id', 'event.state', 'job.id', 'job.requested_by'];
  expect(labelOf(by, '["materialize-view","10744","dp-1","failed","j-1","ann"]')).toBe(
    'materialize-view · dataset 10744 · data plane dp-1 · failed · job j-1 · requested by ann',
  );
  expect(labelOf(['job.type', 'job.dataset_id'], '["",""]')).toBe('');
  expect(labelOf([], '[]')).toBe('');
});

test('subjects can be read', () => {
  expect(groupSubject('failures', '["materialize-view"]')).toBe('group/failures/materialize-view');
  expect(groupSubject('failures', '[]')).toBe('group/failures');
});

test('distinct groups have distinct subjects of at most 500 characters', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('', '/', 'a/b', '%2F', 'a'), fc.string({ minLength: 300, maxLength: 400 }));
  const group = fc.tuple(text, fc.array(text, { maxLength: 3 }));
  fc.assert(
    fc.property(group, group, ([rule, values], [otherRule, otherValues]) => {
      const subject = groupSubject(rule, JSON.stringify(values));
      const other = groupSubject(otherRule, JSON.stringify(otherValues));
      expect(subject.length).toBeLessThanOrEqual(500);
      expect(groupSubject(rule, JSON.stringify(values), 2 ** 50).length).toBeLessThanOrEqual(500);
      expect(subject === other).toBe(rule === otherRule && JSON.stringify(values) === JSON.stringify(otherValues));
    }),
    { numRuns: 500 },
  );
});
