import { DatabaseError, isRetryable, toUnreachableError } from "./errors.js";
import { migrate, requireMigrated } from "./migrations.js";
import { openPglite } from "./pglite/open.js";
import type { Database } from "./port.js";
import type { PostgresPool } from "./postgres/borrowed.js";
import { openPostgres } from "./postgres/open.js";

/** Options of every database. */
interface SchemaOptions {
  /**
   * The schema of the ledger, so that a database can have several: a lower-case name of PostgreSQL that needs no quotes.
   * Default: `credits`.
   */
  readonly schema?: string;
  /** False to never change the schema, and to fail where it is not up to date. Default: true. */
  readonly migrate?: boolean;
}

/** The place of the ledger. */
export type DatabaseOptions = SchemaOptions &
  (
    | {
        /** The URL of a PostgreSQL server, or of a pooler in front of it. */
        readonly url: string;
        /** Most connections at once. Default: 10. */
        readonly connections?: number;
        /** True for TLS, or the options of TLS as the driver `pg` takes them. What the URL says of TLS counts more. */
        readonly ssl?: boolean | object;
      }
    | {
        /** A pool of the driver `pg`. It stays open, and its sessions stay as they are. */
        readonly pool: PostgresPool;
      }
    | {
        /** The directory of the embedded database, made when missing. */
        readonly dataDir: string;
      }
    | {
        /** True for an embedded database that is lost when the process ends. */
        readonly memory: true;
      }
  );

/** Matches the URL of a PostgreSQL server. The driver takes any string for the name of a host. */
export const POSTGRES_URL = /^postgres(ql)?:\/\//i;

/**
 * Opens a database and brings its schema up to this version, or checks that it is.
 *
 * @param onError called with the error of a connection that fails while idle
 * @throws DatabaseError when the database cannot be opened, is not in UTF-8, or was not migrated
 * @throws NewerSchemaError when a newer version has migrated it
 */
export async function openDatabase(
  options: DatabaseOptions,
  onError: (error: Error) => void,
): Promise<Database> {
  const database = await connect(options, onError);
  try {
    await requireUsable(database);
    await (options.migrate === false ? requireMigrated(database) : migrate(database));
    return database;
  } catch (error) {
    await database.close();
    throw toOpenError(options, error);
  }
}

/**
 * Brings the schema of a database up to this version, and closes it. A role with the right to change the schema can do this
 * apart from the servers, which then need no such right.
 *
 * @returns the names of the migrations that were applied
 * @throws DatabaseError when the database cannot be opened, or is not in UTF-8
 * @throws NewerSchemaError when a newer version has migrated it
 */
export async function migrateDatabase(options: DatabaseOptions): Promise<string[]> {
  const database = await connect(options, () => {});
  try {
    await requireUsable(database);
    return await migrate(database);
  } catch (error) {
    throw toOpenError(options, error);
  } finally {
    await database.close();
  }
}

async function connect(options: DatabaseOptions, onError: (error: Error) => void): Promise<Database> {
  if ("memory" in options || "dataDir" in options) return openPglite(options);
  return openPostgres("pool" in options ? options : { ...options, onError });
}

/** Returns the error of a ledger that can't start, for an error of its database. It names the PostgreSQL server. */
export function toOpenError(options: DatabaseOptions, error: unknown): unknown {
  if ("url" in options) return toUnreachableError(options.url, error);
  return "pool" in options ? toUnreachableError(null, error) : error;
}

/** True if `createLedger` failed because the PostgreSQL server did not respond, or not yet. It may be tried again then. */
export function isUnreachable(error: unknown): boolean {
  const { cause } = error as Error;
  return cause instanceof DatabaseError && cause.cause !== undefined && isRetryable(cause.cause);
}

/**
 * Refuses a database that can't keep every id and description, and a schema whose name PostgreSQL takes for a keyword.
 * Statements name the schema without quotes.
 */
async function requireUsable(database: Database): Promise<void> {
  const { schema } = database;
  const [row] = await database.query<{ encoding: string; is_plain: boolean }>(
    "SELECT current_setting('server_encoding') AS encoding, quote_ident($1) = $1 AS is_plain",
    [schema],
  );
  if (row?.encoding !== "UTF8")
    throw new DatabaseError(
      "unusable",
      `The database has the encoding ${row?.encoding}, which can't keep every character. Create one with ENCODING 'UTF8' TEMPLATE template0.`,
    );
  if (!row.is_plain)
    throw new DatabaseError(
      "unusable",
      `The schema "${schema}" has the name of a keyword of PostgreSQL. Choose another name.`,
    );
}
