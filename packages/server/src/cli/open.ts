import { type Credits, createCredits, type DatabaseOptions, type Logger } from "../create-credits.js";
import { hasPglite } from "../store/pglite.js";

/** Where the commands find the database. */
export interface DatabaseFlags {
  readonly databaseUrl?: string;
  readonly dataDir?: string;
}

/** The folder of the embedded database when nothing else is said. */
const DATA_DIR = ".data";

/** The database the flags or the environment name: PostgreSQL by its URL, else the embedded one in a folder. */
export function databaseOf(flags: DatabaseFlags): DatabaseOptions {
  const url = flags.databaseUrl ?? process.env.DATABASE_URL;
  if (url !== undefined && url !== "" && flags.dataDir === undefined) {
    // The driver takes anything for the name of some host. The text itself may hold a password and is not shown.
    if (!/^postgres(ql)?:\/\//i.test(url)) {
      throw new CommandError(
        "The database URL is not one of PostgreSQL. Write it like postgres://user:password@host:5432/database.",
      );
    }
    return { url };
  }
  return { dataDir: flags.dataDir ?? process.env.DATA_DIR ?? DATA_DIR };
}

/** Refuses to look into a folder without a database, where opening it would make an empty one. */
export async function requireDatabase(flags: DatabaseFlags): Promise<void> {
  const database = databaseOf(flags);
  if ("url" in database || database.dataDir === undefined || (await hasPglite(database.dataDir))) return;
  throw new CommandError(
    `There is no embedded database in "${database.dataDir}". Name its folder with --data-dir, or a PostgreSQL database with --database-url.`,
  );
}

/** Opens the ledger for one command and closes it again, whatever happens. */
export async function withCredits<T>(
  flags: DatabaseFlags,
  work: (credits: Credits) => Promise<T>,
): Promise<T> {
  const credits = await createCredits({ database: databaseOf(flags), logger: stderrLogger });
  try {
    return await work(credits);
  } finally {
    await credits.close();
  }
}

/** Says what went wrong where it does not mix with a command's output. */
export const stderrLogger: Logger = {
  warn: (facts, message) => process.stderr.write(`warning: ${message} ${causeOf(facts)}\n`),
  error: (facts, message) => process.stderr.write(`error: ${message} ${causeOf(facts)}\n`),
};

function causeOf(facts: object): string {
  const { err } = facts as { err?: unknown };
  return err instanceof Error ? (err.stack ?? err.message) : "";
}

/** Writes a line of a command's output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A failure that is told in its own words, without a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
