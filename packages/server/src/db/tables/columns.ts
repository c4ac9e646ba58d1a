import type { Parameter, SqlArray } from "../port.js";

/** A column as it is written: by an array with the value of each record. */
export interface Column<T> {
  readonly name: string;
  readonly array: SqlArray["array"];
  /** The type that the array's elements are cast to, where it is another one. */
  readonly cast?: "smallint" | "integer" | "bigint[]" | "jsonb";
  /** Returns the column's value of a record. */
  readonly value: (record: T) => ReturnType<SqlArray["value"]>;
}

/** A record of an account. */
export interface Owned<T> {
  readonly account: string;
  /** The number of the account's change that writes the record. */
  readonly change: number;
  readonly record: T;
}

/** Returns columns of a part of a record. */
export function within<T, Part>(columns: readonly Column<Part>[], part: (record: T) => Part): Column<T>[] {
  return columns.map((column) => ({ ...column, value: (record) => column.value(part(record)) }));
}

/** Returns columns with the account before them. */
export function withAccount<T>(columns: readonly Column<T>[]): Column<Owned<T>>[] {
  return [
    { name: "account", array: "text", value: ({ account }) => account },
    ...within(columns, ({ record }: Owned<T>) => record),
  ];
}

/** The column of the account's change that has written a record last. */
export const CHANGE: Column<Owned<unknown>> = {
  name: "change",
  array: "bigint",
  value: ({ change }) => change,
};

/** A part of a statement, with its parameters numbered from `$1`. */
export interface Part {
  /** Stands for the SQL of the part. */
  readonly name: string;
  /** A named statement of a WITH clause, such as `entries AS (INSERT ...)`; null for a check alone. */
  readonly cte: string | null;
  /** A SELECT that calls `credits.fail` where the write must not happen; null for none. */
  readonly check: string | null;
  readonly params: readonly Parameter[];
}

/**
 * Makes the part of a statement that inserts records of a table.
 *
 * @param onConflict an ON CONFLICT clause
 */
export function insertInto<T>(
  name: string,
  columns: readonly Column<T>[],
  onConflict = "",
): (records: readonly T[]) => readonly Part[] {
  const names = columns.map((column) => column.name).join(", ");
  // In the SELECT list an array that is shorter, such as an empty one, is filled with nulls.
  const values = columns.map(
    ({ array, cast }, at) => `unnest($${at + 1}::${array}[])${cast === undefined ? "" : `::${cast}`}`,
  );
  const insert = `INSERT INTO credits.${name} (${names}) SELECT ${values.join(", ")} ${onConflict}`;
  const cte = `new_${name} AS (${insert})`;
  return (records) =>
    records.length === 0 ? [] : [{ name, cte, check: null, params: toArrays(columns, records) }];
}

/** Returns the SQL of a table that has columns as they are given, with arrays from `$1` on. */
export function toTable<T>(name: string, columns: readonly Column<T>[]): string {
  const arrays = columns.map(({ array }, at) => `$${at + 1}::${array}[]`);
  return `unnest(${arrays.join(", ")}) AS ${name} (${columns.map((column) => column.name).join(", ")})`;
}

/** Returns the arrays of columns of records, which must not change. */
export function toArrays<T>(columns: readonly Column<T>[], records: readonly T[]): SqlArray[] {
  return columns.map(({ array, value }) => ({ array, records, value }));
}

/** Returns the arrays of columns of records that may change before they are sent: of their values now. */
export function toArraysNow<T>(columns: readonly Column<T>[], records: readonly T[]): SqlArray[] {
  return columns.map(({ array, value }) => ({ array, records: records.map(value), value: (taken) => taken }));
}
