/** The other end of every destination: Slack, PagerDuty and an HTTP receiver, played on this machine. */
import type { DestinationConfig } from '../rules/rule-set.ts';
import { airflowSecret, routingKey } from './environment.ts';
import { startHttpReceiver } from './http-receiver.ts';
import { renderPagerDutyEvent } from '../terminal/pagerduty.ts';
import type { Arrived, SlackPost } from './arrived.ts';
import type { Outlet } from './deliveries.ts';
import type { PagerDutyChange, PagerDutyEvent } from './pagerduty-rules.ts';
import { startPagerDutyStandIn } from './pagerduty-stand-in.ts';
import type { Screen } from './screen.ts';
import { renderSlackMessage } from '../terminal/slack.ts';
import { startSlackStandIn, type ReceivedMessage, type SlackStandIn } from './slack-stand-in.ts';

export interface StandIns {
  slackApiUrl: string;
  slackWebhookUrl: string;
  pagerDutyUrl: string;
  airflowUrl: string;
  /** Where each destination's requests arrive. The console is nobody's inbox and left out. */
  outlets(destinations: Iterable<DestinationConfig>): Outlet[];
  /** So far. */
  arrived(): Arrived;
  /** Each post and each edit that Slack took, in order, received at the time of the story. */
  slackMessages(): readonly ReceivedMessage[];
  problems(): string[];
  /** From here on nothing that arrives is shortened. */
  showAllInFull(): void;
  close(): Promise<void>;
}

const webhookName = 'triage';
const airflowPath = '/hooks/narrative';

export interface StandInOptions {
  /** Who may be called in Slack. */
  mentions: readonly string[];
  /** The time by the relay's clock, epoch ms. */
  relayNow: () => number;
  /** The time as people see it, epoch ms: the night's. */
  storyNow: () => number;
}

/** Shows what arrives on the screen as it arrives. */
export async function startStandIns({ mentions, relayNow, storyNow }: StandInOptions, screen: Screen): Promise<StandIns> {
  const slack = await startSlackStandIn({ mentions });
  const pagerDuty = await startPagerDutyStandIn({ routingKeys: [routingKey] });
  const airflow = await startHttpReceiver({ secret: airflowSecret, now: relayNow });
  const slackWebhookUrl = slack.webhookUrl(webhookName);
  const slackMessages: ReceivedMessage[] = [];
  slack.on((received) => {
    const message = { ...received, receivedAtMs: Math.round(storyNow()) };
    slackMessages.push(message);
    screen.alert(`\n${renderSlackMessage(glance(message), screen)}`);
  });
  pagerDuty.onResolve(({ dedup_key: key }, alert) => {
    const line = `      PagerDuty resolved: ${oneLine(alert?.last.payload.summary ?? key)}`;
    screen.alert(screen.style('green', clipped(line)));
  });
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
    return screen.style('dim', clipped(`      PagerDuty ${what}: ${oneLine(event.payload.summary)}`));
  }

  function clipped(line: string): string {
    return line.length > screen.width ? `${line.slice(0, screen.width - 1)}…` : line;
  }

  /** Of an edit, and of a reply in a thread, what is new: the rest stands above. */
  function glance(message: ReceivedMessage): ReceivedMessage {
    const isNews = message.kind !== 'update' && message.threadTs === null;
    return isNews || allInFull ? message : { ...message, blocks: message.blocks.slice(0, 2) };
  }

  /** Each service refuses one request, so that the night shows what the outbox is for. */
  function misbehaveOnce(): void {
    slack.answerWith((count) => {
      if (count !== 20) return null;
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
      const requests = new Map<string, number>();
      const edits = new Map<string, number>();
      const add = (to: Map<string, number>, place: string, count = 1) => to.set(place, (to.get(place) ?? 0) + count);
      for (const { channel, kind } of slack.messages) add(kind === 'update' ? edits : requests, slackPlace(channel));
      add(requests, pagerDutyPlace, pagerDuty.events.length + pagerDuty.resolves.length + pagerDuty.changes.length);
      add(requests, httpPlace, airflow.requests.length);
      const alerts = pagerDuty.alerts();
      const open = alerts.filter(({ state }) => state === 'open').length;
      return { requests, edits, posts: slackPosts(slack), pagerDuty: { incidents: alerts.length, open } };
    },
    slackMessages: () => slackMessages,
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

function slackPosts(slack: SlackStandIn): SlackPost[] {
  const channels = new Set(slack.messages.filter(({ kind }) => kind !== 'webhook').map(({ channel }) => channel));
  return [...channels].flatMap((channel) =>
    slack.channel(channel).flatMap((root) =>
      [root, ...root.replies].map((message): SlackPost => {
        const deliveryId = message.metadata?.event_payload.delivery_id;
        return {
          channel,
          inThread: message !== root,
          deliveryId: typeof deliveryId === 'string' ? deliveryId : null,
          text: message.text,
        };
      }),
    ),
  );
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
