/** Silences, made and ended by plain forms. */
import { describe, expect, test } from 'vitest';
import { openConsole, startMs } from './console-stage.ts';
import { detailOf, quietOperations, quietRules, someIncident } from './views.ts';

const path = '/console/silences';
const wanted = {
  dataset: '10736, 10744',
  type: '',
  state: 'failed',
  match: '',
  for: '2h',
  until: '',
  reason: 'backfill',
  author: 'alex',
};

/** The value of a field of the form, as it is shown. */
function shownIn(page: string, name: string): string | undefined {
  return new RegExp(`<input id="${name}"\\s+name="${name}"\\s+value="([^"]*)"`).exec(page)?.[1];
}

/** What stands beside a field that is wrong. */
function wrongIn(page: string, name: string): string | undefined {
  return new RegExp(`<p class="wrong" id="${name}-note">([^<]*)</p>`).exec(page)?.[1];
}

const chosenIn = (page: string) => /<input type="radio" name="for" value="([^"]*)"\s+checked/.exec(page)?.[1];

describe('the form', () => {
  test('makes a silence, and the page says until when and of what', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    await operator.get(path);
    const answer = await operator.submit(path, wanted);
    expect(answer.status).toBe(303);
    const [silence] = stage.silences.list({ all: true }, stage.clock.ms);
    expect(silence).toMatchObject({
      match: { dataset_ids: ['10736', '10744'], states: ['failed'] },
      fromMs: startMs,
      untilMs: startMs + 2 * 3_600_000,
      reason: 'backfill',
      author: 'alex',
    });
    const { text } = await operator.get(answer.headers.get('location')!);
    expect(text).toContain('Silent until 2026-03-01 04:48 UTC: states failed · dataset_ids 10736, 10744.');
    expect(text).toContain('<title>Silences (1 in force) · Narrative Relay</title>');
    expect(stage.logged.at(-1)).toMatchObject({ level: 'info', message: 'silence made' });
  });

  test('takes an end in UTC', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    await operator.get(path);
    expect((await operator.submit(path, { ...wanted, for: 'until', until: '2026-03-01T06:00' })).status).toBe(303);
    expect(stage.silences.list({ all: true }, startMs)[0]!.untilMs).toBe(Date.parse('2026-03-01T06:00Z'));
  });

  test('takes a whole match block', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    await operator.get(path);
    const match = { job_types: ['models_*'], not: { states: ['failed'] } };
    expect((await operator.submit(path, { ...wanted, dataset: '', state: '', match: JSON.stringify(match) })).status).toBe(303);
    expect(stage.silences.list({ all: true }, startMs)[0]!.match).toEqual(match);
  });

  test('remembers who made the last one in this browser', async (context) => {
    const operator = await (await openConsole(context)).operator();
    expect(shownIn((await operator.get(path)).text, 'author')).toBe('on call');
    await operator.submit(path, { ...wanted, author: 'Renée' });
    expect(shownIn((await operator.get(path)).text, 'author')).toBe('Renée');
  });

  test.for([
    [{ reason: ' ' }, 'reason', 'is empty (say why, for those who wonder where their alert is)'],
    [{ author: '' }, 'author', 'is empty (say whom to ask)'],
    [{ for: 'soon' }, 'for', 'a duration is a whole number with s, m, h or d (such as 90s, 10m, 6h or 7d)'],
    [{ for: 'until', until: '2026-03-01T02:00' }, 'until', 'is in the past: it is 2026-03-01T02:48:00.000Z here'],
    [{ for: 'until', until: '' }, 'until', 'is no date and time'],
    [{ for: '400d' }, 'for', 'its end is more than a year ahead'],
    [{ dataset: '', state: '' }, 'dataset', 'say what to keep quiet'],
    [{ match: '{}' }, 'match', 'is the whole of it'],
    [{ dataset: '', state: '', match: '{' }, 'match', 'is no JSON'],
    [{ dataset: '', state: '', match: '{"sates": ["failed"]}' }, 'match', 'did you mean &quot;states&quot;?'],
    [{ dataset: '', state: '', match: '{"dataset_ids": []}' }, 'match', 'an empty list matches nothing'],
  ] as const)(
    'filled in with %j complains beside the field %s, keeps what was typed and makes nothing',
    async (given, context) => {
      const [changes, field, complaint] = given;
      const stage = await openConsole(context);
      const operator = await stage.operator();
      await operator.get(path);
      const typed: Record<string, string> = { ...wanted, ...changes };
      const answer = await operator.submit(path, typed);
      expect(answer.status).toBe(400);
      expect(wrongIn(answer.text, field)).toContain(complaint);
      expect(answer.text.match(/class="wrong"/g)).toHaveLength(1);
      for (const name of ['dataset', 'type', 'state', 'reason', 'author']) expect(shownIn(answer.text, name)).toBe(typed[name]);
      expect(chosenIn(answer.text)).toBe(typed.for);
      expect(stage.silences.list({ all: true }, stage.clock.ms)).toEqual([]);
    },
  );

  test('complains of all that is wrong at once, each in its place', async (context) => {
    const operator = await (await openConsole(context)).operator();
    await operator.get(path);
    const { text } = await operator.submit(path, { ...wanted, for: 'x', reason: '', author: '' });
    for (const field of ['for', 'reason', 'author']) expect(wrongIn(text, field), field).toBeDefined();
  });
});

