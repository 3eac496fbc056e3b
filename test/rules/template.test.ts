import { describe, expect, test } from 'vitest';
import { viewOf } from '../../src/event/event.ts';
import { createTemplates, type Escape } from '../../src/rules/template.ts';
import { appEvent, jobEvent } from './support.ts';

const templates = createTemplates();
const view = viewOf({
  id: 'evt_1',
  receivedAtMs: Date.UTC(2026, 0, 5),
  ...jobEvent({
    created_at: '2026-01-05T08:00:00.25',
    updated_at: '2026-01-05T09:12:00',
    input: { dataset_id: 10736, rows: [1, 2n], nested: { a: 1724919539450264600n }, waited_s: 4320, nothing: null },
    result: { snapshot_id: 1724919539450264600n },
    failures: [{ message: 'a < b & <!channel>' }],
  }),
});
const plain: Escape = String;
const render = (source: string, escape = plain) => templates.render(source, view, escape);

describe('a template', () => {
  test.each([
    ['{{ job.type }} {{ event.subscription }}', 'materialize-view production'],
    ['{{ job.result.snapshot_id }}', '1724919539450264600'],
    ['[{{ job.input.nothing }}{{ job.input.missing.deeper }}{{ app.id }}]', '[]'],
    ['{{ job.input.rows }}', '1, 2'],
    ['{{ job.input.nested }}', '{"a":1724919539450264600}'],
    ['{{ job.input.nested | json }}', '{"a":1724919539450264600}'],
    ['{{ job.input.waited_s | duration }}', '1 h 12 min'],
    ['[{{ job.input.nothing | duration }}{{ job.type | duration }}]', '[]'],
    ['{{ job.type | truncate: 10 }}', 'materia...'],
    ['{{ job.created_at | date: "%H:%M" }}', '08:00'],
    ['{{ job.failures.size }}: {{ job.failures.first.message }}', '1: a < b & <!channel>'],
    ['{% for f in job.failures %}{{ f.message | upcase }}{% endfor %}', 'A < B & <!CHANNEL>'],
    ['[{{ job.input.constructor }}{{ job.toString }}]', '[]'],
  ])('%s', (source, text) => {
    expect(render(source)).toEqual({ ok: true, text });
  });

  test('escapes values and leaves its own text alone, for each destination in its own way', () => {
    const slack: Escape = (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const source = '<b> {{ job.failures.first.message }} {% assign x = job.failures[0].message %}{% echo x %}';
    expect(render(source, slack)).toEqual({
      ok: true,
      text: '<b> a &lt; b &amp; &lt;!channel&gt; a &lt; b &amp; &lt;!channel&gt;',
    });
    expect(render(source)).toEqual({ ok: true, text: '<b> a < b & <!channel> a < b & <!channel>' });
  });

  test('cannot switch the escaping off', () => {
    expect(render('{{ job.type | raw }}')).toMatchObject({ ok: false, error: 'undefined filter: raw' });
  });

  test.each([
    '{{ job.type',
    '{{ job.type | nope }}',
    '{% include "x" %}',
    '{% render "x" %}',
    '{% layout "x" %}',
    '{% for i in (1..99999999) %}x{% endfor %}',
    '{{ job.result.snapshot_id | plus: 1 }}',
  ])('%s fails with a reason and never throws', (source) => {
    expect(render(source)).toEqual({ ok: false, error: expect.stringMatching(/.{5}/) });
  });

  test('cannot hang', { timeout: 5_000 }, () => {
    expect(render('{% for i in (1..30000) %}{% for j in (1..30000) %}x{% endfor %}{% endfor %}').ok).toBe(false);
  });

  test('cannot fill the memory from one long value', () => {
    const long = viewOf({ id: 'evt_1', receivedAtMs: 0, ...jobEvent({ failures: [{ message: 'x'.repeat(300_000) }] }) });
    expect(templates.render('{{ job.failures[0].message }}', long, plain).ok).toBe(true);
    expect(templates.render('{% for i in (1..100) %}{{ job.failures[0].message }}{% endfor %}', long, plain)).toMatchObject({
      ok: false,
      error: expect.stringContaining('output'),
    });
  });

  test('renders after one that failed, and another event from the same source', () => {
    render('{{ job.type | nope }}');
    const source = '{{ event.kind }} {{ app.connector }}';
    expect(render(source)).toEqual({ ok: true, text: 'job ' });
    expect(templates.render(source, viewOf({ id: 'evt_2', receivedAtMs: 0, ...appEvent() }), plain)).toEqual({
      ok: true,
      text: 'app facebook',
    });
  });
});

describe('checking a template', () => {
  test.each([
    ['{{ job.input.anything.at.all }}{{ event.received_at }}{{ app.payload.x }}'],
    ['{% assign mine = job.id %}{{ mine }}{% for f in job.failures %}{{ f.message }}{{ forloop.index }}{% endfor %}'],
    ['no values'],
  ])('accepts %s', (source) => {
    expect(templates.check(source)).toEqual({ ok: true });
  });

  test.each([
    ['{{ jbo.type }}', 1, 4, 'unknown variable "jbo"', 'did you mean "job"?'],
    ['text\n  {{ job.tpye }}', 2, 6, 'job has no "tpye"', 'did you mean "type"?'],
    ['{{ event.stat }}', 1, 4, 'event has no "stat"', 'did you mean "state"?'],
    ['{{ job.id', 1, 1, 'output "{{ job.id" not closed', undefined],
    ['ab\n{{ job.id | raw }}', 2, 1, 'undefined filter: raw', 'values from events are always escaped; leave "| raw" out'],
    ['{% include "x" %}', 1, 1, 'tag "include" not found', 'templates read no files; write the text here'],
  ])('refuses %j', (source, line, col, error, hint) => {
    expect(templates.check(source)).toEqual({ ok: false, line, col, error, ...(hint === undefined ? {} : { hint }) });
  });

  test('refuses a template longer than any message', () => {
    expect(templates.check('x'.repeat(30_000))).toMatchObject({ ok: false, error: expect.stringContaining('limit') });
  });
});
