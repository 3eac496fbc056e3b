/** A rules file that has been read and found valid by itself. */
import type { ParsedRules } from './schema.ts';
import type { Source } from './source.ts';

export interface ParsedFile {
  source: Source;
  parsed: ParsedRules;
}
