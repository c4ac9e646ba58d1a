import type pg from "pg";
import { readCursor } from "../cursor.js";
import { DatabaseError, isConnectionSpent } from "../errors.js";
import { createNaming, type Naming, SCHEMA_DEFAULT } from "../naming.js";
import type { Connection, Database, Parameter, TransactionMode } from "../port.js";
import type { PostgresPool } from "./borrowed.js";
import { borrowPool, type Connections, openPool, type PostgresAddress } from "./pool.js";
import { BEGIN, FRAMES, READER_SESSION, WRITER_SESSION } from "./sessions.js";
import { send } from "./statement.js";
import { statementNumber } from "./statements.js";

/** Options of connections that the ledger opens. */
export interface OwnPostgresOptions extends PostgresAddress {
  /** Most connections at once, for writers and readers together. Default 10. */
  readonly connections?: number;
  /** The schema of the ledger. Default `credits`. */
  readonly schema?: string;
}

/** Options of connections that the ledger borrows. */
export interface BorrowedPostgresOptions {
  readonly pool: PostgresPool;
  /** The schema of the ledger. Default `credits`. */
  readonly schema?: string;
}

/** Connections by their use. Both may be the same ones. */
interface Sides {
  readonly writers: Connections;
  readonly readers: Connections;
  /** The number of connections for writers. */
  readonly writerCount: number;
}

/** The size of a pool that does not state its own. */
const CONNECTIONS = 10;

/** Time after which a statement's connection is given up. Snapshots and migrations may take longer. */
const STATEMENT_MS_MAX = 15_000;

/**
 * Opens connections to a PostgreSQL server, 15 or newer. They connect when first used. A session of a direct connection keeps
 * the settings of the ledger and its prepared statements. Any other session is left as it was after each transaction.
 */
export function openPostgres(options: OwnPostgresOptions | BorrowedPostgresOptions): Database {
  const { writers, readers, writerCount } = "pool" in options ? borrow(options) : open(options);
  const schema = options.schema ?? SCHEMA_DEFAULT;
  const name = createNaming(schema);
  let isClosed = false;
  let working = 0;
  let onIdle = () => {};
  /** Works with connections. They close after it, because they would never serve work that waits for one then. */
  async function using<T>(work: () => Promise<T>): Promise<T> {
    if (isClosed)
      throw new DatabaseError("closed", "The connections to the database are closed. Open the ledger again.");
    working += 1;
    try {
      return await work();
    } finally {
      working -= 1;
      if (working === 0) onIdle();
    }
  }
  return {
    engine: "postgres",
    schema,
    concurrency: writerCount,
    durability:
      "PostgreSQL: a reply means the commit is as durable as the server's fsync and synchronous_commit make it.",
    assertWritable() {},
    query: (sql, params) => using(() => read(readers, name(sql), params)),
    write: (sql, params) => using(() => runOne(writers, "write", name(sql), params)),
    transaction: (mode, work) =>
      using(() => runTransaction(mode === "snapshot" ? readers : writers, mode, { schema, name }, work)),
    async close() {
      if (isClosed) return;
      isClosed = true;
      if (working > 0)
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      await Promise.all(writers === readers ? [writers.end()] : [writers.end(), readers.end()]);
    },
  };
}

/** Opens one pool for writers and one for readers, so neither can take the connections of the other. */
function open(options: OwnPostgresOptions): Sides {
  const connections = options.connections ?? CONNECTIONS;
  if (connections === 1) {
    // The settings of writers and readers differ, so those of the one session can't stay.
    const both = openPool(options, 1, null);
    return { writers: both, readers: both, writerCount: 1 };
  }
  const writerCount = Math.floor(connections / 2);
  return {
    writers: openPool(options, writerCount, WRITER_SESSION),
    readers: openPool(options, connections - writerCount, READER_SESSION),
    writerCount,
  };
}

function borrow({ pool }: BorrowedPostgresOptions): Sides {
  const both = borrowPool(pool);
  return { writers: both, readers: both, writerCount: pool.options?.max ?? CONNECTIONS };
}

/** Reads on one connection, and on a second one when a table has changed since the first prepared the statement. */
async function read<Row extends object>(
  readers: Connections,
  sql: string,
  params?: readonly Parameter[],
): Promise<Row[]> {
  try {
    return await runOne<Row>(readers, "read", sql, params);
  } catch (error) {
    if (!isConnectionSpent(error)) throw error;
    return runOne(readers, "read", sql, params);
  }
}

/** Runs a statement as one transaction, in one round trip. It is prepared on a connection that has its own session. */
function runOne<Row extends object>(
  connections: Connections,
  use: "read" | "write",
  sql: string,
  params: readonly Parameter[] | undefined,
): Promise<Row[]> {
  const timeoutMs = STATEMENT_MS_MAX;
  return connections.lend(
    (client, hasOwnSession) =>
      hasOwnSession
        ? run<Row>(client, sql, params, timeoutMs, true)
        : send<Row>(client, sql, params, { name: null, frame: FRAMES[use], timeoutMs }),
    (client, hasOwnSession) => (hasOwnSession ? Promise.resolve() : rollBack(client)),
  );
}

const rollBack = (client: pg.ClientBase) => run(client, "ROLLBACK", undefined, STATEMENT_MS_MAX, false);

/**
 * Runs a statement in the transaction at hand, if there is one.
 *
 * @param isKept true to prepare a statement with parameters on the connection
 */
function run<Row extends object>(
  client: pg.ClientBase,
  sql: string,
  params: readonly Parameter[] | undefined,
  timeoutMs: number | null,
  isKept: boolean,
): Promise<Row[]> {
  const name = params === undefined || !isKept ? null : `credits_query_${statementNumber(sql)}`;
  return send(client, sql, params, { name, frame: null, timeoutMs });
}

/** The schema of a ledger, and its naming. */
interface Names {
  readonly schema: string;
  readonly name: Naming;
}

/** Runs a transaction. */
function runTransaction<T>(
  connections: Connections,
  mode: TransactionMode,
  names: Names,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const timeoutMs = mode === "write" ? STATEMENT_MS_MAX : null;
  const { begin, settings } = FRAMES[mode];
  return connections.lend(async (client, hasOwnSession) => {
    await run(client, hasOwnSession ? BEGIN[mode] : `${begin}; ${settings}`, undefined, timeoutMs, false);
    const result = await work(toConnection(client, names, timeoutMs, hasOwnSession));
    await run(client, "COMMIT", undefined, timeoutMs, false);
    return result;
  }, rollBack);
}

function toConnection(
  client: pg.ClientBase,
  { schema, name }: Names,
  timeoutMs: number | null,
  hasOwnSession: boolean,
): Connection {
  return {
    schema,
    query: (sql, params) => run(client, name(sql), params, timeoutMs, hasOwnSession),
    stream: (sql, params, chunkRows) =>
      readCursor((text, values) => run(client, name(text), values, timeoutMs, false), sql, params, chunkRows),
    async script(sql) {
      await run(client, name(sql), undefined, timeoutMs, false);
    },
  };
}
