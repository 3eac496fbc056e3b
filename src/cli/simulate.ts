/** `relay simulate`: a Narrative of one's own, that makes happen what rules should be tried with. */
import { Option, type Command } from 'commander';
import { signingSchemes } from '../simulator/signing.ts';
import {
  parseApps,
  parseAttempts,
  parseHeader,
  parsePort,
  parseSpeed,
  parseToken,
  parseUrl,
  parseWord,
  type SimulateFlags,
} from './simulate-flags.ts';

const examples = `
Examples:
  relay simulate --webhook-url http://127.0.0.1:8787/webhooks/narrative
  relay simulate --webhook-url http://127.0.0.1:8787/webhooks/narrative --scenario night.yaml --speed 60x --once
  curl http://127.0.0.1:8788/simulator/jobs -H 'Authorization: Bearer simulator-token' \\
    -d '{"type": "materialize-view", "state": "failed", "dataset_id": 10736}'

Its state is in memory: it is gone when the command ends. More is in docs/simulator.md.`;

export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('play Narrative: its API, and webhooks for a relay, to try rules with')
    .option('--port <number>', 'where its API listens; 0 takes a free port', parsePort, 8788)
    .option('--host <address>', 'address to listen on', parseWord, '127.0.0.1')
    .option('--token <token>', 'what its API wants to be shown (default: $NARRATIVE_API_TOKEN, else simulator-token)', parseToken)
    .option(
      '--webhook-url <url>',
      'make a subscription that sends all jobs there, and those of the scenario that name no URL',
      parseUrl,
    )
    .option('--app <id...>', "with --webhook-url: make a subscription for an app's events, too", parseApps)
    .option(
      '--secret-env <name>',
      'variable that holds the secret of subscriptions without one (default: NARRATIVE_WEBHOOK_SECRET, else made up)',
      parseWord,
    )
    .addOption(new Option('--scheme <name>', 'how webhooks are signed').choices(signingSchemes).default('hmac-sha256'))
    .option('--header <name>', 'the header that holds the signature, or the secret', parseHeader)
    .addOption(new Option('--encoding <name>', 'of the signature (default: hex)').choices(['hex', 'base64']))
    .addOption(
      new Option('--form <name>', "of jobs' webhooks").choices(['knowledge-base', 'guide', 'both']).default('knowledge-base'),
    )
    .addOption(
      new Option('--spelling <name>', 'of answers about subscriptions')
        .choices(['snake_case', 'camelCase'])
        .default('snake_case'),
    )
    .option('--scenario <file>', 'a story to play, as YAML')
    .option('--speed <factor>', 'play it so much faster, such as 60x', parseSpeed, 1)
    .option('--attempts <number>', 'how often a webhook is sent before it is given up', parseAttempts, 6)
    .option('--once', 'end when the scenario is over; exit code 1 if a webhook was given up, or nobody was told')
    .option('--json', 'print each webhook that has ended as a line of JSON')
    .addHelpText('after', examples)
    .action(async (flags: SimulateFlags) => {
      // Only here: the relay itself has no use for what plays Narrative.
      const { simulate } = await import('./simulate-run.ts');
      await simulate(flags);
    });
}