describe('a link to the form', () => {
  const operations = quietOperations({
    incidents: [
      detailOf(someIncident, { dataset_ids: ['10736'] }),
      detailOf({ ...someIncident, id: 'inc_1M7ZPRB9M01' }, { when: 'job.duration_s > 3600' }),
      detailOf({ ...someIncident, id: 'inc_1M7ZPRB9M02' }, null),
    ],
  });

  test('from an incident fills it in, so that pressing the button is enough', async (context) => {
    const stage = await openConsole(context, { operations });
    const operator = await stage.operator();
    const { text } = await operator.get(`${path}?incident=inc_1M7ZPRB9M00&for=8h`);
    const names = ['dataset', 'type', 'state', 'reason', 'author'];
    const fields = Object.fromEntries(names.map((name) => [name, shownIn(text, name)!]));
    expect(fields).toMatchObject({ dataset: '10736', reason: 'datasets_deliver_data/10736 is known (inc_1M7ZPRB9M00)' });
    expect(chosenIn(text)).toBe('8h');
    expect((await operator.submit(path, { ...fields, for: '8h' })).status).toBe(303);
    expect(stage.silences.list({ all: true }, startMs)[0]!.match).toEqual({ dataset_ids: ['10736'] });
  });

  test('with values of its own fills them in, and offers any length', async (context) => {
    const operator = await (await openConsole(context)).operator();
    const { text } = await operator.get(`${path}?dataset=10736&type=models_*&for=90m&reason=INC-12`);
    expect([shownIn(text, 'dataset'), shownIn(text, 'type'), shownIn(text, 'reason')]).toEqual(['10736', 'models_*', 'INC-12']);
    expect(chosenIn(text)).toBe('90m');
  });

  test('from what only a match block describes fills in the block', async (context) => {
    const operator = await (await openConsole(context, { operations })).operator();
    const { text } = await operator.get(`${path}?incident=inc_1M7ZPRB9M01`);
    expect(text).toMatch(/<textarea[^>]*>\s*\{\s*&quot;when&quot;: &quot;job.duration_s &gt; 3600&quot;\s*\}<\/textarea>/);
  });

  test.for([
    ['inc_1M7ZPRB9M02', 'It names neither a dataset nor a job type'],
    ['inc_00000000000', 'There is no incident inc_00000000000'],
  ])('from %s says why it can not', async ([id, why], context) => {
    const operator = await (await openConsole(context, { operations })).operator();
    expect(wrongIn((await operator.get(`${path}?incident=${id}`)).text, 'dataset')).toContain(why);
  });
});

describe('the list', () => {
  test('tells those in force from those to come and those that are over, and shows the mutes of the files', async (context) => {
    const mutes = [
      {
        name: 'weekend-backfill',
        from: null,
        until: '2026-03-02T06:00:00.000Z',
        reason: 'of February',
        author: 'kim',
        active: true,
      },
    ];
    const stage = await openConsole(context, { operations: quietOperations({ rules: { ...quietRules, mutes } }) });
    const make = (id: string, fromMs: number, untilMs: number) =>
      stage.silences.add({ match: { dataset_ids: [id] }, fromMs, untilMs, reason: 'a', author: 'b' }, stage.clock.ms);
    make('1', 0, startMs + 60_000);
    make('2', startMs + 3_600_000, startMs + 7_200_000);
    make('3', 0, startMs + 1_000);
    stage.clock.ms += 2_000;
    const { text } = await (await stage.operator()).get(path);
    const order = ['>In force<', 'dataset_ids 1', '>To come<', 'dataset_ids 2', 'weekend-backfill', 'Over (1)', 'dataset_ids 3'];
    const places = order.map((each) => text.indexOf(each));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(text.match(/\/expire"/g)).toHaveLength(2);
  });

  test('ends one at once, and says what that means', async (context) => {
    const stage = await openConsole(context);
    const operator = await stage.operator();
    await operator.get(path);
    await operator.submit(path, wanted);
    const { id } = stage.silences.list({ all: true }, startMs)[0]!;
    await operator.get(path);
    const answer = await operator.submit(`${path}/${id}/expire`);
    expect(answer.status).toBe(303);
    expect(stage.silences.find(id, stage.clock.ms)?.state).toBe('expired');
    const { text } = await operator.get(path);
    expect(text).toContain('What it kept back and still fails is told now.');
    expect(text).toContain('Nothing is silenced.');
    expect((await operator.submit(`${path}/sil_00000000000/expire`)).status).toBe(404);
  });
});
