import { type Credits, createCredits } from "@credit-activity/server";
import pg from "pg";
import { createDatabase, type Database, startPostgres } from "../../tools/postgres.js";
import { connections } from "./sizes.js";

/** What the cases of a run share. */
export interface Bench {
  /** The database that the ledger and the baselines both use. */
  readonly url: string;
  readonly ledger: Credits;
  /** Plain connections, as many as the ledger has, for the baselines. */
  readonly pool: pg.Pool;
  /** How many entries the ledger holds. */
  entries(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens the ledger in a database made for this run, on a durable PostgreSQL server started for it, or on the server
 * that the URL leads to. Closing drops the database and stops the server.
 */
export async function openBench(givenUrl: string | undefined): Promise<Bench> {
  const server = givenUrl === undefined ? await startPostgres({ durable: true }) : undefined;
  let database: Database | undefined;
  const end = async () => {
    await database?.drop();
    await server?.stop();
  };
  try {
    database = await createDatabase(server?.url ?? givenUrl ?? "", "credit_activity_bench");
    const ledger = await createCredits({ database: { url: database.url, connections } });
    const pool = new pg.Pool({ connectionString: database.url, max: connections });
    pool.on("error", () => {}); // A connection lost while idle fails the next query, which says so.
    return {
      url: database.url,
      ledger,
      pool,
      entries: async () => {
        const { rows } = await pool.query<{ entries: string }>(
          "SELECT count(*) AS entries FROM credits.entries",
        );
        return Number(rows[0]?.entries);
      },
      close: async () => {
        await ledger.close();
        await pool.end();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
