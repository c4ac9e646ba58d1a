import type { Connection, Parameter } from "../db/port.js";

/** A range of accounts, with both ends. Null stands for no bound. */
export interface Range {
  readonly first: string | null;
  readonly last: string | null;
}

/** The first record that a check found to be wrong. */
export interface Finding {
  readonly account: string;
  readonly record: string;
  readonly problem: string;
}

/** A check of the accounts of a range. It returns the first wrong record, or null. */
export interface Check {
  readonly name: string;
  find(connection: Connection, range: Range): Promise<Finding | null>;
}

/**
 * A check that a database makes by itself: a query that finds the records that are wrong, and how. `$1` and `$2` are the
 * ends of the range.
 */
export interface SqlCheck {
  readonly name: string;
  readonly sql: string;
}

/** Returns the SQL that is true for accounts of the range. */
export function isIn(column: string): string {
  return `($1::text IS NULL OR ${column} >= $1::text) AND ($2::text IS NULL OR ${column} <= $2::text)`;
}

/** Returns the parameters of a query about a range. */
export function toParams({ first, last }: Range): readonly Parameter[] {
  return [first, last];
}

/** Returns a check that the database makes by itself. */
export function toCheck({ name, sql }: SqlCheck): Check {
  // A plan for the first record alone would walk through everything per account.
  const first = `WITH wrong AS MATERIALIZED (${sql}) SELECT * FROM wrong LIMIT 1`;
  return {
    name,
    find: async (connection, range) => (await connection.query<Finding>(first, toParams(range)))[0] ?? null,
  };
}
