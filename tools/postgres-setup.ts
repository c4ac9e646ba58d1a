import type {} from "vitest";
import type { TestProject } from "vitest/node";
import { serverVersion, startPostgres } from "./postgres.js";

declare module "vitest" {
  interface ProvidedContext {
    /** A PostgreSQL server for tests, as a superuser; each test file creates a database of its own on it. */
    databaseUrl: string;
  }
}

const version_number_min = 150_000;

/**
 * Gives the tests a PostgreSQL server as `inject("databaseUrl")`: that of TEST_DATABASE_URL, or else one started
 * for this run and stopped after it.
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

/** Vitest prints what a teardown throws and exits as if nothing had happened; a server left behind is a failure. */
function failTheRun(error: unknown): never {
  process.exitCode = 1;
  throw error;
}

async function check(url: string): Promise<void> {
  const version = await serverVersion(url).catch((error: unknown) => {
    throw new Error(
      "The PostgreSQL server of TEST_DATABASE_URL cannot be reached. Start it or correct the URL, or unset " +
        "TEST_DATABASE_URL to have the tests start a server of their own.",
      { cause: error },
    );
  });
  if (version.number < version_number_min) {
    throw new Error(
      `The PostgreSQL server of TEST_DATABASE_URL is version ${version.text}; the ledger needs 15 or newer. Give the ` +
        "URL of a newer one, or unset TEST_DATABASE_URL to have the tests start a server of their own.",
    );
  }
}
