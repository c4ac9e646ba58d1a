import { micros } from "../core/amount.js";
import { digestText, GENESIS, hashEntry } from "../core/chain.js";
import type { Entry } from "../core/entry.js";
import type { Instant } from "../core/instant.js";
import { isVersion1 } from "../core/operations/fields.js";
import type { Connection } from "../db/port.js";
import { type EntryColumns, fromEntryColumns } from "../db/tables/entries.js";
import type { Finding } from "./check.js";

/** The number of entries that are read at a time. */
const CHUNK = 2_000;

/** An entry with the terms of the grant that it opened. */
type Columns = EntryColumns & {
  opened: bigint | null;
  priority: number;
  effective_at: Instant;
  expires_at: Instant | null;
};

const ENTRIES = `
  SELECT e.*, g.credits AS opened, g.priority, g.effective_at, g.expires_at
  FROM credits.entries e LEFT JOIN credits.grants g ON g.account = e.account AND g.seq = e.seq
  WHERE $1::text IS NULL OR e.account = $1::text ORDER BY e.account, e.seq`;

/**
 * Computes the hash of every entry again, from the entry before it, a chunk at a time.
 *
 * @returns the first entry that is not what its hash covers, or null
 */
export async function checkHashes(connection: Connection, account: string | null): Promise<Finding | null> {
  let before: Entry | null = null;
  for await (const chunk of connection.stream<Columns>(ENTRIES, [account], CHUNK)) {
    for (const columns of chunk) {
      const entry = withOpening(columns);
      const previous = before?.account === entry.account ? before.hash : GENESIS;
      const isWhole = isDigestValid(entry) && entry.hash === hashEntry(previous, entry);
      if (!isWhole) {
        return {
          account: entry.account,
          record: `entry ${entry.seq}`,
          problem: "is not what was hashed: it, its grant, or an entry before it was changed",
        };
      }
      before = entry;
    }
  }
  return null;
}

function withOpening(columns: Columns): Entry {
  const entry = fromEntryColumns(columns);
  if (columns.opened === null) return entry;
  const { opened, priority, effective_at: effectiveAt, expires_at: expiresAt } = columns;
  return { ...entry, opens: { credits: micros(opened), priority, effectiveAt, expiresAt } };
}

/** True if the digest proves the facts that the hash does not cover. Version 1 has neither. */
function isDigestValid({ version, title, facts, salt, digest }: Entry): boolean {
  if (version === 1) return salt === null && digest === null && isVersion1(facts);
  if (salt !== null) return digest === digestText(salt, { title, facts });
  // Without its salt the digest proves nothing, so the free text must be erased as well.
  const { description, source, member, cost, metadata, privateMetadata } = facts;
  const hasLabel = source !== null && source.label !== "";
  return (
    [title, description, member, cost, metadata, privateMetadata].every((fact) => fact === null) && !hasLabel
  );
}
