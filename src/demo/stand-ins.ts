/** The other end of every destination: Slack, PagerDuty and an HTTP receiver, played on this machine. */
import type { DestinationConfig } from '../rules/rule-set.ts';
import { airflowSecret, routingKey } from './environment.ts';
import { startHttpReceiver } from './http-receiver.ts';
import { renderPagerDutyEvent } from '../terminal/pagerduty.ts';
import type { PagerDutyChange, PagerDutyEvent } from './pagerduty-rules.ts';
import { startPagerDutyStandIn } from './pagerduty-stand-in.ts';
import type { Outlet } from './reckoning.ts';
import type { Screen } from './screen.ts';
import { renderSlackMessage } from '../terminal/slack.ts';
import { startSlackStandIn } from './slack-stand-in.ts';

export interface StandIns {
  slackApiUrl: string;
  slackWebhookUrl: string;
  pagerDutyUrl: string;
  airflowUrl: string;
  /** Where each destination's requests arrive. The console is nobody's inbox and left out. */
  outlets(destinations: Iterable<DestinationConfig>): Outlet[];
  /** Requests taken so far, by `Outlet.place`. */
  arrived(): Map<string, number>;
  problems(): string[];
  /** From here on nothing that arrives is shortened. */
  showAllInFull(): void;
  close(): Promise<void>;
}

const webhookName = 'triage';
const airflowPath = '/hooks/narrative';

/** Shows what arrives on the screen as it arrives. */
export async function startStandIns(screen: Screen): Promise<StandIns> {
  const slack = await startSlackStandIn();
  const pagerDuty = await startPagerDutyStandIn({ routingKeys: [routingKey] });
  const airflow = await startHttpReceiver({ secret: airflowSecret });
  const slackWebhookUrl = slack.webhookUrl(webhookName);
  slack.on((message) => screen.alert(`\n${renderSlackMessage(message, screen)}`));
  pagerDuty.on((event) => screen.alert(inFull(event) ? `\n${renderPagerDutyEvent(event, screen)}` : headline(event)));
  airflow.on(({ method, path, body }) =>
    screen.alert(screen.style('dim', `      Airflow ${method} ${path}: ${body.length} bytes, as they came from Narrative`)),
  );
  let allInFull = false;
  misbehaveOnce();

  /** A page says what Slack says, with more details: once is enough to see how it looks. */
  function inFull(event: PagerDutyEvent | PagerDutyChange): boolean {
    return allInFull || event === pagerDuty.events[0];
  }

  function headline(event: PagerDutyEvent | PagerDutyChange): string {
    const what = 'event_action' in event ? event.payload.severity : 'change';
    const line = `      PagerDuty ${what}: ${event.payload.summary.replaceAll(/\s+/g, ' ')}`;
    return screen.style('dim', line.length > screen.width ? `${line.slice(0, screen.width - 1)}…` : line);
  }

  /** Each service refuses one early request, so that the day shows what the outbox is for. */
  function misbehaveOnce(): void {
    slack.answerWith((count) => {
      if (count !== 2) return null;
      screen.alert(screen.style('yellow', '      Slack answers 429, Retry-After: 1. The relay waits and sends it again.'));
      return { kind: 'status', status: 429, headers: { 'retry-after': '1' } };
    });
    pagerDuty.answerWith((_request, count) => {
      if (count !== 2) return null;
      screen.alert(screen.style('yellow', '      PagerDuty answers 503. The relay sends it again.'));
      return { kind: 'status', status: 503 };
    });
  }

  function placeOf(destination: DestinationConfig): string | null {
    switch (destination.type) {
      case 'slack':
        if ('channel' in destination) return slackPlace(destination.channel);
        return destination.webhookUrl === slackWebhookUrl ? slackPlace(`#${webhookName}`) : null;
      case 'pagerduty':
        return pagerDutyPlace;
      case 'http':
        return destination.url.startsWith(airflow.url) ? httpPlace : null;
      case 'console':
        return null;
    }
  }

  return {
    slackApiUrl: slack.url,
    slackWebhookUrl,
    pagerDutyUrl: pagerDuty.url,
    airflowUrl: `${airflow.url}${airflowPath}`,
    outlets: (destinations) =>
      [...destinations]
        .filter(({ type }) => type !== 'console')
        .map((destination) => ({ destination: destination.name, place: placeOf(destination) })),
    arrived() {
      const counts = new Map<string, number>();
      const add = (place: string, count = 1) => counts.set(place, (counts.get(place) ?? 0) + count);
      for (const { channel } of slack.messages) add(slackPlace(channel));
      add(pagerDutyPlace, pagerDuty.events.length + pagerDuty.changes.length);
      add(httpPlace, airflow.requests.length);
      return counts;
    },
    problems: () => [
      ...slack.problems.map((problem) => `Slack: ${problem}`),
      ...pagerDuty.problems.map((problem) => `PagerDuty: ${problem}`),
      ...airflow.problems.map((problem) => `HTTP: ${problem}`),
    ],
    showAllInFull: () => void (allInFull = true),
    async close() {
      await Promise.all([slack.close(), pagerDuty.close(), airflow.close()]);
    },
  };
}

const pagerDutyPlace = 'PagerDuty';
const httpPlace = 'HTTP';
const slackPlace = (channel: string) => `Slack ${channel}`;
