import type { Database } from "../db/port.js";

/** The rows of an account that a batch updates, as conditions on their tables. */
const UPDATED = [
  "credits.accounts WHERE account = ANY ($1::text[])",
  "credits.grants WHERE account = ANY ($1::text[]) AND remaining > 0",
  "credits.holds WHERE account = ANY ($1::text[]) AND status = 'open'",
  "credits.labels WHERE account = ANY ($1::text[])",
];

/** Returns those of some accounts of which another session has locked a row, without waiting for it. */
export async function probe(database: Database, accounts: readonly string[]): Promise<Set<string>> {
  const locked = new Set<string>();
  for (const rows of UPDATED) {
    const free = await count(database, `${rows} FOR UPDATE SKIP LOCKED`, accounts);
    for (const [account, all] of await count(database, rows, accounts)) {
      if ((free.get(account) ?? 0) < all) locked.add(account);
    }
  }
  return locked;
}

/** Returns the number of rows by account. */
async function count(
  database: Database,
  rows: string,
  accounts: readonly string[],
): Promise<Map<string, number>> {
  const sql = `SELECT account, count(*)::integer AS rows FROM (SELECT account FROM ${rows}) r GROUP BY account`;
  const counted = await database.write<{ account: string; rows: number }>(sql, [accounts]);
  return new Map(counted.map((one) => [one.account, one.rows]));
}
