import { GENESIS, hashEntry } from "../../ledger/chain.js";
import type { Connection } from "../database.js";
import { type EntryColumns, entryOf } from "../rows.js";
import type { Finding } from "./checks.js";

/** How many entries are read at a time. */
const CHUNK = 2_000;

const NEXT = `
  SELECT * FROM credits.entries
  WHERE (account, seq) > ($1, $2::bigint) AND ($3::text IS NULL OR account = $3::text)
  ORDER BY account, seq LIMIT ${CHUNK}`;

/**
 * Recomputes the hash of every entry from the one before it, a chunk at a time.
 *
 * @returns the first entry whose hash is not what its content says, or null
 */
export async function checkHashes(connection: Connection, account: string | null): Promise<Finding | null> {
  let at = { account: account ?? "", seq: 0 };
  let previous = GENESIS;
  for (;;) {
    const chunk = await connection.query<EntryColumns>(NEXT, [at.account, at.seq, account]);
    for (const columns of chunk) {
      const entry = entryOf(columns);
      if (entry.account !== at.account || entry.seq === 1) previous = GENESIS;
      if (hashEntry(previous, entry) !== entry.hash) {
        return {
          account: entry.account,
          line: `entry ${entry.seq}`,
          problem: "is not what was sealed: it, or an entry before it, has been changed",
        };
      }
      previous = entry.hash;
      at = { account: entry.account, seq: entry.seq };
    }
    if (chunk.length < CHUNK) return null;
  }
}
