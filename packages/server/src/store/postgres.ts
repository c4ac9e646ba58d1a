import pg from "pg";
import {
  beginStatement,
  type Connection,
  type Database,
  DatabaseUnavailableError,
  parseBigints,
  parseBytes,
  parseTimestamp,
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
  /** How many connections the pool holds at most. */
  readonly connections?: number;
  /** Told of connections that fail while idle. The pool replaces them. */
  readonly onError?: (error: Error) => void;
}

/** Opens a pool of connections to a PostgreSQL server, 15 or newer. It connects when first used. */
export function openPostgres(options: PostgresOptions): Database {
  const connections = options.connections ?? 10;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: connections,
    types,
    pipeline: true,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: "credit-activity",
    options: "-c TimeZone=UTC -c DateStyle=ISO",
  } as pg.PoolConfig);
  pool.on("error", (error) => options.onError?.(error));
  pool.on("connect", (client) => client.on("error", () => {}));
  let isClosed = false;
  const open = () => {
    if (isClosed) throw new DatabaseUnavailableError("The connections to the database have been closed.");
    return pool;
  };
  return {
    engine: "postgres",
    concurrency: Math.max(1, Math.floor(connections / 2)),
    durability:
      "PostgreSQL: a reply means the commit is as durable as the server's fsync and synchronous_commit make it.",
    query: async (sql, params) => run(open(), sql, params),
    transaction: async (work, mode) => transaction(open(), work, mode ?? "read committed"),
    script: async (connection, sql) => {
      await connection.query(sql);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await pool.end();
    },
  };
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

async function run<Row extends object>(
  on: pg.Pool | pg.PoolClient,
  sql: string,
  params?: readonly unknown[],
): Promise<Row[]> {
  if (params === undefined) return (await on.query<Row>(sql)).rows;
  return (await on.query<Row>({ name: nameOf(sql), text: sql, values: [...params] })).rows;
}

async function transaction<T>(
  pool: pg.Pool,
  work: (connection: Connection) => Promise<T>,
  mode: TransactionMode,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const begun = client.query(beginStatement(mode));
    const [result] = await Promise.all([work({ query: (sql, params) => run(client, sql, params) }), begun]);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    try {
      await client.query("ROLLBACK");
    } catch (failed) {
      broken = failed as Error;
    }
    throw error;
  } finally {
    client.release(broken);
  }
}
