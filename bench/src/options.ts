/** What the command line asks for. */
export interface Options {
  /** A short run, within 90 seconds. */
  readonly isQuick: boolean;
  /** The file for the JSON document, "-" for the standard output, or undefined for none. */
  readonly json: string | undefined;
  /** The folder for the plots, or undefined for none. */
  readonly plots: string | undefined;
  /** Entries of the long history, and seconds of a turn, where they are not to be the usual ones. */
  readonly entries: number | undefined;
  readonly turn_s: number | undefined;
  /** Run only the cases whose names begin with one of these; all when empty. */
  readonly only: readonly string[];
}

/** A shorter history has no pages in the middle; a longer one would reach into the future. */
const entries_min = 2_000;
const entries_max = 80_000_000;
const turn_s_min = 0.1;
const turn_s_max = 60;

export const usage = `npm run bench -- [option ...] [case ...]

  --quick             a short run, within 90 seconds
  --json [file]       writes the figures as one JSON document, to the file or to the standard output
  --plots folder      measures what the plots show as well, and writes page-latency.svg and spend-throughput.svg there
  --entries n         entries of the long history: 10,000,000 when nothing is said, 100,000 in a quick run
  --turn-seconds n    how long each turn of a case takes: 2 when nothing is said, 0.5 in a quick run
  case                runs only the cases whose names begin so, such as read.page; memory is one of them

DATABASE_URL names a PostgreSQL server to measure (a database of its own is made there and dropped at the end);
without it a server with durable settings is started for the run. The exit code is 1 when a call failed or when the
database did not pass the ledger's own check at the end.
`;

/** The arguments could not be read; the message says why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Reads the arguments of the command line; `cases` are the names there are.
 *
 * @throws UsageError saying what can't be read
 */
export function parseOptions(args: readonly string[], cases: readonly string[]): Options {
  const options: { -readonly [Name in keyof Options]: Options[Name] } & { only: string[] } = {
    isQuick: false,
    json: undefined,
    plots: undefined,
    entries: undefined,
    turn_s: undefined,
    only: [],
  };
  const isCase = (argument: string) => cases.some((name) => name.startsWith(argument));
  const waiting = [...args];
  const isFile = (next: string | undefined) => next !== undefined && !next.startsWith("--") && !isCase(next);
  for (let argument = waiting.shift(); argument !== undefined; argument = waiting.shift()) {
    if (argument === "--quick") options.isQuick = true;
    else if (argument === "--json") options.json = isFile(waiting[0]) ? waiting.shift() : "-";
    else if (argument === "--plots") options.plots = textAfter(argument, waiting.shift());
    else if (argument === "--entries")
      options.entries = numberAfter(argument, waiting.shift(), entries_min, entries_max);
    else if (argument === "--turn-seconds")
      options.turn_s = numberAfter(argument, waiting.shift(), turn_s_min, turn_s_max);
    else if (argument.startsWith("-")) throw new UsageError(`There is no option ${argument}.`);
    else if (isCase(argument)) options.only.push(argument);
    else throw new UsageError(`There is no case ${argument}. There are ${cases.join(", ")}.`);
  }
  return options;
}

function textAfter(option: string, text: string | undefined): string {
  if (text === undefined || text.startsWith("--"))
    throw new UsageError(`${option} is to be followed by a name.`);
  return text;
}

function numberAfter(option: string, text: string | undefined, min: number, max: number): number {
  const number = Number(text);
  if (number >= min && number <= max) return number;
  throw new UsageError(`${option} is to be followed by a number from ${min} to ${max}.`);
}
