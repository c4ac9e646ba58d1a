/**
 * A check that a database makes by itself: a query that finds the records that are wrong, and how. `$1` is an account, or
 * null for all. Together with the hashes the checks cover what must always be true.
 */
export interface Check {
  readonly name: string;
  readonly sql: string;
}

/** The columns that every check returns. */
export interface Finding {
  readonly account: string;
  readonly record: string;
  readonly problem: string;
}

/** The condition that a row is of the account to check. */
export const ONE = "($1::text IS NULL OR account = $1::text)";
