import type {} from "vitest";
import type { TestProject } from "vitest/node";
import { query, startPostgres } from "./postgres.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The URL of a PostgreSQL server for tests, as superuser. Each test file creates a database on it. */
    databaseUrl: string;
  }
}

const VERSION_MIN = 150_000;

/**
 * Provides `inject("databaseUrl")`: the server of TEST_DATABASE_URL if it is set. Otherwise one is started for this
 * run and stopped after it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined && given !== "") {
    await check(given);
    project.provide("databaseUrl", given);
    return async () => {};
  }
  const server = await startPostgres();
  project.provide("databaseUrl", server.url);
  return () => server.stop().catch(failTheRun);
}

/** Makes the run fail if the server is left behind. Vitest prints an error of a teardown, but exits with code 0. */
function failTheRun(error: unknown): never {
  process.exitCode = 1;
  throw error;
}

async function check(url: string): Promise<void> {
  const sql =
    "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number";
  const [row] = await query(url, sql).catch((error: unknown) => {
    throw new Error(
      "The PostgreSQL server of TEST_DATABASE_URL cannot be reached. Start it or correct the URL, or unset " +
        "TEST_DATABASE_URL to let the tests start a server.",
      { cause: error },
    );
  });
  if (Number(row?.number) < VERSION_MIN) {
    throw new Error(
      `The PostgreSQL server of TEST_DATABASE_URL is version ${row?.version}, which is too old. Give the URL of a ` +
        "server of version 15 or newer, or unset TEST_DATABASE_URL to let the tests start a server.",
    );
  }
}
