/** `match` from options: one for each key, or the whole as JSON. */
import { type Command, Option } from 'commander';
import { attempt, CommandFailure } from './rules.ts';

interface ListOption {
  flags: string;
  key: string;
  what: string;
  /** Names of people may hold a comma; ids, types and states don't. */
  commas?: true;
}

const listOptions: readonly ListOption[] = [
  { flags: '--dataset <ids...>', key: 'dataset_ids', what: 'dataset ids' },
  { flags: '--job-type <types...>', key: 'job_types', what: 'job types' },
  { flags: '--state <states...>', key: 'states', what: 'job states or app statuses' },
  { flags: '--job <ids...>', key: 'job_ids', what: 'job ids' },
  { flags: '--event-type <types...>', key: 'event_types', what: 'event types' },
  { flags: '--app <ids...>', key: 'app_ids', what: 'connector app ids' },
  { flags: '--data-plane <ids...>', key: 'data_plane_ids', what: 'data plane ids' },
  { flags: '--subscription <names...>', key: 'subscriptions', what: 'subscriptions in the rules files' },
  { flags: '--requested-by <names...>', key: 'requested_by', what: 'who or what started the job', commas: true },
];

const textOptions = [
  { flags: '--kind <kind>', key: 'kind', what: 'job, app or relay (what the relay says about itself)' },
  { flags: '--when <expression>', key: 'when', what: 'a CEL expression, such as "job.duration_s > 3600"' },
] as const;

export function addMatchOptions(command: Command): Command {
  for (const { flags, what } of listOptions) command.option(flags, `${what}: exact, or globs with * and ?`);
  for (const { flags, what } of textOptions) command.option(flags, what);
  return command.option('--match <json>', 'instead of these: a whole match block, as in the rules files; {} is everything');
}

/** `options`: as commander read them. Whether the values make sense is for the relay to say. */
export function matchOf(options: Readonly<Record<string, unknown>>): unknown {
  const lists = listOptions.flatMap(({ flags, key, commas }) => {
    const values = options[nameOf(flags)] as string[] | undefined;
    if (!values) return [];
    if (!commas) for (const value of values) if (value.includes(',')) throw separately(flags, value);
    return [[key, values] as const];
  });
  const texts = textOptions.flatMap(({ flags, key }) => {
    const value = options[nameOf(flags)];
    return value === undefined ? [] : [[key, value] as const];
  });
  const conditions = [...lists, ...texts];
  if (typeof options.match !== 'string') {
    if (conditions.length > 0) return Object.fromEntries(conditions);
    throw new CommandFailure(2, "say what to silence, such as --dataset 10736 (or --match '{}' for everything)");
  }
  if (conditions.length > 0) throw new CommandFailure(2, '--match is the whole of it: put the other conditions into its JSON');
  const { match } = options;
  return attempt(
    2,
    () => JSON.parse(match) as unknown,
    (why) => `--match is not JSON: ${why}`,
  );
}

const nameOf = (flags: string) => new Option(flags).attributeName();

function separately(flags: string, value: string): CommandFailure {
  const option = flags.split(' ')[0]!;
  return new CommandFailure(
    2,
    `${option} ${value}: a comma separates nothing here. Write ${option} ${value.split(',').join(' ')}`,
  );
}
