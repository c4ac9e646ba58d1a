import { DatabaseError, isRetryable, toUnreachableError } from "./errors.js";
import { migrate } from "./migrations.js";
import { openPglite } from "./pglite/open.js";
import type { Database } from "./port.js";
import { openPostgres } from "./postgres/open.js";

/** Place of the ledger: a PostgreSQL server, a directory of the embedded database, or the process's memory. */
export type DatabaseOptions =
  | { readonly url: string; readonly connections?: number }
  | { readonly dataDir?: string };

/** Matches the URL of a PostgreSQL server. The driver takes any string for the name of a host. */
export const POSTGRES_URL = /^postgres(ql)?:\/\//i;

/**
 * Opens a database and brings its schema up to this version.
 *
 * @param onError called with the error of a connection that fails while idle
 * @throws DatabaseError when the database cannot be opened, or is not in UTF-8
 * @throws NewerSchemaError when a newer version has migrated it
 */
export async function openDatabase(
  options: DatabaseOptions,
  onError: (error: Error) => void,
): Promise<Database> {
  if (!("url" in options)) return migrated(await openPglite(options));
  try {
    return await migrated(openPostgres({ ...options, onError }));
  } catch (error) {
    throw toOpenError(options, error);
  }
}

/** Returns the error of a ledger that can't start, for an error of its database. It names the PostgreSQL server. */
export function toOpenError(options: DatabaseOptions, error: unknown): unknown {
  return "url" in options ? toUnreachableError(options.url, error) : error;
}

/** True if `createLedger` failed because the PostgreSQL server did not respond, or not yet. It may be tried again then. */
export function isUnreachable(error: unknown): boolean {
  const { cause } = error as Error;
  return cause instanceof DatabaseError && cause.cause !== undefined && isRetryable(cause.cause);
}

async function migrated(database: Database): Promise<Database> {
  try {
    await requireUtf8(database);
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Refuses a database that can't keep every id and description. */
async function requireUtf8(database: Database): Promise<void> {
  const [row] = await database.query<{ encoding: string }>(
    "SELECT current_setting('server_encoding') AS encoding",
  );
  if (row?.encoding === "UTF8") return;
  throw new DatabaseError(
    "unusable",
    `The database has the encoding ${row?.encoding}, which can't keep every character. Create one with ENCODING 'UTF8' TEMPLATE template0.`,
  );
}
