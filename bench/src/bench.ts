import { createLedger, type LocalLedger } from "@credit-activity/server";
import pg from "pg";
import { createDatabase, type Database, startPostgres } from "../../tools/postgres.js";
import { CONNECTIONS } from "./sizes.js";

/** The parts that the cases of a run share. */
export interface Bench {
  /** The database of the ledger and of the baselines. */
  readonly url: string;
  readonly ledger: LocalLedger;
  /** Plain connections for the baselines, as many as the ledger has. */
  readonly pool: pg.Pool;
  /** Counts the entries of the ledger. */
  entries(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens the ledger in a new database, on the server of the URL or on a durable PostgreSQL server that is started for the
 * run. Closing drops the database and stops the server.
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
    const ledger = await createLedger({ database: { url: database.url, connections: CONNECTIONS } });
    const pool = new pg.Pool({ connectionString: database.url, max: CONNECTIONS });
    pool.on("error", () => {}); // The next query fails on a connection that was lost while idle.
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
