/** The options of the command line. */
export interface Options {
  readonly minutes: number;
  readonly seed: number;
  /** True to torture the embedded database instead of PostgreSQL. */
  readonly isEmbedded: boolean;
}

const MINUTES_DEFAULT = 2;
const MINUTES_MIN = 0.1;
const MINUTES_MAX = 24 * 60;
const SEED_MAX = 2 ** 31 - 1;

export const USAGE = `npm run torture -- [option ...]

  --minutes n   minutes of faults (default: ${MINUTES_DEFAULT})
  --seed n      draws the same commands and faults again (default: a random one, which is printed)
  --embedded    one server on the embedded database, instead of three on PostgreSQL

The exit code is 1 at the first violation. The run then prints the account, the command and its responses.
`;

/** The arguments are not valid. The message contains the remedy. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Parses the arguments of the command line.
 *
 * @throws UsageError if an argument is not valid
 */
export function parseOptions(args: readonly string[]): Options {
  let minutes = MINUTES_DEFAULT;
  let seed = Date.now() % SEED_MAX;
  let isEmbedded = false;
  const waiting = [...args];
  for (let argument = waiting.shift(); argument !== undefined; argument = waiting.shift()) {
    if (argument === "--minutes") minutes = parseNumber(argument, waiting.shift(), MINUTES_MIN, MINUTES_MAX);
    else if (argument === "--seed") seed = Math.floor(parseNumber(argument, waiting.shift(), 0, SEED_MAX));
    else if (argument === "--embedded") isEmbedded = true;
    else throw new UsageError(`The option ${argument} is unknown. Use one of those below.`);
  }
  return { minutes, seed, isEmbedded };
}

function parseNumber(option: string, value: string | undefined, min: number, max: number): number {
  const number = Number(value);
  if (value !== undefined && number >= min && number <= max) return number;
  throw new UsageError(`${option} has no valid number. Write one from ${min} to ${max} after the option.`);
}
