/** `relay doctor`: is everything that alerts depend on in order? One file in `doctor/` for each area. */
import type { Command } from 'commander';
import type { Finding } from '../finding.ts';
import { draw } from './doctor/drawing.ts';
import { checkNarrativeSide } from './doctor/narrative.ts';
import { checkRulesFolder } from './doctor/rules.ts';
import { checkSettings } from './doctor/settings.ts';
import { nonEmpty } from './non-empty.ts';
import { lookAround, type CheckArea } from './doctor/surroundings.ts';

/** In the order in which they are told: what comes later depends on what comes before. */
const areas: readonly CheckArea[] = [checkSettings, checkRulesFolder, checkNarrativeSide];

/** Exit codes: 0 no problem (warnings or not), 1 problems, 3 Narrative can't be reached, so that there may be others. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description("look for what keeps alerts from coming: settings, rules, and Narrative's subscriptions")
    .option('--rules <dir>', 'folder of the rules (default: $RELAY_RULES, else rules)', nonEmpty)
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      `
Looks only: changes nothing and sends nothing. NARRATIVE_API_TOKEN lets it look at Narrative's side, RELAY_PUBLIC_URL
tells it where Narrative should deliver. Exit codes: 0 no problem, 1 problems, 3 Narrative cannot be reached.

Examples:
  relay doctor
  relay doctor --json | jq '.findings[] | select(.verdict == "problem")'`,
    )
    .action(doctor);
}

async function doctor({ rules, json = false }: { rules?: string; json?: boolean }): Promise<void> {
  const surroundings = lookAround(process.env, rules);
  const findings: Finding[] = [];
  let reached = true;
  for (const checkArea of areas) {
    const checked = await checkArea(surroundings);
    findings.push(...checked.findings);
    reached &&= checked.reached;
  }
  const ok = !findings.some(({ verdict }) => verdict === 'problem');
  process.stdout.write(json ? `${JSON.stringify({ ok, findings }, null, 2)}\n` : draw(findings));
  if (!reached) process.exitCode = 3;
  else process.exitCode = ok ? 0 : 1;
}
