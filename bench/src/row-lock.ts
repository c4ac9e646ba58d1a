import { readFile } from "node:fs/promises";
import pg from "pg";

/** How many connections the row-lock baseline has. */
export const row_lock_connections = 8;

/**
 * How much the baseline does in its transaction: the same work as the ledger (key, grants and draws, running balance,
 * activity rows, hash), or only what a plain counter with a history needs (key, running balance).
 */
export type Work = "same" | "least";

const statements: Readonly<Record<Work, string>> = {
  same: "SELECT row_locked.spend($1, $2, $3, $4, $5) AS balance",
  least: "SELECT row_locked.spend_least($1, $2, $3, $4, $5) AS balance",
};

/** A spend as the baseline takes it. The amount is in micro-credits. */
export interface RowLockSpend {
  readonly account: string;
  readonly credits: bigint;
  readonly description: string;
  readonly source: string;
  readonly key: string;
}

/** The baseline's own connections. */
export interface RowLock {
  /** Spends and answers the balance after it, in micro-credits. */
  spend(spend: RowLockSpend, work: Work): Promise<bigint>;
  close(): Promise<void>;
}

/** Makes the tables and functions that the baseline works with, with the ledger's accounts. */
export async function createRowLocked(pool: pg.Pool): Promise<void> {
  // The compiled program lies elsewhere; the SQL is read where it is written.
  const file = new URL("bench/sql/row-lock.sql", `file://${process.cwd()}/`);
  await pool.query(await readFile(file, "utf8"));
}

/** Opens the baseline on the database of the URL. */
export function openRowLock(url: string): RowLock {
  const pool = new pg.Pool({ connectionString: url, max: row_lock_connections });
  pool.on("error", () => {}); // A connection lost while idle fails the next query, which says so.
  return {
    spend: async ({ account, credits, description, source, key }, work) => {
      const values = [account, credits, description, source, key];
      const query = { name: `bench_spend_${work}`, text: statements[work], values };
      const { rows } = await pool.query<{ balance: string }>(query);
      return BigInt(rows[0]?.balance ?? 0);
    },
    close: () => pool.end(),
  };
}
