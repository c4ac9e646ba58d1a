import { mkdir } from "node:fs/promises";
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { toValues } from "../arrays.js";
import { readCursor } from "../cursor.js";
import { DatabaseError } from "../errors.js";
import type { Connection, Database, Parameter, TransactionMode } from "../port.js";
import { SET_STATED } from "../settings.js";
import { ARRAY_OIDS, PARSERS } from "../types.js";
import { prepareDirectory } from "./directory.js";
import { lockDirectory } from "./directory-lock.js";

export interface PgliteOptions {
  /** Directory of the data, made when missing. Without one the data is lost when the process ends. */
  readonly dataDir?: string;
}

/** Settings of the one connection. Only transactions that are begun for it may write. */
const SESSION = `${SET_STATED}; SET default_transaction_read_only = on`;

/** Statements that follow the BEGIN of a transaction. */
const BEGUN: Readonly<Record<TransactionMode, string>> = {
  write: "SET TRANSACTION READ WRITE",
  snapshot: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
  migration: "SET TRANSACTION READ WRITE",
};

const IN_MEMORY = "Embedded PGlite in memory: everything is lost when the process ends.";
const IN_DIRECTORY =
  "Embedded PGlite: a reply survives a crash of the process; a power cut can lose the last commits, because it runs without fsync. Use PostgreSQL for production.";

/**
 * Opens the embedded database. It has one connection, so that whatever else runs waits for a transaction or a stream
 * to end. Its directory belongs to one process, and a lock keeps others out.
 *
 * @throws DatabaseError when another process has the directory open, or it cannot be read
 */
export async function openPglite({ dataDir }: PgliteOptions = {}): Promise<Database> {
  const lock = dataDir === undefined ? null : await hold(dataDir);
  try {
    const pglite = await PGlite.create({
      ...(dataDir === undefined ? {} : { dataDir: await prepareDirectory(dataDir) }),
      parsers: PARSERS,
    });
    await pglite.exec(SESSION);
    passBuffers(pglite);
    return toDatabase(pglite, lock, dataDir === undefined ? IN_MEMORY : IN_DIRECTORY);
  } catch (error) {
    await lock?.release();
    throw new DatabaseError(
      "unavailable",
      `The embedded database in "${dataDir ?? "memory"}" could not be opened: ${(error as Error).message}. If its files are damaged, restore a copy or choose another directory.`,
      { cause: error },
    );
  }
}

/** Lock of a directory while the database in it is open. */
interface HeldLock {
  readonly isLost: boolean;
  readonly dataDir: string;
  release(): Promise<void>;
}

async function hold(dataDir: string): Promise<HeldLock> {
  await mkdir(dataDir, { recursive: true });
  let isLost = false;
  const release = await lockDirectory(dataDir, () => {
    isLost = true;
  });
  return {
    get isLost() {
      return isLost;
    },
    dataDir,
    release,
  };
}

function toDatabase(pglite: PGlite, lock: HeldLock | null, durability: string): Database {
  const assertUsable = () => {
    if (lock?.isLost === true) throw lostError(lock.dataDir);
    if (pglite.closed) {
      throw new DatabaseError("closed", "The embedded database is closed. Open the ledger again.");
    }
  };
  const query = async <Row extends object>(
    on: PGlite | Transaction,
    sql: string,
    params: readonly Parameter[] = [],
  ): Promise<Row[]> => {
    assertUsable();
    return (await on.query<Row>(sql, toValues(params))).rows;
  };
  const transact = async <T>(mode: TransactionMode, work: (on: Transaction) => Promise<T>): Promise<T> => {
    assertUsable();
    return pglite.transaction(async (on) => {
      assertUsable();
      await on.exec(BEGUN[mode]);
      const result = await work(on);
      // A lock that was lost meanwhile must not lead to a COMMIT.
      assertUsable();
      return result;
    });
  };
  const transaction = <T>(mode: TransactionMode, work: (connection: Connection) => Promise<T>) =>
    transact(mode, (on) =>
      work({
        query: (sql, params) => query(on, sql, params),
        stream: (sql, params, chunkRows) =>
          readCursor((text, values) => query(on, text, values), sql, params, chunkRows),
        async script(sql) {
          assertUsable();
          await on.exec(sql);
        },
      }),
    );
  return {
    engine: "pglite",
    concurrency: 1,
    durability,
    query: (sql, params) => query(pglite, sql, params),
    write: (sql, params) => transact("write", (on) => query(on, sql, params)),
    transaction,
    async close() {
      // Closing writes a checkpoint, which would damage the files of a new holder.
      if (pglite.closed || lock?.isLost === true) return;
      await pglite.close();
      await lock?.release();
    },
  };
}

/** Lets parameters that are encoded already pass the driver's encoders of arrays. The driver sends them in binary. */
function passBuffers({ serializers }: PGlite): void {
  for (const type of Object.values(ARRAY_OIDS)) {
    const serialize = serializers[type] as (value: unknown) => string;
    serializers[type] = (value) => (Buffer.isBuffer(value) ? (value as unknown as string) : serialize(value));
  }
}

function lostError(dataDir: string): DatabaseError {
  return new DatabaseError(
    "closed",
    `The lock of the directory "${dataDir}" is lost: another process has taken it over, or somebody has deleted it. Stop the other process, and start this one again.`,
  );
}
