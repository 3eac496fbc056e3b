/** Filters of the operator API as options. Each is called what the API calls it, so that what the relay says of one can be told. */
import { type Command, InvalidArgumentError, Option } from 'commander';

export interface Filter {
  /** In the API, and with -- before it on the command line. */
  name: string;
  /** `<id>`. */
  value: string;
  what: string;
  /** Takes several, by repetition or separated by commas. */
  several?: true;
}

/** As commander read them. */
export type Flags = Readonly<Record<string, unknown>>;

export const times: readonly Filter[] = [
  { name: 'since', value: '<duration>', what: 'so far back: 90s, 30m, 6h, 7d' },
  { name: 'from', value: '<time>', what: 'not before: 2026-03-01T18:00:00Z; UTC without a zone' },
  { name: 'until', value: '<time>', what: 'before' },
];

export interface ListFlags extends Flags {
  limit: number;
  before?: string;
  json?: boolean;
}

export const connection = `
It asks the relay at $RELAY_URL (default http://127.0.0.1:8787) with $RELAY_ADMIN_TOKEN, the token that the relay was started with.
Exit codes: 0 done; 1 refused, or not all of it was done; 2 usage; 3 no relay there.`;

export function addFilters(command: Command, filters: readonly Filter[]): Command {
  for (const { name, value, what, several = false } of filters) {
    command.addOption(new Option(`--${name} ${value}`, what).argParser(several ? another : once));
  }
  return command.addHelpText('after', '\nOptions that take several are repeated, or take them separated by commas: a,b');
}

/** Filters, where to begin and how many. */
export function addListOptions(command: Command, filters: readonly Filter[]): Command {
  return addFilters(command, filters)
    .option('--limit <number>', 'how many at most', wholeNumber, 50)
    .option('--before <id>', 'go on from here: what the list before ended with')
    .option('--json', 'print them as JSON');
}

/** What was asked for, as the API takes it: in a query, or as a `filter`. Whether it makes sense is for the relay to say. */
export function filterOf(filters: readonly Filter[], flags: Flags): Record<string, string> {
  const given = filters.filter(({ name }) => flags[name] !== undefined);
  return Object.fromEntries(given.map(({ name }) => [name, String(flags[name])]));
}

/** For `operatorClient`: `filter.since: is …` as `--since: is …`. */
export function inFlags(filters: readonly Filter[], ...others: string[]): (detail: string) => string {
  const names = [...filters.map(({ name }) => name), ...others].join('|');
  const field = new RegExp(`(^|; )(?:filter\\.)?(${names})(?=(?:\\[\\d+\\])?: )`, 'g');
  return (detail) => detail.replace(field, '$1--$2');
}

/** For an option that takes several; they are kept as the API wants them. */
export function another(value: string, before: string | undefined): string {
  return before === undefined ? value : `${before},${value}`;
}

function once(value: string, before: string | undefined): string {
  if (before !== undefined) throw new InvalidArgumentError('It is given twice, and takes one value.');
  return value;
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a whole number from 1 to 9999999.');
}

/** For an argument. Whether there is such a one is for the relay to say; what is none would name another page there. */
export function idOf(what: string, prefix: string): (text: string) => string {
  return (text) => {
    if (new RegExp(`^${prefix}_\\w+$`, 'i').test(text)) return text;
    throw new InvalidArgumentError(`It is no ${what}: say its id, ${prefix}_…, as the list shows it.`);
  };
}

export function idsOf(what: string, prefix: string): (text: string, before: string[] | undefined) => string[] {
  const checked = idOf(what, prefix);
  return (text, before = []) => [...new Set([...before, checked(text)])];
}
