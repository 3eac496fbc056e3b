/**
 * `serve`, by a clock of the demo's own: the night that is played ends at half past eight, whatever the time is here. The
 * demo sets the clock, and is the one that this process lives and dies with.
 */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const [{ serve, RulesError }, { readSettings }, { readSecret }] = await Promise.all([
  import('../node/serve.ts'),
  import('../settings.ts'),
  import('../node/rules-folder.ts'),
]);

/** What the demo sends, and gets back once it is so: how far the relay's clock is ahead of this machine's, ms; negative: behind. */
export interface SetClock {
  aheadMs: number;
}

const read = readSettings(process.env, readSecret);
if (!read.ok) fail(`The settings are wrong: ${read.problems.join('; ')}`);
let aheadMs = Number(process.argv[2] ?? 0);
process.on('message', (message) => {
  ({ aheadMs } = message as SetClock);
  process.send?.(message);
});
// Ctrl-C reaches both; the demo has the last word.
process.on('SIGINT', () => undefined);

try {
  const serving = await serve(read.settings, read.warnings, { now: () => Date.now() + aheadMs });
  let stopping = false;
  const stop = () => {
    if (!stopping) void serving.stop().then(() => process.exit(0));
    stopping = true;
  };
  process.once('SIGTERM', stop);
  process.once('disconnect', stop);
} catch (error) {
  fail(
    [error instanceof Error ? error.message : String(error), ...(error instanceof RulesError ? error.problems : [])].join('\n  '),
  );
}

function fail(message: string): never {
  process.stderr.write(`The relay can't start: ${message}\n`);
  process.exit(1);
}
