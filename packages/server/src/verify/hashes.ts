import { micros } from "../core/amount.js";
import { digestText, GENESIS, hashEntry } from "../core/chain.js";
import type { Entry } from "../core/entry.js";
import type { Instant } from "../core/instant.js";
import { isVersion1 } from "../core/operations/fields.js";
import type { Connection } from "../db/port.js";
import { type EntryColumns, fromEntryColumns } from "../db/tables/entries.js";
import { type Check, type Finding, isIn, type Range, toParams } from "./check.js";

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
  WHERE ${isIn("e.account")} ORDER BY e.account, e.seq`;

/** Computes the hash of every entry again, from the entry before it, a chunk at a time. */
export const hashes: Check = {
  name: "each entry's hash covers it and all entries before it",
  async find(connection: Connection, range: Range): Promise<Finding | null> {
    let before: Pick<Entry, "account" | "hash"> | null = null;
    for await (const chunk of connection.stream<Columns>(ENTRIES, toParams(range), CHUNK)) {
      for (const columns of chunk) {
        const { account, seq, hash } = columns;
        const problem = findProblem(columns, before?.account === account ? before.hash : GENESIS);
        if (problem !== null) return { account, record: `entry ${seq}`, problem };
        before = { account, hash };
      }
    }
    return null;
  },
};

function findProblem(columns: Columns, previous: string): string | null {
  try {
    const entry = withOpening(columns);
    if (isDigestValid(entry) && entry.hash === hashEntry(previous, entry)) return null;
    return "is not what was hashed: it, its grant, or an entry before it was changed";
  } catch (error) {
    return `can't be read: ${(error as Error).message}`;
  }
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
