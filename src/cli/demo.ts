/** `demo`: the relay at work, with nothing configured. */
import { type Command, InvalidArgumentError } from 'commander';

interface DemoFlags {
  once?: boolean;
  speed: number;
  port?: number;
  record?: string;
}

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('run the relay against a simulated night, with local stand-ins for Slack and PagerDuty')
    .option('--once', 'end after the table; exit code 0 only if it adds up')
    .option('--speed <factor>', 'play the night so much faster than in 10 seconds', parseSpeed, 1)
    .option('--port <number>', 'where the relay listens (default: a free port)', parsePort)
    .option('--record <file>', 'keep what Slack was sent, as JSON')
    .action(demo);
}

async function demo({ once = false, speed, port, record }: DemoFlags): Promise<void> {
  // As Narrative's times are: the night would be at another time of day everywhere else.
  process.env.TZ = 'UTC';
  const interrupted = new AbortController();
  const stop = () => interrupted.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  // A reader who has seen enough (`| head`) ends the demo, not with a stack trace.
  process.stdout.on('error', stop);
  // Only here: the relay itself has no use for the stand-ins and their tables.
  const [{ runDemo }, { createScreen }] = await Promise.all([import('../demo/demo.ts'), import('../demo/screen.ts')]);
  const screen = createScreen(process.stdout, process.env);
  try {
    const addsUp = await runDemo(
      { once, speed, port: port ?? null, recordPath: record ?? null, signal: interrupted.signal },
      screen,
    );
    process.exitCode = addsUp ? 0 : 1;
  } catch (error) {
    process.exitCode = interrupted.signal.aborted ? 130 : 1;
    if (!interrupted.signal.aborted) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function parseSpeed(text: string): number {
  const speed = Number(text);
  if (speed > 0 && speed <= 1000) return speed;
  throw new InvalidArgumentError('Give a number over 0 and up to 1000, such as 4.');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('Give a port from 1 to 65535.');
}
