import { mkdir } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PGlite, Transaction } from "@electric-sql/pglite";
import { toValues } from "../arrays.js";
import { readCursor } from "../cursor.js";
import { DatabaseError } from "../errors.js";
import { createNaming, SCHEMA_DEFAULT } from "../naming.js";
import type { Connection, Database, Parameter, TransactionMode } from "../port.js";
import { STATED, toSetting } from "../settings.js";
import { ARRAY_OIDS } from "../types.js";
import { prepareDirectory } from "./directory.js";
import { type DirectoryLock, lockDirectory } from "./directory-lock.js";
import { type Instance, startInstance } from "./instance.js";
import { assertRoom, toDirectoryError } from "./room.js";

export interface PgliteOptions {
  /** Directory of the data, made when missing. Without one the data is lost when the process ends. */
  readonly dataDir?: string;
  /** The schema of the ledger. Default `credits`. */
  readonly schema?: string;
}

/** Settings of the one connection. Only transactions that are begun for it may write. */
const SESSION = toSetting({ ...STATED, default_transaction_read_only: "on" }, "session");

/** Statements that follow the BEGIN of a transaction. */
const BEGUN: Readonly<Record<TransactionMode, string>> = {
  write: "SET TRANSACTION READ WRITE",
  snapshot: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
  migration: "SET TRANSACTION READ WRITE",
};

/** Matches the reason of a database that did not start on a full disk, or beyond a quota. */
const NO_ROOM = /No space left on device|Disk quota exceeded/;

/** Pause after the database could not be started again, in milliseconds. */
const RESTART_PAUSE_MS = 2_000;

const IN_MEMORY = "Embedded PGlite in memory: everything is lost when the process ends.";
const IN_DIRECTORY =
  "Embedded PGlite: a reply survives a crash of the process; a power cut can lose the last commits, because it runs without fsync. Use PostgreSQL for production.";

/**
 * Opens the embedded database. It has one connection, so that whatever else runs waits for a transaction or a stream
 * to end. Its directory belongs to one process, and a lock keeps others out.
 *
 * @throws DatabaseError when another process has the directory open, or it cannot be read or written
 */
export async function openPglite({ dataDir, schema }: PgliteOptions = {}): Promise<Database> {
  if (dataDir === undefined) return toDatabase(await start(null), null, IN_MEMORY, schema);
  const held = await hold(dataDir);
  try {
    return toDatabase(await start(dataDir), held, IN_DIRECTORY, schema);
  } catch (error) {
    await held.lock.release();
    throw error;
  }
}

/** A directory that this process holds while the database in it is open. */
interface HeldDirectory {
  readonly dataDir: string;
  readonly lock: DirectoryLock;
}

async function hold(dataDir: string): Promise<HeldDirectory> {
  try {
    await mkdir(dataDir, { recursive: true });
    assertRoom(dataDir);
    return { dataDir, lock: await lockDirectory(dataDir) };
  } catch (error) {
    throw toDirectoryError(dataDir, error);
  }
}

/** Starts the database in a directory, or in memory. */
async function start(dataDir: string | null): Promise<Instance> {
  try {
    const instance = await startInstance(
      dataDir === null ? {} : { dataDir: await prepareDirectory(dataDir) },
    );
    await instance.exec(SESSION);
    passBuffers(instance);
    return instance;
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError(
      NO_ROOM.test((error as Error).message) ? "full" : "unavailable",
      `The embedded database in "${dataDir ?? "memory"}" could not be opened: ${(error as Error).message}. If its files are damaged, restore a copy or choose another directory.`,
      { cause: error },
    );
  }
}

/** The running database of a directory, which is started again after it has stopped. */
class Running {
  #instance: Instance;
  readonly #held: HeldDirectory | null;
  #restarting: Promise<Instance> | null = null;
  /** The error of the last start that failed, and the time until which it counts. */
  #failed: { readonly error: unknown; readonly untilMs: number } | null = null;
  #isClosed = false;

  constructor(instance: Instance, held: HeldDirectory | null) {
    this.#instance = instance;
    this.#held = held;
  }

