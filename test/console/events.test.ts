/** The pages of events, over real HTTP and without script. */
import { describe, expect, test } from 'vitest';
import { createEventsStage } from './events-stage.ts';
import { strangersOnPage } from './markup.ts';

const stage = createEventsStage();
const idsIn = (markup: string) =>
  [...markup.matchAll(/class="row-link" href="\/console\/events\/(evt_\w+)"/g)].map(([, id]) => id!);

describe('the list of events', () => {
  test('shows what came, the newest first, each with its state, its fate and a link', async () => {
    const failed = await stage.happens({ id: 'whe-1', jobId: 'job-1', message: 'Access denied' });
    const completed = await stage.happens({ id: 'whe-2', jobId: 'job-2', state: 'completed' });
    const running = await stage.happens({ id: 'whe-3', jobId: 'job-3', state: 'running' });
    const { markup, text } = await stage.operator.get('/console/events');
    expect(idsIn(markup)).toEqual([running, completed, failed]);
    expect(text).toContain('✗ failed materialize-view 10736 materialize-view/10736 ✓ routed failures-page');
    expect(text).toContain('· running materialize-view 10736 materialize-view/10736 · unrouted –');
    expect(strangersOnPage(markup)).toEqual([]);
  });

  test('is filtered by its address, and the form shows by what', async () => {
    const failed = await stage.happens({ id: 'whe-1', jobId: 'job-1' });
    await stage.happens({ id: 'whe-2', jobId: 'job-2', state: 'completed' });
    const { markup } = await stage.operator.get('/console/events?state=failed&text=10736');
    expect(idsIn(markup)).toEqual([failed]);
    expect(markup).toContain('<option value="failed" selected>');
    expect(markup).toMatch(/name="text" value="10736"/);
    expect((await stage.operator.get('/console/events?text=nothing+like+it')).text).toContain('No event matches.');
    // An address can ask for what the form does not offer.
    expect((await stage.operator.get('/console/events?state=failed,cancelled')).markup).toContain(
      '<option value="failed,cancelled" selected>',
    );
  });

  test('forgets fields that were left empty, so that the address can be passed on', async () => {
    const answer = await stage.operator.fetch('/console/events?since=&state=failed&text=&outcome=', { redirect: 'manual' });
    expect(answer.headers.get('location')).toBe('/console/events?state=failed');
  });

  test('says beside the field what is wrong with it, and keeps what was typed', async () => {
    const { status, markup, text } = await stage.operator.get('/console/events?since=lots&from=yesterday&outcome=lost&sate=x');
    expect(status).toBe(400);
    expect(markup).toMatch(/id="filter-since-problem">[^<]*whole number with s, m, h or d/);
    expect(markup).toMatch(/id="filter-from-problem">[^<]+/);
    expect(markup).toMatch(/id="filter-outcome-problem">[^<]*takes routed, unrouted/);
    expect(markup).toMatch(/name="from" value="yesterday"[^>]* aria-invalid="true"/);
    expect(text).toContain('unknown key "sate" (did you mean "state"?)');
    expect(markup).not.toContain('<table');
  });

  test('refuses a place to go on from that is none', async () => {
    const { status, text } = await stage.operator.get('/console/events?before=evt_nonsense');
    expect(status).toBe(400);
    expect(text).toContain('before: evt_nonsense is no place to go on from');
  });

  test('goes on where the page before ended, until there is nothing older, with nothing lost and nothing twice', async () => {
    const sent: string[] = [];
    for (let i = 0; i < 7; i++) sent.push(await stage.happens({ id: `whe-${i}`, jobId: `job-${i}`, state: 'running' }));
    const seen: string[] = [];
    let path: string | null = '/console/events?limit=3&state=running';
    while (path !== null) {
      const { markup } = await stage.operator.get(path);
      seen.push(...idsIn(markup));
      const next: string | undefined = /id="events-next"[^>]*? href="([^"]+)"/.exec(markup)?.[1];
      path = next?.replaceAll('&amp;', '&') ?? null;
    }
    expect(seen).toEqual(sent.toReversed());
  });

  test('answers htmx with the rows alone', async () => {
    await stage.happens({ id: 'whe-1' });
    const { markup } = await stage.operator.get('/console/events', { 'hx-request': 'true' });
    expect(idsIn(markup)).toHaveLength(1);
    expect(markup).not.toContain('<form');
    expect(markup).not.toContain('<html');
  });
});

