/** Writes `rules/schema.json`, which editors use to complete and check the rules files: `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { rulesJsonSchema } from '../rules/json-schema.ts';

writeFileSync(new URL('../../rules/schema.json', import.meta.url), `${JSON.stringify(rulesJsonSchema(), null, 2)}\n`);
