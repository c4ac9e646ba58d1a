/** The options of the command line. */
export interface Options {
  /** True for a short run, within 90 seconds. */
  readonly isQuick: boolean;
  /** The file of the JSON document. "-" is the standard output, and undefined means none. */
  readonly json: string | undefined;
  /** The directory of the plots. Undefined means none. */
  readonly plots: string | undefined;
  /** The entries of the long history, and the seconds of a turn. Undefined means the default. */
  readonly entries: number | undefined;
  readonly turnSeconds: number | undefined;
  /** The beginnings of the names of the cases to run. An empty array means all. */
  readonly only: readonly string[];
}

/** A shorter history has no pages in the middle, and a longer one would reach into the future. */
const ENTRIES_MIN = 2_000;
const ENTRIES_MAX = 80_000_000;
const TURN_SECONDS_MIN = 0.1;
const TURN_SECONDS_MAX = 60;

export const USAGE = `npm run bench -- [option ...] [case ...]

  --quick             a short run, within 90 seconds
  --json [file]       writes the figures as one JSON document, to the file or to the standard output
  --plots directory   also measures the plots, and writes page-latency.svg and spend-throughput.svg there
  --entries n         entries of the long history (default: 10,000,000, or 100,000 in a quick run)
  --turn-seconds n    seconds per turn of a case (default: 2, or 0.5 in a quick run)
  case                runs only the cases whose names begin so, such as read.page; memory is one of them

Set DATABASE_URL to measure a PostgreSQL server. The run creates a database there and drops it at the end. Without it the
run starts a server with durable settings. The exit code is 1 if a call failed, or if the database did not pass verify.
`;

/** The arguments are not valid. The message contains the remedy. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Parses the arguments of the command line.
 *
 * @param cases the names of all cases
 * @throws UsageError if an argument is not valid
 */
export function parseOptions(args: readonly string[], cases: readonly string[]): Options {
  const options: { -readonly [Name in keyof Options]: Options[Name] } & { only: string[] } = {
    isQuick: false,
    json: undefined,
    plots: undefined,
    entries: undefined,
    turnSeconds: undefined,
    only: [],
  };
  const isCase = (argument: string) => cases.some((name) => name.startsWith(argument));
  const waiting = [...args];
  const isFile = (next: string | undefined) => next !== undefined && !next.startsWith("--") && !isCase(next);
  for (let argument = waiting.shift(); argument !== undefined; argument = waiting.shift()) {
    if (argument === "--quick") options.isQuick = true;
    else if (argument === "--json") options.json = isFile(waiting[0]) ? waiting.shift() : "-";
    else if (argument === "--plots") options.plots = parseName(argument, waiting.shift());
    else if (argument === "--entries")
      options.entries = parseNumber(argument, waiting.shift(), ENTRIES_MIN, ENTRIES_MAX);
    else if (argument === "--turn-seconds")
      options.turnSeconds = parseNumber(argument, waiting.shift(), TURN_SECONDS_MIN, TURN_SECONDS_MAX);
    else if (argument.startsWith("-"))
      throw new UsageError(`The option ${argument} is unknown. Use one of those below.`);
    else if (isCase(argument)) options.only.push(argument);
    else throw new UsageError(`The case ${argument} is unknown. Use one of ${cases.join(", ")}.`);
  }
  return options;
}

function parseName(option: string, value: string | undefined): string {
  if (value !== undefined && !value.startsWith("--")) return value;
  throw new UsageError(`${option} has no name. Write it after the option.`);
}

function parseNumber(option: string, value: string | undefined, min: number, max: number): number {
  const number = Number(value);
  if (number >= min && number <= max) return number;
  throw new UsageError(`${option} has no valid number. Write one from ${min} to ${max} after the option.`);
}
