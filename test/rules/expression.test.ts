import { describe, expect, test } from 'vitest';
import { compileWhen } from '../../src/rules/expression.ts';
import { routingView } from '../../src/rules/routing-view.ts';
import { appEvent, jobEvent } from './support.ts';

const view = routingView(
  jobEvent({
    created_at: '2026-01-05T08:00:00',
    updated_at: '2026-01-05T09:30:00',
    input: { dataset_id: 10736, rows: 3, share: 0.5, snapshot_id: 1724919539450264600n },
    failures: [{ message: 'executor lost' }, { message: 'out of memory' }],
  }),
);

function outcomeOf(source: string, of = view) {
  const compiled = compileWhen(source);
  if (!compiled.ok) throw new Error(compiled.faults[0]!.message);
  return compiled.when(of);
}

describe('when', () => {
  test.each([
    'job.duration_s > 60 * 60',
    'job.input.rows + 1 == 4 && 1 + job.input.rows == 4',
    'job.input.rows * 2 - 1 == 5 && job.input.rows / 2 > 1 && job.input.rows % 2 == 1',
    'job.input.share * 2 == 1',
    '10 - job.input.rows * 2 - 1 == 3 && (1 + job.input.rows) in [4]',
    'job.input.snapshot_id == 1724919539450264600',
    'job.failures.exists(f, f.message.contains("memory"))',
    'job.failures[1].message.like("out of *")',
    'event.state == "failed" && event.subscription == "production"',
    'has(job.input.rows) && !has(job.input.columns)',
    'app == null',
    'job.dataset_id == "10736"',
  ])('%s is true', (source) => {
    expect(outcomeOf(source)).toEqual({ kind: 'true' });
  });

  test.each([
    ['job.input.columns > 1', 'No such key: columns'],
    ['job.type && true', 'bool operands'],
    ['job.input.rows / 0 > 1 && job.type', 'string'],
    ['job.input', 'not true or false'],
  ])('%s fails with a reason, without throwing', (source, reason) => {
    const outcome = outcomeOf(source);
    expect(outcome).toMatchObject({ kind: 'error', error: expect.stringContaining(reason) });
  });

  test('fails softly on the other kind of event', () => {
    expect(outcomeOf('job.duration_s > 1', routingView(appEvent())).kind).toBe('error');
    expect(outcomeOf('app.id == 8', routingView(appEvent()))).toEqual({ kind: 'true' });
  });

  test('sees own properties only', () => {
    expect(outcomeOf('has(job.input.constructor)')).toEqual({ kind: 'false' });
    expect(outcomeOf('job.input.toString == 1').kind).toBe('error');
  });

  test.each([
    ['job.duration_s >', 16, 'EOF', undefined],
    ['jbo.state == "x"', 0, 'unknown variable "jbo"', 'job'],
    ['true && job.duraton_s > 1', 8, 'job has no "duraton_s"', 'duration_s'],
    ['job["stat"] == "x"', 0, 'job has no "stat"', 'state'],
    ['job.dataset_id == 10736', 0, 'is text', '"10736" in quotes'],
    ['10736 != app.dataset_id', 0, 'is text', '"10736" in quotes'],
    ['job.data_plane_id > 1', 0, 'is text', '"1" in quotes'],
    ['job.dataset_id in ["a", 10736]', 0, 'is text', '"10736" in quotes'],
    ['1 + 1', 0, 'gives int', undefined],
    ['"failed"', 0, 'gives string', undefined],
    ['job.type.matches("(a+)+$")', 0, 'matches() is not available', 'like('],
    ['event.received_at > "2026"', 0, 'not known yet', 'created_at'],
    ['nosuch(1)', 0, 'nosuch', undefined],
  ])('%s is refused at offset %i', (source, offset, message, hint) => {
    const compiled = compileWhen(source);
    expect(compiled).toMatchObject({ ok: false, faults: [{ offset, message: expect.stringContaining(message) }] });
    if (!compiled.ok && hint !== undefined) expect(compiled.faults[0]!.hint).toContain(hint);
  });
});
