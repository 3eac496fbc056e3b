/** What a check tells, before it has a name. */
import { oneLine, truncate } from '../destination/text.ts';
import type { Finding } from '../finding.ts';

export type Told = Pick<Finding, 'verdict' | 'detail' | 'todo'>;

export const ok = (detail: string): Told => ({ verdict: 'ok', detail, todo: null });
export const skipped = (detail: string, todo: string | null = null): Told => ({ verdict: 'skipped', detail, todo });
export const warning = (detail: string, todo: string): Told => ({ verdict: 'warning', detail, todo });
export const problem = (detail: string, todo: string): Told => ({ verdict: 'problem', detail, todo });

/** What Narrative wrote, for one line. */
export function shown(text: string): string {
  return truncate(oneLine(text), 80);
}
