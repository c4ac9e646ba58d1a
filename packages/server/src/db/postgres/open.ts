import pg from "pg";
import { toValues } from "../arrays.js";
import { readCursor } from "../cursor.js";
import { DatabaseError, isConnectionSpent, isConnectionUsable } from "../errors.js";
import type { Connection, Database, Parameter, TransactionMode } from "../port.js";
import { PARSERS } from "../types.js";
import { BEGIN, READER_SESSION, WRITER_SESSION } from "./sessions.js";
import { statementNumber } from "./statements.js";

/** Type parsers of these connections only. The global ones of `pg` belong to the application. */
const TYPES = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    const parser = format === "binary" ? undefined : PARSERS[oid];
    return parser ?? pg.types.getTypeParser(oid, format ?? "text");
  },
} as pg.CustomTypesConfig;

export interface PostgresOptions {
  /** Connection string. */
  readonly url: string;
  /** Most connections at once, for writers and readers together. Default 10, at least 2. */
  readonly connections?: number;
  /** Called with the error of a connection that fails while idle. The pool replaces the connection. */
  readonly onError?: (error: Error) => void;
}

/** Time after which a statement's connection is given up. Snapshots and migrations may take longer. */
const STATEMENT_MS_MAX = 15_000;

/** Time after which a connection that is not ready is given up. */
const CONNECT_MS_MAX = 10_000;

/** Lifetime of a connection. Plans made while a table was empty go with it. */
const CONNECTION_SECONDS_MAX = 600;

/**
 * Opens pools of connections to a PostgreSQL server, 15 or newer: one for writers and one for readers, so neither
 * can take the connections of the other. They connect when first used.
 */
export function openPostgres(options: PostgresOptions): Database {
  const connections = Math.max(2, options.connections ?? 10);
  const writerCount = Math.floor(connections / 2);
  const clients = new Set<pg.ClientBase>();
  const writers = openPool(options, writerCount, WRITER_SESSION, clients);
  const readers = openPool(options, connections - writerCount, READER_SESSION, clients);
  let isClosed = false;
  let working = 0;
  let onIdle = () => {};
  /** Works with a pool. The pools close after it, because they would never serve work that waits for a connection then. */
  async function using<T>(pool: pg.Pool, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
    if (isClosed)
      throw new DatabaseError("closed", "The connections to the database are closed. Open the ledger again.");
    working += 1;
    try {
      return await work(pool);
    } finally {
      working -= 1;
      if (working === 0) onIdle();
    }
  }
  return {
    engine: "postgres",
    concurrency: writerCount,
    durability:
      "PostgreSQL: a reply means the commit is as durable as the server's fsync and synchronous_commit make it.",
    assertWritable() {},
    query: (sql, params) => using(readers, (pool) => read(pool, sql, params)),
    write: (sql, params) =>
      using(writers, (pool) => withClient(pool, (client) => query(client, sql, params, STATEMENT_MS_MAX))),
    transaction: (mode, work) =>
      using(mode === "snapshot" ? readers : writers, (pool) => runTransaction(pool, mode, work)),
    async close() {
      if (isClosed) return;
      isClosed = true;
      if (working > 0)
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      await Promise.all([writers.end(), readers.end()]);
      // The other side of a connection that was lost never closes it. It must not keep the process alive.
      for (const client of clients) (client as unknown as { unref(): void }).unref();
    },
  };
}

/**
 * Opens a pool.
 *
 * @param clients the connections that are not closed, of all pools
 */
function openPool(
  options: PostgresOptions,
  max: number,
  session: string,
  clients: Set<pg.ClientBase>,
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max,
    types: TYPES,
    maxLifetimeSeconds: CONNECTION_SECONDS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // The sweep would keep a process alive that has nothing else to do.
    allowExitOnIdle: true,
    application_name: "credit-activity",
    // Where the settings are refused, times are still parsed correctly, by their offset.
    onConnect: async (client) => {
      client.on("error", () => {});
      clients.add(client);
      client.once("end", () => clients.delete(client));
      await query(client, session, undefined, CONNECT_MS_MAX).catch((error: Error) => {
        options.onError?.(error);
        if (!isConnectionUsable(error)) throw error;
      });
    },
  });
  pool.on("error", (error: Error & { client?: unknown }) => {
    // The pool adds the whole client, with all that it has read.
    delete error.client;
    options.onError?.(error);
  });
  return pool;
}

/** Runs work on a connection of a pool, which replaces the connection when an error leaves it unusable. */
async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    if (!isConnectionUsable(error)) broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Reads on one connection, and on a second one when a table has changed since the first prepared the statement. */
async function read<Row extends object>(
  pool: pg.Pool,
  sql: string,
  params?: readonly Parameter[],
): Promise<Row[]> {
  const once = () => withClient(pool, (client) => query<Row>(client, sql, params, STATEMENT_MS_MAX));
  try {
    return await once();
  } catch (error) {
    if (!isConnectionSpent(error)) throw error;
    return once();
  }
}

/**
 * A statement to send, which is prepared on the connection when it has a name. The client sends it as it is. It would
 * copy a plain configuration property by property, which costs 7 % of the read of a balance.
 */
class PgStatement<Row extends object> extends pg.Query<Row> {
  constructor(
    sql: string,
    values: unknown[] | undefined,
    readonly name: string | undefined,
    readonly query_timeout: number | undefined,
    callback: (error: Error | null | undefined, result: pg.ResultBuilder<Row>) => void,
  ) {
    super(sql, values, callback);
  }
}

/** Runs a statement, which is prepared on the connection when it has parameters. */
function query<Row extends object>(
  client: pg.ClientBase,
  sql: string,
  params: readonly Parameter[] | undefined,
  timeoutMs: number | undefined,
): Promise<Row[]> {
  const name = params === undefined ? undefined : `credits_query_${statementNumber(sql)}`;
  return send(client, sql, params, name, timeoutMs);
}

function send<Row extends object>(
  client: pg.ClientBase,
  sql: string,
  params: readonly Parameter[] | undefined,
  name: string | undefined,
  timeoutMs: number | undefined,
): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const values = params && toValues(params);
    const callback = (error: Error | null | undefined, result: pg.ResultBuilder<Row>) =>
      error ? reject(error) : resolve(result.rows);
    client.query(new PgStatement(sql, values, name, timeoutMs, callback));
  });
}

/** Runs a transaction. */
async function runTransaction<T>(
  pool: pg.Pool,
  mode: TransactionMode,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  const timeoutMs = mode === "write" ? STATEMENT_MS_MAX : undefined;
  let broken: Error | undefined;
  try {
    await query(client, BEGIN[mode], undefined, timeoutMs);
    const result = await work(toConnection(client, timeoutMs));
    await query(client, "COMMIT", undefined, timeoutMs);
    return result;
  } catch (error) {
    // PostgreSQL rolls back what a closed connection has begun. A lost one would take as long again.
    if (!isConnectionUsable(error)) broken = error as Error;
    else
      await query(client, "ROLLBACK", undefined, STATEMENT_MS_MAX).catch((failed: Error) => {
        broken = failed;
      });
    throw error;
  } finally {
    client.release(broken);
  }
}

function toConnection(client: pg.ClientBase, timeoutMs: number | undefined): Connection {
  return {
    query: (sql, params) => query(client, sql, params, timeoutMs),
    stream: (sql, params, chunkRows) =>
      readCursor((text, values) => send(client, text, values, undefined, timeoutMs), sql, params, chunkRows),
    async script(sql) {
      await query(client, sql, undefined, timeoutMs);
    },
  };
}
