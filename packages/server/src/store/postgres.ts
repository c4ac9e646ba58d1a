import pg from "pg";
import {
  beginStatement,
  type Connection,
  type Database,
  DatabaseUnavailableError,
  parseBigints,
  parseBytes,
  parseTimestamp,
  STALE_PLAN,
  type TransactionMode,
} from "./database.js";

const BYTEA = 17;
const INT8 = 20;
const INT8_ARRAY = 1016;
const TIMESTAMPTZ = 1184;

/** Type parsers of these connections only; the global ones of `pg` belong to the application. */
const types = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (format !== "binary") {
      if (oid === INT8) return BigInt;
      if (oid === BYTEA) return parseBytes;
      if (oid === TIMESTAMPTZ) return parseTimestamp;
      if (oid === INT8_ARRAY) return parseBigints;
    }
    return pg.types.getTypeParser(oid, format ?? "text");
  },
} as pg.CustomTypesConfig;

export interface PostgresOptions {
  /** A connection string. */
  readonly url: string;
  /** How many connections there are at most, for writing and reading together; 10 when left out, and 2 at least. */
  readonly connections?: number;
  /** Told of connections that fail while idle. The pool replaces them. */
  readonly onError?: (error: Error) => void;
}

/** How long a statement may take before its connection is given up, in milliseconds; checks of everything may take longer. */
const STATEMENT_MS_MAX = 15_000;

/** What every connection is told first. Locks and idle transactions of others must not stop a lane for long. */
const SESSION = `SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET lock_timeout = '3s';
  SET idle_in_transaction_session_timeout = '30s'`;

/**
 * Opens pools of connections to a PostgreSQL server, 15 or newer: one for writing and one for reading, so that neither
 * can use up what the other needs. They connect when first used.
 */
export function openPostgres(options: PostgresOptions): Database {
  const connections = Math.max(2, options.connections ?? 10);
  const writing = Math.floor(connections / 2);
  const writers = openPool(options, writing);
  const readers = openPool(options, connections - writing);
  let isClosed = false;
  const open = (pool: pg.Pool) => {
    if (isClosed) throw new DatabaseUnavailableError("The connections to the database have been closed.");
    return pool;
  };
  return {
    engine: "postgres",
    concurrency: writing,
    durability:
      "PostgreSQL: a reply means the commit is as durable as the server's fsync and synchronous_commit make it.",
    query: async (sql, params) => read(open(readers), sql, params),
    transaction: async (work, mode) => {
      const pool = open(mode === "read-only snapshot" ? readers : writers);
      return transaction(pool, work, mode ?? "read committed");
    },
    script: async (connection, sql) => {
      await connection.query(sql);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await Promise.all([writers.end(), readers.end()]);
    },
  };
}

function openPool(options: PostgresOptions, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max,
    types,
    pipeline: true,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: "credit-activity",
  });
  pool.on("error", (error) => options.onError?.(error));
  pool.on("connect", (client) => {
    client.on("error", () => {});
    // Sent ahead of the first statement. Where it is refused, times are still read right, by their offset.
    client.query(SESSION).catch((error: Error) => options.onError?.(error));
  });
  return pool;
}

const names = new Map<string, string>();

/** Statements with parameters are prepared once a connection, under a name that stands for their text. */
function nameOf(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = `credits_${names.size + 1}`;
    names.set(sql, name);
  }
  return name;
}

/** Reads on any connection, on a second one when the tables have changed since the first prepared the statement. */
async function read<Row extends object>(
  pool: pg.Pool,
  sql: string,
  params?: readonly unknown[],
): Promise<Row[]> {
  try {
    return await run(pool, sql, params, STATEMENT_MS_MAX);
  } catch (error) {
    if ((error as { code?: unknown }).code !== STALE_PLAN) throw error;
    return run(pool, sql, params, STATEMENT_MS_MAX);
  }
}

async function run<Row extends object>(
  on: pg.Pool | pg.PoolClient,
  sql: string,
  params: readonly unknown[] | undefined,
  timeoutMs: number | undefined,
): Promise<Row[]> {
  const query: pg.QueryConfig & { query_timeout?: number } = { text: sql };
  if (timeoutMs !== undefined) query.query_timeout = timeoutMs;
  if (params !== undefined) {
    query.name = nameOf(sql);
    query.values = [...params];
  }
  return (await on.query<Row>(query)).rows;
}

/**
 * Runs a transaction. BEGIN goes out together with the first statements; when it fails, what was sent with it has only
 * read, and nothing more is sent.
 */
async function transaction<T>(
  pool: pg.Pool,
  work: (connection: Connection) => Promise<T>,
  mode: TransactionMode,
): Promise<T> {
  const client = await pool.connect();
  const timeoutMs = mode === "read committed" ? STATEMENT_MS_MAX : undefined;
  let broken: Error | undefined;
  let notBegun: Error | undefined;
  try {
    const begun = client.query(beginStatement(mode)).catch((error: Error) => {
      notBegun = error;
    });
    const result = await work({
      query: async (sql, params) => {
        if (notBegun !== undefined) throw notBegun;
        return run(client, sql, params, timeoutMs);
      },
    });
    await begun;
    if (notBegun !== undefined) throw notBegun;
    await run(client, "COMMIT", undefined, timeoutMs);
    return result;
  } catch (error) {
    if ((error as { code?: unknown }).code === STALE_PLAN) broken = error as Error;
    try {
      await run(client, "ROLLBACK", undefined, STATEMENT_MS_MAX);
    } catch (failed) {
      broken = failed as Error;
    }
    throw error;
  } finally {
    client.release(broken);
  }
}
