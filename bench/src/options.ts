/** What the command line asks for. */
export interface Options {
  /** A short run, within 90 seconds. */
  readonly isQuick: boolean;
  /** The file for the JSON document, "-" for the standard output, or undefined for none. */
  readonly json: string | undefined;
  /** Run only the cases whose names begin with one of these; all when empty. */
  readonly only: readonly string[];
}

export const usage = `npm run bench -- [--quick] [--json [file]] [case ...]

  --quick        a short run, within 90 seconds
  --json [file]  writes the figures as one JSON document, to the file or to the standard output
  case           runs only the cases whose names begin so, such as read.page

DATABASE_URL names a PostgreSQL server to measure (a database of its own is made there and dropped at the end);
without it a server with durable settings is started for the run.
`;

/** Reads the arguments of the command line, or says why they can't be read; `cases` are the names there are. */
export function parseOptions(
  args: readonly string[],
  cases: readonly string[],
): Options | { readonly problem: string } {
  let isQuick = false;
  let json: string | undefined;
  const only: string[] = [];
  const waiting = [...args];
  for (let argument = waiting.shift(); argument !== undefined; argument = waiting.shift()) {
    if (argument === "--quick") isQuick = true;
    else if (argument === "--json") json = isFile(waiting[0]) ? waiting.shift() : "-";
    else if (argument.startsWith("-")) return { problem: `There is no option ${argument}.` };
    else if (cases.some((name) => name.startsWith(argument))) only.push(argument);
    else return { problem: `There is no case ${argument}. There are ${cases.join(", ")}.` };
  }
  return { isQuick, json, only };
}

/** Names of cases begin with "read." or "write.", so what follows --json and does not is a file. */
function isFile(argument: string | undefined): boolean {
  return argument !== undefined && !argument.startsWith("--") && !/^(read|write)\b/.test(argument);
}
