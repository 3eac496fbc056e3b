/** `relay doctor`: is everything that alerts depend on in order? One file in `doctor/` for each area. */
import type { Command } from 'commander';
import type { Finding } from '../finding.ts';
import { checkConservation } from './doctor/conservation.ts';
import { draw } from './doctor/drawing.ts';
import { checkHttp } from './doctor/http.ts';
import { checkNarrativeSide } from './doctor/narrative.ts';
import { checkPagerDuty } from './doctor/pagerduty.ts';
import { checkRelay } from './doctor/relay.ts';
import { checkRulesFolder } from './doctor/rules.ts';
import { checkSettings } from './doctor/settings.ts';
import { checkSlack } from './doctor/slack.ts';
import { checkStore } from './doctor/store.ts';
import { nonEmpty } from './non-empty.ts';
import { lookAround, type CheckArea } from './doctor/surroundings.ts';

/** In the order in which they are told: what comes later depends on what comes before. */
const areas: readonly [what: string, check: CheckArea][] = [
  ['the settings', checkSettings],
  ['the rules', checkRulesFolder],
  ['Narrative', checkNarrativeSide],
  ['Slack', checkSlack],
  ['PagerDuty', checkPagerDuty],
  ['HTTP destinations', checkHttp],
  ['the relay', checkRelay],
  ['the store', checkStore],
  ['events and deliveries', checkConservation],
];

interface DoctorFlags {
  rules?: string;
  db?: string;
  thorough?: boolean;
  json?: boolean;
}

/** Exit codes: 0 no problem (warnings or not), 1 problems, 3 what should answer can't be reached, so that there may be others. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look for what keeps alerts from coming: from settings and rules to what became of each event')
    .option('--rules <dir>', 'folder of the rules (default: $RELAY_RULES, else rules)', nonEmpty)
    .option('--db <file>', 'database of the relay (default: $RELAY_DB, else data/relay.db)', nonEmpty)
    .option('--thorough', 'look for damage in the database, too: on a large one this takes minutes')
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      `
Looks only: changes nothing and sends nothing. It looks at the settings, the rules, Narrative's subscriptions, Slack's tokens and
channels, PagerDuty's keys by their form, whether HTTP destinations take connections, the relay that runs at $RELAY_URL, its
database, and whether each event that was accepted is accounted for. What only a message can show is for "relay send-test".

NARRATIVE_API_TOKEN lets it look at Narrative's side, RELAY_PUBLIC_URL tells it where Narrative should deliver, RELAY_ADMIN_TOKEN
is tried at the relay. Exit codes: 0 no problem, 1 problems, 3 Narrative, Slack, PagerDuty or an HTTP destination cannot be
reached. A relay that does not run is a warning.

Examples:
  relay doctor
  relay doctor --thorough --db /var/lib/narrative-relay/relay.db
  relay doctor --json | jq '.findings[] | select(.verdict == "problem")'`,
    )
    .action(doctor);
}

async function doctor({ rules, db, thorough = false, json = false }: DoctorFlags): Promise<void> {
  const surroundings = lookAround(process.env, { rules, db, thorough });
  const findings: Finding[] = [];
  let reached = true;
  for (const [what, checkArea] of areas) {
    progress(`looking at ${what} …`);
    const checked = await checkArea(surroundings);
    findings.push(...checked.findings);
    reached &&= checked.reached;
  }
  progress('');
  const ok = !findings.some(({ verdict }) => verdict === 'problem');
  process.stdout.write(json ? `${JSON.stringify({ ok, findings }, null, 2)}\n` : draw(findings));
  if (!reached) process.exitCode = 3;
  else process.exitCode = ok ? 0 : 1;
}

/** One line that is written over, on a terminal alone: some of what is asked takes its time to answer. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
}
