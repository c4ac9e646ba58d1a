import { createHostileDatabase } from "../../../tools/hostile-database.js";
import type { Instant } from "../src/core/instant.js";
import { migrate } from "../src/db/migrations.js";
import { openPglite } from "../src/db/pglite/open.js";
import type { Database, Parameter } from "../src/db/port.js";
import { openPostgres } from "../src/db/postgres/open.js";
import { putSettings, type Settings } from "../src/engine/settings.js";

/** A database for one test file. */
export interface TestDatabase {
  readonly database: Database;
  /** The URL that opens the same database again. Null for the embedded one, which is in memory. */
  readonly url: string | null;
  drop(): Promise<void>;
}

/** The engines that the suite runs on. */
export const ENGINES = ["pglite", "postgres"] as const;
export type Engine = (typeof ENGINES)[number];

/** Opens a new database with the ledger's schema. */
export async function openTestDatabase(engine: Engine): Promise<TestDatabase> {
  const test = await openEmptyDatabase(engine);
  await migrate(test.database);
  return test;
}

/** Opens a new database without tables. */
export function openEmptyDatabase(engine: Engine): Promise<TestDatabase> {
  return engine === "pglite" ? openEmbedded() : openServer();
}

async function openEmbedded(): Promise<TestDatabase> {
  const database = await openPglite();
  return { database, url: null, drop: () => database.close() };
}

async function openServer(): Promise<TestDatabase> {
  const { url, drop } = await createHostileDatabase("credits");
  const database = openPostgres({ url });
  return {
    database,
    url,
    async drop() {
      await database.close();
      await drop();
    },
  };
}

/** Passes the rows of a statement to `take`, 10 at a time, in one snapshot. */
export function readChunks<Row extends object>(
  database: Database,
  sql: string,
  params: readonly Parameter[],
  take: (rows: readonly Row[]) => unknown,
): Promise<void> {
  return database.transaction("snapshot", async (connection) => {
    for await (const rows of connection.stream<Row>(sql, params, 10)) await take(rows);
  });
}

/** Runs statements that change data or the schema. */
export function runScript(database: Database, sql: string): Promise<void> {
  return database.transaction("migration", (connection) => connection.script(sql));
}

const UNCHANGED: Settings = {
  name: undefined,
  timeZone: undefined,
  overdraftLimit: undefined,
  metadata: undefined,
};

/** Creates an account or changes settings of it. */
export function putAccount(
  database: Database,
  account: string,
  settings: Partial<Settings>,
  now: Instant,
): Promise<boolean | null> {
  return putSettings(database, account, { ...UNCHANGED, ...settings }, now);
}
