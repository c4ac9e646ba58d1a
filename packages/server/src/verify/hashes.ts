import { micros } from "../core/amount.js";
import { digestText, GENESIS, hashEntry } from "../core/chain.js";
import type { Entry } from "../core/entry.js";
import type { Instant } from "../core/instant.js";
import { isVersion1 } from "../core/operations/fields.js";
import type { Connection } from "../db/port.js";
import { type EntryColumns, fromEntryColumns } from "../db/tables/entries.js";
import { type Check, type Finding, isIn, type Range, toParams } from "./check.js";
import { FIRST_EXPIRIES, OPENED_WITH } from "./first-expiries.js";

/** The number of entries that are read at a time. */
const CHUNK = 2_000;

/** An entry with the terms of the grant that it opened, with the expiry that it moved, and with its erasure. */
type Columns = EntryColumns & {
  opened: bigint | null;
  priority: number;
  effective_at: Instant;
  expires_at: Instant | null;
  only_kinds: string[] | null;
  has_moved: boolean;
  moved_before: Instant | null;
  moved_after: Instant | null;
  is_erased: boolean;
};

const ENTRIES = `
  SELECT e.*, g.credits AS opened, g.priority, g.effective_at, g.only_kinds,
    ${OPENED_WITH} AS expires_at,
    m.account IS NOT NULL AS has_moved, m.expires_before AS moved_before, m.expires_at AS moved_after,
    coalesce(e.seq < x.seq, false) AS is_erased
  FROM credits.entries e LEFT JOIN credits.grants g ON g.account = e.account AND g.seq = e.seq
  ${FIRST_EXPIRIES}
  LEFT JOIN credits.expiries m ON m.account = e.account AND m.seq = e.seq
  LEFT JOIN (
    SELECT account, max(a.seq) AS seq FROM credits.erasures JOIN credits.entries a USING (account, seq)
    WHERE a.kind = 'anonymization' AND ${isIn("account")} GROUP BY account
  ) x ON x.account = e.account
  WHERE ${isIn("e.account")} ORDER BY e.account, e.seq`;

/**
 * Computes the hash of every entry again, from the entry before it, a chunk at a time. The hash of an entry of version 1
 * covers its free text itself. Once that is erased, it only proves the entries after it.
 */
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
    const isErased = columns.is_erased && entry.salt === null && hasNoText(entry);
    const isHashed = entry.hash === hashEntry(previous, entry);
    if (isErased ? isHashed || entry.version === 1 : isHashed && isDigestValid(entry)) return null;
    return "is not what was hashed: it, its grant, or an entry before it was changed";
  } catch (error) {
    return `can't be read: ${(error as Error).message}`;
  }
}

function withOpening(columns: Columns): Entry {
  const { opened, priority, effective_at: effectiveAt, expires_at: expiresAt, only_kinds: only } = columns;
  return {
    ...fromEntryColumns(columns),
    expiry: columns.has_moved ? { before: columns.moved_before, after: columns.moved_after } : null,
    opens: opened === null ? null : { credits: micros(opened), priority, effectiveAt, expiresAt, only },
  };
}

/** True if the digest proves the facts that the hash does not cover. Version 1 has neither. */
function isDigestValid({ version, title, facts, salt, digest }: Entry): boolean {
  if (version === 1) return salt === null && digest === null && isVersion1(facts);
  return salt !== null && digest === digestText(salt, { title, facts });
}

/** True if an entry has none of the free text that an erasure takes. */
function hasNoText({ title, facts }: Entry): boolean {
  const { description, source, member, cost, metadata, privateMetadata } = facts;
  const hasLabel = source !== null && source.label !== "";
  return (
    [title, description, member, cost, metadata, privateMetadata].every((fact) => fact === null) && !hasLabel
  );
}
