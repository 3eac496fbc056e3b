/** Writes the schemas by which editors complete and check the rules files and scenarios: `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { jsonSchemaOf, rulesJsonSchema, type JsonSchema } from '../rules/json-schema.ts';
import { scenarioFile } from '../simulator/scenario-schema.ts';

write('rules/schema.json', rulesJsonSchema());
write('src/simulator/scenarios/schema.json', jsonSchemaOf(scenarioFile));

function write(path: string, schema: JsonSchema): void {
  writeFileSync(new URL(`../../${path}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}
