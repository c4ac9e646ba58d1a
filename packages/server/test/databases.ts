import { inject } from "vitest";
import { createDatabase } from "../../../tools/postgres.js";
import type { Database } from "../src/store/database.js";
import { migrate } from "../src/store/migrate.js";
import { openPglite } from "../src/store/pglite.js";
import { openPostgres } from "../src/store/postgres.js";

/** A database of its own for one test file. */
export interface TestDatabase {
  readonly database: Database;
  /** What `createCredits` takes to open the same database again; null for the embedded one, which lives in memory. */
  readonly url: string | null;
  drop(): Promise<void>;
}

/** The engines the store's suite runs on. */
export const ENGINES = ["pglite", "postgres"] as const;
export type Engine = (typeof ENGINES)[number];

/** Opens a fresh, migrated database. */
export async function openTestDatabase(engine: Engine): Promise<TestDatabase> {
  const test = await openEmptyDatabase(engine);
  await migrate(test.database);
  return test;
}

/** Opens a fresh database without any tables. */
export function openEmptyDatabase(engine: Engine): Promise<TestDatabase> {
  return engine === "pglite" ? openEmbedded() : openServer();
}

async function openEmbedded(): Promise<TestDatabase> {
  const database = await openPglite();
  return { database, url: null, drop: () => database.close() };
}

async function openServer(): Promise<TestDatabase> {
  const { url, drop } = await createDatabase(inject("databaseUrl"), "credits");
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
