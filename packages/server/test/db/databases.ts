import { inject } from "vitest";
import { createDatabase } from "../../../../tools/postgres.js";
import { migrate } from "../../src/db/migrations.js";
import { openPglite } from "../../src/db/pglite/open.js";
import type { Database } from "../../src/db/port.js";
import { openPostgres } from "../../src/db/postgres/open.js";

/** A database for one test file. */
export interface TestDatabase {
  readonly database: Database;
  drop(): Promise<void>;
}

/** Engines that the suite runs on. */
export const ENGINES = ["pglite", "postgres"] as const;
export type Engine = (typeof ENGINES)[number];

/** Opens a new database with the ledger's schema. */
export async function openTestDatabase(engine: Engine): Promise<TestDatabase> {
  const test = await openEmptyDatabase(engine);
  await migrate(test.database);
  return test;
}

/** Opens a new database without tables. */
export async function openEmptyDatabase(engine: Engine): Promise<TestDatabase> {
  if (engine === "pglite") {
    const database = await openPglite();
    return { database, drop: () => database.close() };
  }
  const { url, drop } = await createDatabase(inject("databaseUrl"), "credits");
  const database = openPostgres({ url });
  return {
    database,
    async drop() {
      await database.close();
      await drop();
    },
  };
}

/** Runs statements that change the schema. */
export function runScript(database: Database, sql: string): Promise<void> {
  return database.transaction("migration", (connection) => connection.script(sql));
}
