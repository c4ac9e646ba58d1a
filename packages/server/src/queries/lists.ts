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

/** The facts that entries have to have. Null allows any. */
export interface EntryFilter {
  readonly kind: string | null;
  /** The id of the source, or its label if it has no id. */
  readonly source: string | null;
  readonly project: string | null;
  readonly member: string | null;
  readonly task: string | null;
}

/** A span of seqs, both included. */
export interface SeqSpan {
  readonly first: number;
  readonly last: number;
}

const toFiltered = (order: "ASC" | "DESC") => `
  SELECT * FROM credits.entries e
  WHERE e.account = $1 AND e.seq >= $2::bigint AND e.seq <= $3::bigint
    AND ($5::text IS NULL OR e.kind = $5)
    AND ($6::text IS NULL OR coalesce(e.source_id, e.source_label) = $6)
    AND ($7::text IS NULL OR e.project = $7)
    AND ($8::text IS NULL OR e.member = $8)
    AND ($9::text IS NULL OR e.task = $9)
  ORDER BY e.seq ${order} LIMIT $4::integer`;

const FILTERED = { asc: toFiltered("ASC"), desc: toFiltered("DESC") };

/** Reads the entries of a span that a filter lets pass. It reads the whole span if few of them pass. */
export async function listFilteredEntries(
  reader: Reader,
  account: string,
  order: "asc" | "desc",
  { first, last }: SeqSpan,
  filter: EntryFilter,
  limit: number,
): Promise<Entry[]> {
  const { kind, source, project, member, task } = filter;
  const params = [account, first, last, limit, kind, source, project, member, task];
  const rows = await reader.query<EntryColumns>(FILTERED[order], params);
  return rows.map(fromEntryColumns);
}

/** Reads the entry of a command by its key, or null. */
export async function readEntryByKey(reader: Reader, account: string, key: string): Promise<Entry | null> {
  const [columns] = await reader.query<EntryColumns>(
    "SELECT * FROM credits.entries WHERE account = $1 AND key = $2",
    [account, key],
  );
  return columns === undefined ? null : fromEntryColumns(columns);
}

/** Reads an entry, or null. */
export async function readEntry(reader: Reader, account: string, seq: number): Promise<Entry | null> {
  const [columns] = await reader.query<EntryColumns>(
    "SELECT * FROM credits.entries WHERE account = $1 AND seq = $2::bigint",
    [account, seq],
  );
  return columns === undefined ? null : fromEntryColumns(columns);
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
