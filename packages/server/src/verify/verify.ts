import type { Connection, Database } from "../db/port.js";
import type { Finding } from "./check.js";
import { CHECKS } from "./checks.js";
import { checkHashes } from "./hashes.js";

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
  readonly violations: readonly Violation[];
}

const HASHES = "each entry's hash covers it and all entries before it";

const COUNTS = `
  SELECT (SELECT count(*) FROM credits.accounts WHERE $1::text IS NULL OR account = $1::text) AS accounts,
    (SELECT count(*) FROM credits.entries WHERE $1::text IS NULL OR account = $1::text) AS entries,
    (SELECT count(*) FROM credits.grants WHERE $1::text IS NULL OR account = $1::text) AS grants,
    (SELECT count(*) FROM credits.activity WHERE $1::text IS NULL OR account = $1::text) AS rows`;

/** Checks what must always be true, in one snapshot, so that it can run while the ledger is written to. */
export function verify(database: Database, options: VerifyOptions): Promise<Verification> {
  const account = options.account ?? null;
  return database.transaction("snapshot", async (connection) => {
    const [counts] = await connection.query<Record<"accounts" | "entries" | "grants" | "rows", bigint>>(
      COUNTS,
      [account],
    );
    const violations: Violation[] = [];
    for (const [name, find] of checksOn(connection, account)) {
      options.onCheck?.(name);
      const finding = await find();
      if (finding !== null) violations.push({ check: name, ...finding });
    }
    return {
      checks: [...CHECKS.map((check) => check.name), HASHES],
      accounts: Number(counts?.accounts ?? 0),
      entries: Number(counts?.entries ?? 0),
      grants: Number(counts?.grants ?? 0),
      rows: Number(counts?.rows ?? 0),
      violations,
    };
  });
}

function checksOn(
  connection: Connection,
  account: string | null,
): [name: string, find: () => Promise<Finding | null>][] {
  return [
    ...CHECKS.map(({ name, sql }): [string, () => Promise<Finding | null>] => [
      name,
      async () => (await connection.query<Finding>(toFirst(sql), [account]))[0] ?? null,
    ]),
    [HASHES, () => checkHashes(connection, account)],
  ];
}

/**
 * Returns the query of the first record that a check finds. It is planned for all records. A plan for the first record
 * alone would walk through everything per account.
 */
function toFirst(sql: string): string {
  return `WITH wrong AS MATERIALIZED (${sql}) SELECT * FROM wrong LIMIT 1`;
}
