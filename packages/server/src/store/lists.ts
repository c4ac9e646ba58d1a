import type { Entry, Grant } from "../ledger/entry.js";
import type { Connection } from "./database.js";
import { type EntryColumns, entryOf, type GrantColumns, grantOf } from "./rows.js";

const ENTRIES_UP =
  "SELECT * FROM credits.entries WHERE account = $1 AND seq >= $2::bigint ORDER BY seq LIMIT $3::integer";
const ENTRIES_DOWN =
  "SELECT * FROM credits.entries WHERE account = $1 AND seq <= $2::bigint ORDER BY seq DESC LIMIT $3::integer";

/** Entries of an account from a seq on, upwards or downwards. */
export async function listEntries(
  connection: Connection,
  account: string,
  order: "asc" | "desc",
  fromSeq: number,
  limit: number,
): Promise<Entry[]> {
  const sql = order === "asc" ? ENTRIES_UP : ENTRIES_DOWN;
  const rows = await connection.query<EntryColumns>(sql, [account, fromSeq, limit]);
  return rows.map(entryOf);
}

/** Grants of an account from a seq downwards, the newest first. */
export async function listGrants(
  connection: Connection,
  account: string,
  fromSeq: number,
  limit: number,
): Promise<Grant[]> {
  const rows = await connection.query<GrantColumns>(
    "SELECT * FROM credits.grants_now WHERE account = $1 AND seq <= $2::bigint ORDER BY seq DESC LIMIT $3::integer",
    [account, fromSeq, limit],
  );
  return rows.map(grantOf);
}
