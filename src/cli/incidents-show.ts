/** `relay incidents show`. */
import { oneLine } from '../destination/text.ts';
import { stringifyJson } from '../event/json.ts';
import { incidentDetail, type IncidentDetailView } from '../operate/shapes/views.ts';
import { eventListing } from './events-list.ts';
import { fittedTable } from './fitted-table.ts';
import { incidentStanding } from './incidents-list.ts';
import { readView } from './operator-answers.ts';
import { operatorClient } from './operator-client.ts';
import { counted, minuteText } from './operator-words.ts';
import { style } from './table.ts';

export async function showIncident(id: string, { json }: { json?: boolean }): Promise<void> {
  const incident = readView(incidentDetail, await operatorClient()('GET', `/incidents/${id}`));
  process.stdout.write(json ? `${stringifyJson(incident, 2)}\n` : describeIncident(incident));
}

function describeIncident(incident: IncidentDetailView): string {
  const { id, subject, rules, events, match, first_said, last_said, silenced_by, status } = incident;
  const { text, format } = incidentStanding(incident);
  const width = Math.max(...rules.map(({ rule }) => rule.length));
  const lines = [
    `${style(format, text)}  ${style('bold', id)}  ${oneLine(subject)}`,
    `  ${lifeText(incident)}`,
    ...(first_said === null ? [] : [`  first said: ${oneLine(first_said)}`]),
    ...(last_said === null || last_said === first_said ? [] : [`  last said: ${oneLine(last_said)}`]),
    ...(silenced_by === null ? [] : [style('yellow', `  its next failure is silenced by ${oneLine(silenced_by)}`)]),
    ...(rules.length === 0 ? [] : ['', style('bold', 'how its rules stand')]),
    ...rules.map(({ rule, verdict }) => `  ${rule.padEnd(width)}  ${style('yellow', oneLine(verdict))}`),
    ...(events.length === 0 ? [] : ['', style('bold', 'its latest events'), fittedTable(eventListing.columns, events)]),
    ...(match === null || status === 'ended' || silenced_by !== null ? [] : ['', style('dim', silenceText(match))]),
  ];
  return `${lines.join('\n')}\n`;
}

function lifeText({ opened_at, last_at, ended_at, failures }: IncidentDetailView): string {
  const since = `since ${minuteText(opened_at)} UTC, ${counted(failures, 'failure')}`;
  return ended_at === null ? `${since}, the last ${minuteText(last_at)} UTC` : `${since}, over ${minuteText(ended_at)} UTC`;
}

function silenceText(match: Record<string, unknown>): string {
  return `To keep it quiet: relay silences add --match '${oneLine(stringifyJson(match)).replaceAll("'", "'\\''")}' --for 2h --reason …`;
}
