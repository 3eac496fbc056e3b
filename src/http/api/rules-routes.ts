/** `/api/v1/rules`: what is in force; `/api/v1/explain`: what it makes of an event. */
import { z } from 'zod';
import { stringifyJson } from '../../event/json.ts';
import type { Operations } from '../../operate/operations.ts';
import { explanation, rulesView } from '../../operate/shapes/views.ts';
import { ok, refused } from '../../operate/text.ts';
import { route, type Route } from './route.ts';

/** As large as an event may be, ours as the sender's. */
const maxExplainBytes = 1024 * 1024;

const explainBody = z.strictObject({
  event: z.looseObject({}).describe('As Narrative would send it; it need not have come'),
  subscription: z.string().min(1, 'is empty\nleave it out for the first').nullable().default(null),
});

export function rulesRoutes({ rules, explain }: Pick<Operations, 'rules' | 'explain'>): Route[] {
  return [
    route({
      method: 'GET',
      path: '/rules',
      tag: 'rules',
      summary: 'Show the rules in force',
      description: 'And what the last reload found wrong: while it did, the rules before it stay in force.',
      answer: { status: 200, description: 'The rules', schema: rulesView },
      handle: () => ok(rules()),
    }),
    route({
      method: 'POST',
      path: '/explain',
      tag: 'rules',
      summary: 'What the rules make of an event',
      description: 'Each rule with its verdict, and what would be sent, as it would look. Nothing is stored or sent.',
      body: { schema: explainBody, maxBytes: maxExplainBytes, lossless: true },
      answer: { status: 200, description: 'The explanation', schema: explanation },
      handle({ body: { event, subscription } }) {
        const text = textOf(event);
        if (text === null) return refused('invalid', 'event: is nested too deep to be read', 'event');
        return explain(new TextEncoder().encode(text), subscription);
      },
    }),
  ];
}

/** Null: writing recurses, and this has no end within the stack. */
function textOf(event: unknown): string | null {
  try {
    return stringifyJson(event);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