  /** @throws DatabaseError when the database was closed, or its directory belongs to another process */
  assertUsable(): void {
    this.#held?.lock.assertHeld();
    if (this.#isClosed) throw new DatabaseError("closed", CLOSED);
  }

  /** @throws DatabaseError when nothing can be written now */
  assertWritable(): void {
    this.assertUsable();
    if (this.#held !== null) assertRoom(this.#held.dataDir);
  }

  /** Returns the database, and starts it again where it has stopped. */
  async get(): Promise<Instance> {
    this.assertUsable();
    if (this.#instance.failure === null) return this.#instance;
    this.#restarting ??= this.#restart().finally(() => {
      this.#restarting = null;
    });
    return this.#restarting;
  }

  async #restart(): Promise<Instance> {
    const held = this.#held;
    if (held === null) throw this.#instance.failure;
    assertRoom(held.dataDir);
    if (this.#failed !== null && performance.now() < this.#failed.untilMs) throw this.#failed.error;
    this.#instance.abandon(new DatabaseError("closed", CLOSED));
    try {
      this.#instance = await start(held.dataDir);
      this.#failed = null;
      return this.#instance;
    } catch (error) {
      this.#failed = { error, untilMs: performance.now() + RESTART_PAUSE_MS };
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#restarting?.catch(() => {});
    if (this.#canCheckpoint()) await this.#instance.close();
    else this.#instance.abandon(new DatabaseError("closed", CLOSED));
    await this.#held?.lock.release();
  }

  /** True if the database may write a checkpoint, which ends it. It would damage the files of another holder. */
  #canCheckpoint(): boolean {
    if (this.#instance.failure !== null) return false;
    if (this.#held === null) return true;
    try {
      this.#held.lock.assertHeld();
      assertRoom(this.#held.dataDir);
      return true;
    } catch {
      return false;
    }
  }
}

const CLOSED = "The embedded database is closed. Open the ledger again.";

function toDatabase(
  instance: Instance,
  held: HeldDirectory | null,
  durability: string,
  schema = SCHEMA_DEFAULT,
): Database {
  const running = new Running(instance, held);
  const name = createNaming(schema);
  const query = async <Row extends object>(
    on: PGlite | Transaction,
    sql: string,
    params: readonly Parameter[] = [],
  ): Promise<Row[]> => {
    running.assertUsable();
    return (await on.query<Row>(name(sql), toValues(params))).rows;
  };
  const alternate = createAlternation();
  const transact = async <T>(mode: TransactionMode, work: (on: Transaction) => Promise<T>): Promise<T> => {
    if (mode !== "snapshot") running.assertWritable();
    return alternate(async () => {
      const current = await running.get();
      return current.transaction(async (on) => {
        running.assertUsable();
        await on.exec(BEGUN[mode]);
        const result = await work(on);
        // A lock that was lost meanwhile must not lead to a COMMIT.
        running.assertUsable();
        return result;
      });
    });
  };
  const transaction = <T>(mode: TransactionMode, work: (connection: Connection) => Promise<T>) =>
    transact(mode, (on) =>
      work({
        schema,
        query: (sql, params) => query(on, sql, params),
        stream: (sql, params, chunkRows) =>
          readCursor((text, values) => query(on, text, values), sql, params, chunkRows),
        async script(sql) {
          running.assertUsable();
          await on.exec(name(sql));
        },
      }),
    );
  return {
    engine: "pglite",
    schema,
    concurrency: 1,
    durability,
    assertWritable: () => running.assertWritable(),
    query: (sql, params) => alternate(async () => query(await running.get(), sql, params)),
    write: (sql, params) => transact("write", (on) => query(on, sql, params)),
    transaction,
    close: () => running.close(),
  };
}

/** The most turns of the event loop that others have between two tasks. Together they take half of the time, at most. */
const TURNS_MAX = 32;

/**
 * Makes a function that runs tasks of the database one after the other. Each keeps the event loop while it runs. Others have
 * a turn per millisecond of it afterwards, up to the most. A turn accepts one connection only.
 */
function createAlternation(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    let sinceMs = 0;
    const result = last.then(() => {
      sinceMs = performance.now();
      return task();
    });
    const leaveTurns = async () => {
      const nowMs = performance.now();
      const tookMs = nowMs - sinceMs;
      for (let turn = 0; turn < Math.min(tookMs, TURNS_MAX); turn++) {
        await nextTurn();
        if (performance.now() - nowMs > tookMs) return;
      }
    };
    last = result.then(leaveTurns, leaveTurns);
    return result;
  };
}

/** Lets parameters that are encoded already pass the driver's encoders of arrays. The driver sends them in binary. */
function passBuffers({ serializers }: PGlite): void {
  for (const type of Object.values(ARRAY_OIDS)) {
    const serialize = serializers[type] as (value: unknown) => string;
    serializers[type] = (value) => (Buffer.isBuffer(value) ? (value as unknown as string) : serialize(value));
  }
}
