/** The command line. One file per command; each sets the exit code: 1 found problems, 2 usage, 3 cannot reach. */
import { Command, CommanderError } from 'commander';
import { version } from '../node/version.ts';
import { addBackupCommand } from './backup.ts';
import { addCheckCommand } from './check.ts';
import { addDeliveriesCommand } from './deliveries.ts';
import { addDemoCommand } from './demo.ts';
import { addDestinationsCommand } from './destinations.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEventsCommand } from './events.ts';
import { addExplainCommand } from './explain.ts';
import { addIncidentsCommand } from './incidents.ts';
import { addReconcileCommand } from './reconcile.ts';
import { CommandFailure } from './rules.ts';
import { addSendTestCommand } from './send-test.ts';
import { addServeCommand } from './serve.ts';
import { addSilencesCommand } from './silences.ts';
import { addSubscriptionsCommand } from './subscriptions.ts';
import { addSimulateCommand } from './simulate.ts';

// Whoever reads no further (`| head`) has seen enough: that is no error. What makes more of it, such as `serve` that goes on, listens too.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && stream.listenerCount('error') === 1) throw error;
  });
}

const program = new Command('relay')
  .description("Narrative's job events, verified and routed by YAML rules to Slack, PagerDuty and other systems.")
  .version(version)
  .showSuggestionAfterError()
  .showHelpAfterError('(relay --help lists the commands)')
  .exitOverride();

addServeCommand(program);
addCheckCommand(program);
addExplainCommand(program);
addSendTestCommand(program);
addDoctorCommand(program);
addEventsCommand(program);
addDeliveriesCommand(program);
addIncidentsCommand(program);
addDestinationsCommand(program);
addSilencesCommand(program);
addSubscriptionsCommand(program);
addReconcileCommand(program);
addBackupCommand(program);
addDemoCommand(program);
addSimulateCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof CommandFailure) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  } else throw error;
}
