import type { Database } from "../db/port.js";

const FREE = "SELECT account FROM credits.accounts WHERE account = ANY ($1::text[]) FOR UPDATE SKIP LOCKED";
const ALL = "SELECT account FROM credits.accounts WHERE account = ANY ($1::text[])";

/** Returns those of some accounts that another session has locked, without waiting for it. */
export async function probe(database: Database, accounts: readonly string[]): Promise<Set<string>> {
  const params = [accounts];
  const free = await database.write<{ account: string }>(FREE, params);
  const all = await database.write<{ account: string }>(ALL, params);
  const locked = new Set(all.map(({ account }) => account));
  for (const { account } of free) locked.delete(account);
  return locked;
}
