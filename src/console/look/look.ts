/** What a person, or another system, got: a preview drawn as it looked there. */
import { html } from 'hono/html';
import type { PreviewView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { httpLook } from './http.ts';
import { code, jsonFold } from './json.ts';
import { pagerDutyLook } from './pagerduty.ts';
import { slackLook } from './slack.ts';

export function look({ format, body, reply, problems }: PreviewView): Html {
  return html`${problems.length === 0 ? '' : templateProblems(problems)} ${drawn(format, body)}
  ${reply === undefined ? '' : html`<div class="look-reply">${drawn(format, reply)}</div>`}`;
}

function drawn(format: PreviewView['format'], body: unknown): Html {
  switch (format) {
    case 'slack':
      return slackLook(body);
    case 'pagerduty':
      return pagerDutyLook(body);
    case 'http':
      return httpLook(body);
    case 'console':
      return typeof body === 'string'
        ? html`<div class="look look-console look-plain">${code(body.trimEnd())}</div>`
        : jsonFold('a text for the terminal, in a form this page does not know', body);
  }
}

function templateProblems(problems: readonly string[]): Html {
  return html`<div class="look-problems" role="note">
    <p><strong>A template failed</strong>; the usual wording stands in its place.</p>
    <ul>
      ${problems.map((each) => html`<li>${each}</li>`)}
    </ul>
  </div>`;
}
