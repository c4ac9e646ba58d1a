import { createLedger, hasEmbeddedDatabase, type LocalLedger, type Logger } from "@credit-activity/server";

/** The options that name the database. */
export interface DatabaseFlags {
  readonly databaseUrl?: string;
  readonly dataDir?: string;
}

/** Matches the URL of a PostgreSQL server. */
const POSTGRES_URL = /^postgres(ql)?:\/\//i;

/** The default directory of the embedded database. */
const DATA_DIR = ".data";

/**
 * Reads a variable of the environment. An empty one counts as none. An empty option is a mistake instead, such as a variable
 * of the shell that is not set.
 */
export function readVariable(name: string): string | undefined {
  return process.env[name] || undefined;
}

/**
 * Converts the options and the environment to a database: PostgreSQL by its URL, else the embedded one in a directory.
 *
 * @throws CommandError if the URL is not a PostgreSQL URL
 */
export function toDatabase(flags: DatabaseFlags): { readonly url: string } | { readonly dataDir: string } {
  const url = flags.databaseUrl ?? readVariable("DATABASE_URL");
  if (url !== undefined && flags.dataDir === undefined) {
    // The message leaves the URL out, because it may have a password.
    if (!POSTGRES_URL.test(url)) {
      throw new CommandError(
        "The database URL is not a PostgreSQL URL. Write it as postgres://user:password@host:5432/database.",
      );
    }
    return { url };
  }
  return { dataDir: flags.dataDir ?? readVariable("DATA_DIR") ?? DATA_DIR };
}

/**
 * Refuses a directory without a database. To open the database would create an empty one there.
 *
 * @throws CommandError if the directory has no database
 */
export async function requireDatabase(flags: DatabaseFlags): Promise<void> {
  const database = toDatabase(flags);
  if ("url" in database || (await hasEmbeddedDatabase(database.dataDir))) return;
  throw new CommandError(
    `There is no embedded database in "${database.dataDir}". Set its directory with --data-dir, or a PostgreSQL database with --database-url.`,
  );
}

/** Opens the ledger of the options. */
export function openLedger(flags: DatabaseFlags): Promise<LocalLedger> {
  return createLedger({ database: toDatabase(flags), logger: stderrLogger });
}

/** Opens the ledger for one command. It is closed even if the work fails. */
export async function withLedger<T>(
  flags: DatabaseFlags,
  work: (ledger: LocalLedger) => Promise<T>,
): Promise<T> {
  const ledger = await openLedger(flags);
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** Writes to stderr, apart from the output of commands. */
const stderrLogger: Logger = {
  warn: (facts, message) => process.stderr.write(`warning: ${message} ${formatCause(facts)}\n`),
  error: (facts, message) => process.stderr.write(`error: ${message} ${formatCause(facts)}\n`),
};

function formatCause(facts: object): string {
  const { err } = facts as { err?: unknown };
  return err instanceof Error ? (err.stack ?? err.message) : "";
}

/** Prints a line of a command's output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A mistake in how a command was called. The message is for the operator, and is printed without a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
