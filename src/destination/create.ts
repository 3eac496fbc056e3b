/** From a destination's configuration to one that sends. */
import type { Clock, Fetch, Hash } from '../ports.ts';
import type { DestinationConfig } from '../rules/rule-set.ts';
import type { RenderTemplate } from '../rules/template.ts';
import { createConsoleDestination } from './console.ts';
import type { Destination } from './destination.ts';
import { createHttpDestination } from './http.ts';
import { createPagerDutyDestination } from './pagerduty.ts';
import { createSlackDestination } from './slack.ts';

export interface DestinationPorts {
  fetch: Fetch;
  clock: Clock;
  hash: Hash;
  render: RenderTemplate;
  /** Where the console destination prints. */
  print: (text: string) => void;
  version: string;
  slackApiUrl: string | undefined;
  pagerDutyEventsUrl: string | undefined;
}

export function createDestination(config: DestinationConfig, ports: DestinationPorts): Destination {
  const { slackApiUrl, pagerDutyEventsUrl } = ports;
  switch (config.type) {
    case 'slack':
      return createSlackDestination(config, slackApiUrl === undefined ? ports : { ...ports, apiUrl: slackApiUrl });
    case 'pagerduty':
      return createPagerDutyDestination(
        config,
        pagerDutyEventsUrl === undefined ? ports : { ...ports, eventsUrl: pagerDutyEventsUrl },
      );
    case 'http':
      return createHttpDestination(config, ports);
    case 'console':
      return createConsoleDestination(config, { write: ports.print, render: ports.render });
  }
}