describe('the page of an event', () => {
  test('tells what happened, what was done, and why the rest was not, in this order', async () => {
    const id = await stage.happens({ jobId: 'job-1', message: 'Access denied to bucket' });
    await stage.untilEnded(2);
    const { status, title, text, markup } = await stage.operator.get(`/console/events/${id}`);
    expect(status).toBe(200);
    expect(title).toBe(`✗ failed materialize-view · ${id} · Narrative Relay`);
    const happened = ['What happened', 'Access denied to bucket', 'by production, verified: hmac-sha256'];
    const paged = ['What was done', 'oncall ✓ delivered', 'PagerDuty · CRITICAL', 'dedup_key narrative/materialize-view/10736'];
    const told = ['data-eng ✓ delivered', 'The message as it looked', 'Narrative Relay Slack · C0123ABCD'];
    const why = ['Rule by rule', '✓ failures-page rules/relay.yaml:7:11 matched → oncall, data-eng'];
    const whyNot = ['· finished rules/relay.yaml:11:13 did not match: states: failed is not completed'];
    const stands = ['How it stands now', 'materialize-view/10736 fails since', 'Payload'];
    const inOrder = [happened, paged, told, why, whyNot, stands].flat();
    let at = 0;
    for (const each of inOrder) {
      expect(text.slice(at)).toContain(each);
      at = text.indexOf(each, at);
    }
    expect(markup).toContain(`href="/console/events/${id}/replay"`);
    expect(markup).toContain(`href="/console/silences?event=${id}`);
    expect(strangersOnPage(markup)).toEqual([]);
  });

  test('tells which attempts were made, and what came of each', async () => {
    stage.slack.answerWith((n) => (n === 1 ? { kind: 'status', status: 500 } : null));
    const id = await stage.happens({});
    await stage.untilEnded(2);
    const { text } = await stage.operator.get(`/console/events/${id}`);
    expect(text).toMatch(/2 attempts Attempts Attempt At Took Outcome Detail 1 .*? ! retry server-error: .*? 2 .*? ✓ delivered/);
  });

  test('tells what is for a destination that is broken how long it waits, and not that it was due', async () => {
    stage.slack.answerWith(() => ({ kind: 'error', code: 'channel_not_found' }));
    const id = await stage.happens({});
    await stage.untilEnded(1);
    while (stage.relay.sql.query('SELECT 1 FROM parked').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const { text } = await stage.operator.get(`/console/events/${id}`);
    expect(text).toMatch(/data-eng · scheduled waits: data-eng is parked, next try in \d+/);
    expect(text).toContain('The message as it would look now');
    expect(text).not.toContain('due ');
  });

  test('tells why a rule that matched held back', async () => {
    await stage.happens({ id: 'whe-1', jobId: 'job-1' });
    const again = await stage.happens({ id: 'whe-2', jobId: 'job-2', updatedAt: '2026-03-02T09:20:00' });
    const { text } = await stage.operator.get(`/console/events/${again}`);
    expect(text).toMatch(/! repeat failures-page .+ Rule by rule/);
  });

  test('says that the rules have changed since', async () => {
    const id = await stage.happens({});
    const said = 'The rules have changed since: then failures-page matched.';
    expect((await stage.operator.get(`/console/events/${id}`)).text).not.toContain(said);
    stage.relay.sql.query("UPDATE events SET rules_version = 'of another day'");
    expect((await stage.operator.get(`/console/events/${id}`)).text).toContain(said);
  });

  test('that is in quarantine says why, and that no rule looked at it', async () => {
    const id = await stage.arrives('{"hello": "<b>world</b>"}');
    const { text, title } = await stage.operator.get(`/console/events/${id}`);
    expect(title).toBe(`quarantined event · ${id} · Narrative Relay`);
    expect(text).toContain('It is none of the events that the relay knows: neither a job event');
    expect(text).toContain('Nothing was sent.');
    expect(text).toContain('No rule looked at it');
    expect(text).toContain('"hello": "<b>world</b>"');
  });

  test('leads to what it repeats', async () => {
    const first = await stage.happens({ id: 'whe-1' });
    await stage.happens({ id: 'whe-2' });
    const [copy] = idsIn((await stage.operator.get('/console/events')).markup);
    expect(copy).not.toBe(first);
    const { markup, text } = await stage.operator.get(`/console/events/${copy}`);
    expect(text).toContain(`The same as ${first}`);
    expect(markup).toContain(`href="/console/events/${first}"`);
    expect(text).toContain('Nothing was sent.');
  });

  test('is not there for an id that is none', async () => {
    for (const id of [
      'evt_00000000000',
      'evt_x',
      'dlv_1M7ZPRB9M00_1',
      '%3Cscript%3E',
      '..%2f..%2fetc',
      '%00',
      'evt_1M7ZPRB9M00%20',
    ]) {
      const { status, text, markup } = await stage.operator.get(`/console/events/${id}`);
      expect([id, status]).toEqual([id, 404]);
      expect(text).toContain('Not found');
      expect(strangersOnPage(markup)).toEqual([]);
    }
  });

  test('gives the payload as it came, to be saved', async () => {
    const body =
      '{"id":"whe-9", "data": {"job_id":"j","state":"failed","type":"t","result":{"snapshot_id":1724919539450264600},"x":"<script>"}}';
    const id = await stage.arrives(body);
    const page = await stage.operator.get(`/console/events/${id}`);
    expect(page.text).toContain('"snapshot_id": 1724919539450264600');
    const answer = await stage.operator.fetch(`/console/events/${id}/body`);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${id}.json"`);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await answer.text()).toBe(body);
    expect((await stage.operator.get('/console/events/evt_x/body')).status).toBe(404);
  });

  test('folds a long payload, and shows the beginning of one that is very long', async () => {
    const failures = Array.from({ length: 60 }, (_, i) => ({ message: `${i} ${'x'.repeat(3_000)}` }));
    const id = await stage.arrives(JSON.stringify({ data: { job_id: 'j', state: 'failed', type: 't', failures } }));
    const { markup, text } = await stage.operator.get(`/console/events/${id}`);
    expect(text).toContain('Only its first 100000 characters are shown.');
    expect(markup.length).toBeLessThan(400_000);
    expect(markup).toMatch(
      /<details class="fold"\s*>\s*<summary>\d+ lines<\/summary>\s*<div class="fold-content">\s*<div id="payload">/,
    );
  });
});

describe('hostile text in an event', () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror='alert(1)'> </pre></textarea> <a href="javascript:alert(1)"> \u202eevil`;

  test('is shown on each page, and is nothing but text', async () => {
    const job = {
      job_id: hostile,
      state: hostile,
      type: hostile,
      input: { dataset_id: hostile },
      failures: [{ message: hostile }],
    };
    const id = await stage.arrives(JSON.stringify({ id: hostile, type: hostile, data: job }));
    const failed = await stage.arrives(JSON.stringify({ id: 'w', data: { ...job, state: 'failed' } }));
    await stage.untilEnded(2);
    const pages = [
      '/console/events',
      `/console/events?${new URLSearchParams({ text: hostile, type: hostile, sort: hostile }).toString()}`,
      `/console/events?${new URLSearchParams({ text: hostile.slice(0, 80), state: hostile.slice(0, 80) }).toString()}`,
      ...[id, failed].flatMap((each) => [`/console/events/${each}`, `/console/events/${each}/replay`]),
    ];
    for (const path of pages) {
      const { markup } = await stage.operator.get(path);
      expect([path, strangersOnPage(markup)]).toEqual([path, []]);
      expect(markup).not.toContain('javascript:alert(1)"');
    }
    expect((await stage.operator.get(`/console/events/${failed}`)).text).toContain("<img src=x onerror='alert(1)'>");
  });
});
