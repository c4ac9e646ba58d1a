import { access, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { isList, listText } from "./arrays.js";
import {
  type Connection,
  type Database,
  DatabaseUnavailableError,
  parseBigints,
  parseBytes,
  parseTimestamp,
  type Step,
} from "./database.js";
import { lockFolder } from "./folder-lock.js";

const BYTEA = 17;
const INT8 = 20;
const INT8_ARRAY = 1016;
const TIMESTAMPTZ = 1184;

export interface PgliteOptions {
  /** The folder the data lives in; made when missing. Without one the data lives in memory and goes with the process. */
  readonly dataDir?: string;
}

/**
 * Opens the embedded database. It has one connection, and belongs to one process: a lock file in the folder keeps
 * others out.
 *
 * @throws DatabaseUnavailableError when another process has the folder open, or it can't be read
 */
export async function openPglite(options: PgliteOptions = {}): Promise<Database> {
  const unlock = options.dataDir === undefined ? async () => {} : await lock(options.dataDir);
  try {
    const folder = options.dataDir === undefined ? {} : { dataDir: await prepare(options.dataDir) };
    const database = await PGlite.create({
      ...folder,
      parsers: {
        [BYTEA]: parseBytes,
        [INT8]: BigInt,
        [INT8_ARRAY]: parseBigints,
        [TIMESTAMPTZ]: parseTimestamp,
      },
    });
    await database.exec("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'");
    return seam(database, unlock, options.dataDir);
  } catch (error) {
    await unlock();
    throw new DatabaseUnavailableError(
      `The embedded database in "${options.dataDir ?? "memory"}" could not be opened: ${(error as Error).message}. If its files are damaged, restore a copy or start with another folder.`,
      { cause: error },
    );
  }
}

async function lock(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true });
  return lockFolder(dataDir);
}

/**
 * The folder of the database's files. They are first made in another and moved when they are whole, so that a process
 * killed meanwhile leaves nothing that can't be opened.
 */
async function prepare(dataDir: string): Promise<string> {
  const folder = path.join(dataDir, "postgres");
  if (await isThere(folder)) return folder;
  const unfinished = path.join(dataDir, "postgres.unfinished");
  await rm(unfinished, { recursive: true, force: true });
  const database = await PGlite.create({ dataDir: unfinished });
  await database.close();
  await rename(unfinished, folder);
  return folder;
}

/** Whether a data folder holds an embedded database. */
export async function hasPglite(dataDir: string): Promise<boolean> {
  return isThere(path.join(dataDir, "postgres"));
}

async function isThere(folder: string): Promise<boolean> {
  return access(folder).then(
    () => true,
    () => false,
  );
}

function seam(database: PGlite, unlock: () => Promise<void>, dataDir: string | undefined): Database {
  const run = async <Row extends object>(
    on: PGlite | Transaction,
    sql: string,
    params?: readonly unknown[],
  ): Promise<Row[]> => {
    if (database.closed) throw new DatabaseUnavailableError("The embedded database has been closed.");
    return (await on.query<Row>(sql, params === undefined ? [] : [...params])).rows;
  };
  const runAll = async (on: Transaction, steps: readonly Step[]): Promise<object[][]> => {
    const results: object[][] = [];
    for (const step of steps) {
      if ("sql" in step) results.push(await run(on, step.sql, step.params.map(parameterOf)));
      else results.push(await copy(on, step.copy, step.lines));
    }
    return results;
  };
  return {
    engine: "pglite",
    concurrency: 1,
    durability:
      dataDir === undefined
        ? "Embedded PGlite in memory: everything is gone when the process ends."
        : "Embedded PGlite: a reply survives a crash of the process; a power cut can lose the last commits, because it runs without fsync. Use PostgreSQL for production.",
    query: (sql, params) => run(database, sql, params),
    run: (steps) => database.transaction((transaction) => runAll(transaction, steps)),
    transaction: (work) =>
      database.transaction((transaction) => {
        const connection: Connection = {
          query: (sql, params) => run(transaction, sql, params),
          run: (steps) => runAll(transaction, steps),
        };
        scripts.set(connection, transaction);
        return work(connection);
      }),
    script: async (connection, sql) => {
      await scripts.get(connection)?.exec(sql);
    },
    close: async () => {
      if (database.closed) return;
      await database.close();
      await unlock();
    },
  };
}

/** Lists go as text: the embedded database's client takes no binary parameters. */
function parameterOf(param: unknown): unknown {
  return isList(param) ? listText(param) : param;
}

/** The embedded database takes COPY's lines from a device of its own, and not from a stream. */
async function copy(on: Transaction, sql: string, lines: Buffer): Promise<object[]> {
  const fromDevice = sql.replace("FROM STDIN", "FROM '/dev/blob'");
  const { rows } = await on.query<object>(fromDevice, [], { blob: new Blob([lines]) });
  return rows;
}

/** The transaction behind a connection; only it can run a script of several statements. */
const scripts = new WeakMap<Connection, Transaction>();
