import { readFile } from "node:fs/promises";
import pg from "pg";

/** The connections of the row-lock baseline. */
export const ROW_LOCK_CONNECTIONS = 8;

/**
 * The work of the baseline in its transaction. `same` is the work of the ledger: key, grants and draws, balance, activity
 * rows, hash. `least` is that of a plain counter with a history: key, balance.
 */
export type Work = "same" | "least";

const STATEMENTS: Readonly<Record<Work, string>> = {
  same: "SELECT row_locked.spend($1, $2, $3, $4, $5) AS balance",
  least: "SELECT row_locked.spend_least($1, $2, $3, $4, $5) AS balance",
};

/** A spend as the baseline takes it. */
export interface RowLockSpend {
  readonly account: string;
  readonly micros: bigint;
  readonly description: string;
  readonly source: string;
  readonly key: string;
}

/** The connections of the baseline. */
export interface RowLock {
  /** Spends, and returns the balance in micro-credits. */
  spend(spend: RowLockSpend, work: Work): Promise<bigint>;
  close(): Promise<void>;
}

/** Creates the tables and functions of the baseline, with the ledger's accounts. */
export async function createRowLock(pool: pg.Pool): Promise<void> {
  // The compiled program is elsewhere. The SQL is read from the sources.
  const file = new URL("bench/sql/row-lock.sql", `file://${process.cwd()}/`);
  await pool.query(await readFile(file, "utf8"));
}

/** Opens the baseline on a database. */
export function openRowLock(url: string): RowLock {
  const pool = new pg.Pool({ connectionString: url, max: ROW_LOCK_CONNECTIONS });
  pool.on("error", () => {}); // The next query fails on a connection that was lost while idle.
  return {
    spend: async ({ account, micros, description, source, key }, work) => {
      const values = [account, micros, description, source, key];
      const query = { name: `bench_spend_${work}`, text: STATEMENTS[work], values };
      const { rows } = await pool.query<{ balance: string }>(query);
      return BigInt(rows[0]?.balance ?? 0);
    },
    close: () => pool.end(),
  };
}
