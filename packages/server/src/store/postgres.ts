import pg from "pg";
import {
  beginStatement,
  type Connection,
  type Database,
  DatabaseUnavailableError,
  isConnectionSpent,
  parseBigints,
  parseBytes,
  parseTimestamp,
  type Step,
  type TransactionMode,
} from "./database.js";
import { nameOf, runSteps } from "./pipeline.js";

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
 * Statements that write are planned once, to walk through what they are given in its order and to find each line by an
 * index: locks are then taken in that order, whatever the statistics say, and two batches never wait for each other in
 * a circle.
 */
const WRITING_SESSION = `${SESSION}; SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off;
  SET enable_mergejoin = off; SET enable_seqscan = off; SET enable_bitmapscan = off`;

/** Readers take what they read by an index, whatever the statistics say: a page is a few lines of one account. */
const READING_SESSION = `${SESSION}; SET enable_seqscan = off; SET enable_bitmapscan = off`;

/** How long a connection lives, in seconds: plans made while a table was empty go with it. */
const CONNECTION_SECONDS_MAX = 600;

/**
 * Opens pools of connections to a PostgreSQL server, 15 or newer: one for writing and one for reading, so that neither
 * can use up what the other needs. They connect when first used.
 */
export function openPostgres(options: PostgresOptions): Database {
  const connections = Math.max(2, options.connections ?? 10);
  const writing = Math.floor(connections / 2);
  const writers = openPool(options, writing, WRITING_SESSION);
  const readers = openPool(options, connections - writing, READING_SESSION);
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
    run: async (steps) => runAlone(open(writers), steps),
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

function openPool(options: PostgresOptions, max: number, session: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max,
    types,
    maxLifetimeSeconds: CONNECTION_SECONDS_MAX,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: "credit-activity",
    // Where the session is refused its settings, times are still read right, by their offset.
    onConnect: async (client) => {
      client.on("error", () => {});
      await client.query(session).catch((error: Error) => options.onError?.(error));
    },
  });
  pool.on("error", (error) => options.onError?.(error));
  return pool;
}

/** Reads on any connection, on a second one when the first is spent: the tables have changed since it prepared the statement. */
async function read<Row extends object>(
  pool: pg.Pool,
  sql: string,
  params?: readonly unknown[],
): Promise<Row[]> {
  try {
    return await run(pool, sql, params, STATEMENT_MS_MAX);
  } catch (error) {
    if (!isConnectionSpent(error)) throw error;
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

/** Runs statements that are a transaction of their own. */
async function runAlone(pool: pg.Pool, steps: readonly Step[]): Promise<object[][]> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await runSteps(client, steps, types, STATEMENT_MS_MAX);
  } catch (error) {
    if (!isRefusal(error)) broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Whether the server refused a statement, and the connection is as good as before. */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !isConnectionSpent(error) && error.severity === "ERROR";
}

/** Runs a transaction. */
async function transaction<T>(
  pool: pg.Pool,
  work: (connection: Connection) => Promise<T>,
  mode: TransactionMode,
): Promise<T> {
  const client = await pool.connect();
  const timeoutMs = mode === "read committed" ? STATEMENT_MS_MAX : undefined;
  let broken: Error | undefined;
  try {
    await run(client, beginStatement(mode), undefined, timeoutMs);
    const result = await work({
      query: (sql, params) => run(client, sql, params, timeoutMs),
      run: (steps) => runSteps(client, steps, types, timeoutMs),
    });
    await run(client, "COMMIT", undefined, timeoutMs);
    return result;
  } catch (error) {
    if (!isRefusal(error)) broken = error as Error;
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
