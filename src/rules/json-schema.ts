/** The schema for editors (`rules/schema.json`), and what it knows about which keys go where. */
import { z } from 'zod';
import { keyOf } from './raw.ts';
import { rulesFile } from './schema.ts';

export interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  const?: unknown;
  [keyword: string]: unknown;
}

/** JSON Schema, draft 2020-12. What it accepts is a little more than `check` does: names and expressions are not looked into. */
export function rulesJsonSchema(): JsonSchema {
  return jsonSchemaOf(rulesFile);
}

export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
}

/** The keys that the mapping at `path` of `value` may have; none where it may have any. `root`: what `value` as a whole should be. */
export function knownKeys(path: readonly PropertyKey[], value: unknown, root: JsonSchema): string[] {
  let schema: JsonSchema | undefined = root;
  let part = value;
  for (const step of path) {
    schema = childOf(variantFor(schema, part), step);
    part = keyOf(part, step);
  }
  return Object.keys(variantFor(schema, part)?.properties ?? {});
}

function childOf(schema: JsonSchema | undefined, step: PropertyKey): JsonSchema | undefined {
  if (typeof step === 'number') return schema?.items;
  const other = schema?.additionalProperties;
  return schema?.properties?.[String(step)] ?? (typeof other === 'object' ? other : undefined);
}

/** Of alternatives, the one whose constants (`type: slack`) the value has. */
function variantFor(schema: JsonSchema | undefined, value: unknown): JsonSchema | undefined {
  const variants = schema?.oneOf ?? schema?.anyOf;
  if (!variants) return schema;
  return variants.find(({ properties = {} }) =>
    Object.entries(properties).some(([key, { const: constant }]) => constant !== undefined && keyOf(value, key) === constant),
  );
}
