import type { Entry, Grant } from "../core/entry.js";
import type { Reader } from "../db/port.js";
import { type EntryColumns, fromEntryColumns } from "../db/tables/entries.js";
import { fromGrantColumns, type GrantColumns } from "../db/tables/grants.js";

const ENTRIES_UP =
  "SELECT * FROM credits.entries WHERE account = $1 AND seq >= $2::bigint ORDER BY seq LIMIT $3::integer";
const ENTRIES_DOWN =
  "SELECT * FROM credits.entries WHERE account = $1 AND seq <= $2::bigint ORDER BY seq DESC LIMIT $3::integer";

/** Reads entries of an account from a seq on, upwards or downwards. */
export async function listEntries(
  reader: Reader,
  account: string,
  order: "asc" | "desc",
  fromSeq: number,
  limit: number,
): Promise<Entry[]> {
  const sql = order === "asc" ? ENTRIES_UP : ENTRIES_DOWN;
  const rows = await reader.query<EntryColumns>(sql, [account, fromSeq, limit]);
  return rows.map(fromEntryColumns);
}

/** Reads grants of an account from a seq downwards, the newest first. */
export async function listGrants(
  reader: Reader,
  account: string,
  fromSeq: number,
  limit: number,
): Promise<Grant[]> {
  const rows = await reader.query<GrantColumns>(
    "SELECT * FROM credits.grants_now WHERE account = $1 AND seq <= $2::bigint ORDER BY seq DESC LIMIT $3::integer",
    [account, fromSeq, limit],
  );
  return rows.map(fromGrantColumns);
}
