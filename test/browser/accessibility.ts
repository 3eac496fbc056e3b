/** What axe finds wrong with a page: WCAG 2.2, levels A and AA, and what axe calls best practice. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Violation {
  id: string;
  help: string;
  nodes: { target: unknown[]; failureSummary?: string }[];
}

/** One line for each thing that is wrong; empty for a page that everybody can use. */
export async function violationsOf(page: Page): Promise<string[]> {
  // The page's own policy lets no such script in: it comes by the browser's back door.
  await page.evaluate(axe);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(standards)} }).then(({ violations }) => violations)`;
  const violations = (await page.evaluate(run)) as Violation[];
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary = '' }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary.replaceAll(/\s+/g, ' ')}`,
    ),
  );
}
