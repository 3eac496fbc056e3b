/** The form for a silence, drawn. */
import { html } from 'hono/html';
import { csrfField } from '../form.ts';
import type { Html } from '../page.ts';
import { fold, section } from '../parts/layout.ts';
import type { Session } from '../session.ts';
import type { Field, Typed } from './asked.ts';

const lengths: readonly (readonly [string, string])[] = [
  ['30m', '30 min'],
  ['2h', '2 hours'],
  ['8h', '8 hours'],
  ['1d', '1 day'],
];

/** `wrong`: by field, what to change. */
export function silenceForm(session: Session, typed: Typed, wrong: ReadonlyMap<Field, string>): Html {
  const first = [...wrong.keys()][0];
  const shown = (field: Field) => ({ typed, wrong: wrong.get(field) ?? null, focused: field === first });
  const form = html`<form method="post" action="/console/silences" class="stack card">
    ${csrfField(session)}
    <fieldset class="stack">
      <legend class="unseen">What to keep quiet</legend>
      <div class="fields">
        ${textField('dataset', 'Datasets', 'ids: 10736, 10744', shown('dataset'))}
        ${textField('type', 'Job types', 'models_*: any characters', shown('type'))}
        ${textField('state', 'States', 'failed; empty for all', shown('state'))}
      </div>
      ${fold('Or a match block, as in the rules', matchField(shown('match')), { open: typed.match !== '' || wrong.has('match') })}
    </fieldset>
    ${lengthField(typed, wrong)} ${textField('reason', 'Why', 'for those who wonder where their alert is', shown('reason'))}
    ${textField('author', 'Whom to ask', 'your name', shown('author'))}
    <div class="actions"><button class="primary">Silence</button></div>
  </form>`;
  return section('New silence', form, { id: 'new' });
}

interface Shown {
  typed: Typed;
  /** Null: nothing. */
  wrong: string | null;
  /** The first that is wrong: there the reader begins. */
  focused: boolean;
}

function textField(name: Field, label: string, hint: string, { typed, wrong, focused }: Shown): Html {
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <input id="${name}" name="${name}" value="${typed[name]}" ${described(name, wrong)} ${focused ? html`autofocus` : ''} />
    ${noteOf(name, hint, wrong)}
  </div>`;
}

function matchField({ typed, wrong, focused }: Shown): Html {
  return html`<div class="field">
    <label for="match">Match block (JSON)</label>
    <textarea id="match" name="match" rows="4" spellcheck="false" ${described('match', wrong)} ${focused ? html`autofocus` : ''}>
${typed.match}</textarea>
    ${noteOf('match', 'In place of the fields above. {} is everything but what the relay says of itself.', wrong)}
  </div>`;
}

function lengthField(typed: Typed, wrong: ReadonlyMap<Field, string>): Html {
  const usual = [...lengths.map(([value]) => value), 'until'].includes(typed.for);
  // A link, or a script, may ask for any other length.
  const offered = usual ? lengths : [...lengths, [typed.for, typed.for] as const];
  const why = wrong.get('for') ?? null;
  return html`<fieldset class="field">
    <legend>For how long</legend>
    <div class="choices" ${why === null ? '' : html`aria-describedby="for-note"`}>
      ${offered.map(([value, label]) => choice(value, label, typed.for))} ${choice('until', 'until', typed.for)}
    </div>
    ${why === null ? '' : noteOf('for', '', why)}
    <div class="field until">
      <label for="until" class="unseen">Until, in UTC</label>
      <input
        type="datetime-local"
        id="until"
        name="until"
        value="${typed.until}"
        ${described('until', wrong.get('until') ?? null)}
      />
      ${noteOf('until', 'For “until”: in UTC.', wrong.get('until') ?? null)}
    </div>
  </fieldset>`;
}

function choice(value: string, label: string, chosen: string): Html {
  return html`<label><input type="radio" name="for" value="${value}" ${value === chosen ? html`checked` : ''} />${label}</label>`;
}

function described(name: Field, wrong: string | null): Html {
  return html`aria-describedby="${name}-note" ${wrong === null ? '' : html`aria-invalid="true"`}`;
}

function noteOf(name: Field, hint: string, wrong: string | null): Html {
  return html`<p class="${wrong === null ? 'hint' : 'wrong'}" id="${name}-note">${wrong ?? hint}</p>`;
}
