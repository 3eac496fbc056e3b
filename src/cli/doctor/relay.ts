/** The relay that runs: does it take events, by which rules, and does it listen to operators? */
import { z } from 'zod';
import { oneLine } from '../../destination/text.ts';
import { requestOnce, type RequestResult } from '../../destination/http-client.ts';
import { clockAhead } from '../../narrative/client.ts';
import { ok, problem, shown, skipped, warning, type Told } from '../../narrative/check-told.ts';
import { nodeClock } from '../../node/ports.ts';
import { clock, counted, findingsOf, withoutSettings } from './findings.ts';
import type { CheckArea } from './surroundings.ts';

const area = 'Relay';
const timeoutMs = 10_000;
const unhurried = new AbortController().signal;

/** What `/readyz` says; of another version it may say more. */
const readiness = z.looseObject({
  status: z.string(),
  version: z.string(),
  store: z.string(),
  rules: z.looseObject({ version: z.string(), problems: z.array(z.string()) }),
  parked: z.array(z.looseObject({ destination: z.string() })),
});
type Readiness = z.infer<typeof readiness>;

/** Not running is no problem of what is looked at here, so it is a warning, and everything else is looked at all the same. */
export const checkRelay: CheckArea = async ({ valid, rules }) => {
  if (valid === null) return { findings: findingsOf(area, [['ready', withoutSettings]]), reached: true };
  const { relayUrl, adminToken } = valid;
  const { origin, pathname } = new URL(relayUrl);
  const base = `${origin}${pathname.replace(/\/+$/, '')}`;
  const answer = await ask(`${base}/readyz`);
  if (answer.kind !== 'answer')
    return { findings: findingsOf(area, [['running', notRunning(base, answer.detail)]]), reached: true };
  const said = readinessIn(answer.text);
  if (said === null) return { findings: findingsOf(area, [['running', somethingElse(base, answer.status)]]), reached: true };
  const told: [string, Told][] = [
    ['ready', ready(base, said, answer.status)],
    ['rules in force', inForce(said, rules?.version ?? null)],
    ...(said.parked.length > 0 ? [['parked', parked(said)] satisfies [string, Told]] : []),
    ['operator API', adminToken === undefined ? withoutToken : operatorApi(await ask(`${base}/api/v1/silences`, adminToken))],
    ['clock', clock("the relay's", clockAhead(answer.headers, nodeClock.now()))],
  ];
  return { findings: findingsOf(area, told), reached: true };
};

function ask(url: string, token?: string): Promise<RequestResult> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return requestOnce(fetch, url, { headers }, { timeoutMs, signal: unhurried });
}

function readinessIn(text: string): Readiness | null {
  try {
    return readiness.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function notRunning(base: string, why: string): Told {
  return warning(`no relay answers at ${base}: ${why}`, 'start it (relay serve), or set RELAY_URL to where it is');
}

function somethingElse(base: string, status: number): Told {
  return problem(`what answers at ${base}/readyz (HTTP ${status}) is no relay`, 'set RELAY_URL to where the relay is');
}

function ready(base: string, { status, version, store }: Readiness, httpStatus: number): Told {
  if (httpStatus === 200) return ok(`at ${base}, version ${shown(version)}`);
  return problem(
    `the relay at ${base} is ${shown(status)}: ${oneLine(store)}. It answers 503, and Narrative has to send its events again`,
    'see to its store: the disk, RELAY_DB and permissions',
  );
}

/** `here`: the version of the rules that doctor reads; null: they can't be used. */
function inForce({ rules: { version, problems } }: Readiness, here: string | null): Told {
  if (problems.length > 0) {
    return problem(
      `the relay refused the rules as they are now (${counted(problems.length, 'problem')}, first ${oneLine(problems[0]!)}) and goes by those before`,
      'correct them: relay check --secrets shows all; it takes them by itself then',
    );
  }
  if (here === null || here === version)
    return ok(here === null ? `version ${shown(version)}` : 'are those that were looked at above');
  return warning(
    `the relay goes by other rules (${shown(version)}) than those that were looked at above (${here})`,
    'if both are to be the same folder, send the relay a SIGHUP; else name the folder that it reads: relay doctor --rules DIR',
  );
}

function parked({ parked: destinations }: Readiness): Told {
  const names = destinations.map(({ destination }) => shown(destination)).join(', ');
  return warning(`${names} broke: alerts for it wait`, 'mend it; relay send-test NAME says whether it works again');
}

const withoutToken = skipped(
  "RELAY_ADMIN_TOKEN is not set, so it was not asked: events, deliveries and silences can't be seen or changed from here",
  'set it to the token that the relay was started with',
);

function operatorApi(answer: RequestResult): Told {
  if (answer.kind !== 'answer')
    return warning(`no answer: ${answer.detail}`, 'look again; if it stays so, see the log of the relay');
  const { status } = answer;
  if (status >= 200 && status < 300) return ok('takes RELAY_ADMIN_TOKEN');
  if (status === 401)
    return problem('the relay does not take this RELAY_ADMIN_TOKEN', 'set it to the token that the relay was started with');
  if (status === 403) return warning('it is off', 'set RELAY_ADMIN_TOKEN for the relay, too, and start it anew');
  return warning(`it answers ${status}`, 'see the log of the relay, and any proxy before it');
}
