import type { Database } from "../db/port.js";
import { makeCheck } from "./attempt.js";
import { type Check, type Finding, isIn, toCheck, toParams } from "./check.js";
import { CHECKS } from "./checks.js";
import { hashes } from "./hashes.js";
import { holdHashes } from "./hold-hashes.js";
import { openWindows } from "./open-windows.js";
import { schema } from "./schema.js";

export interface VerifyOptions {
  /** The account to check; all when left out. */
  readonly account?: string | null;
  /** Called with each check before it is made. */
  readonly onCheck?: ((name: string) => void) | null;
}

/** A record that is wrong. */
export interface Violation extends Finding {
  /** The check that found it. */
  readonly check: string;
}

/** The checks and the counts of their records, with the first record that each failed check found. */
export interface Verification {
  readonly checks: readonly string[];
  readonly accounts: number;
  readonly entries: number;
  readonly grants: number;
  readonly rows: number;
  /** The entries whose free text was erased. */
  readonly anonymized: number;
  /** The accounts whose erasure was begun and is not complete. The sweep goes on with it. */
  readonly erasing: number;
  readonly violations: readonly Violation[];
}

/** All checks in their order. Those of the schema and of open windows come first, because others rely on both. */
const ALL: readonly Check[] = [schema, openWindows, ...CHECKS.map(toCheck), holdHashes, hashes];

const COUNTS = `
  SELECT (SELECT count(*) FROM credits.accounts WHERE ${isIn("account")}) AS accounts,
    (SELECT count(*) FROM credits.entries WHERE ${isIn("account")}) AS entries,
    (SELECT count(*) FROM credits.grants WHERE ${isIn("account")}) AS grants,
    (SELECT coalesce(sum(rows_all), 0)::bigint FROM credits.accounts WHERE ${isIn("account")}) AS rows,
    (SELECT count(*) FROM credits.entries e WHERE ${isIn("e.account")} AND e.salt IS NULL
      AND e.seq < (SELECT max(x.seq) FROM credits.erasures x WHERE x.account = e.account)) AS anonymized,
    (SELECT count(DISTINCT account) FROM credits.erasures WHERE ${isIn("account")} AND erased_at IS NULL) AS erasing`;

/** Checks what must always be true, in one snapshot, so that it can run while the ledger is written to. */
export function verify(database: Database, options: VerifyOptions): Promise<Verification> {
  const account = options.account ?? null;
  const range = { first: account, last: account };
  return database.transaction("snapshot", async (connection) => {
    const [counts] = await connection.query<
      Record<"accounts" | "entries" | "grants" | "rows" | "anonymized" | "erasing", bigint>
    >(COUNTS, toParams(range));
    const violations: Violation[] = [];
    for (const check of ALL) {
      options.onCheck?.(check.name);
      const finding = await makeCheck(connection, check, range);
      if (finding !== null) violations.push({ check: check.name, ...finding });
    }
    return {
      checks: ALL.map(({ name }) => name),
      accounts: Number(counts?.accounts ?? 0),
      entries: Number(counts?.entries ?? 0),
      grants: Number(counts?.grants ?? 0),
      rows: Number(counts?.rows ?? 0),
      anonymized: Number(counts?.anonymized ?? 0),
      erasing: Number(counts?.erasing ?? 0),
      violations,
    };
  });
}
