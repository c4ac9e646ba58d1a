/** An array as a parameter: one element per record. They are taken when it is sent, so the records must not change. */
export interface SqlArray {
  /** The type of the elements. bytea is bytes in hex, and timestamptz microseconds since 1970. */
  readonly array: "text" | "bigint" | "bytea" | "boolean" | "timestamptz";
  readonly records: readonly unknown[];
  /** Returns the element of a record. */
  readonly value: (record: never) => Scalar;
}

type Scalar = string | number | bigint | boolean | null;

/** Parameter of a statement. Long arrays cost less as `SqlArray`. */
export type Parameter = Scalar | readonly Scalar[] | SqlArray;

/** True if a parameter is an array with a type. */
export function isSqlArray(param: Parameter): param is SqlArray {
  return typeof param === "object" && param !== null && "array" in param;
}

/**
 * Modes of a transaction:
 * - `write` is read committed, on a writers' connection, with time limits.
 * - `snapshot` is repeatable read and read-only, on a readers' connection, without a time limit.
 * - `migration` may change the schema, wait for locks and run for as long as it takes.
 */
export type TransactionMode = "write" | "snapshot" | "migration";

/** Reads of a database, or of one transaction. */
export interface Reader {
  /** The schema that has the ledger. Statements are written with the default one, and run in this one. */
  readonly schema: string;
  /**
   * Runs one statement. bigint columns are `bigint`, timestamptz columns are microseconds since 1970 (a number),
   * bytea columns are hex strings, and json columns are values.
   */
  query<Row extends object>(sql: string, params?: readonly Parameter[]): Promise<Row[]>;
}

/** The connection of one transaction. */
export interface Connection extends Reader {
  /**
   * Reads the rows of one statement through a cursor, in chunks of at most `chunkRows` rows, all from one snapshot.
   * The cursor stays open until the last chunk, or until the loop is left.
   */
  stream<Row extends object>(
    sql: string,
    params: readonly Parameter[],
    chunkRows: number,
  ): AsyncIterable<Row[]>;
  /** Runs several statements without parameters, such as a migration. */
  script(sql: string): Promise<void>;
}

/**
 * The one port to Postgres, real or embedded. `query` runs on read-only connections.
 * Whatever changes data runs through `write` or `transaction`.
 */
export interface Database extends Reader {
  readonly engine: "postgres" | "pglite";
  /** The number of writing transactions that can make progress at once. */
  readonly concurrency: number;
  /** Sentence for the operator about the failures a commit survives. */
  readonly durability: string;
  /**
   * Checks cheaply that the database takes writes.
   *
   * @throws DatabaseError when it is known to take none
   */
  assertWritable(): void;
  /** Runs one statement that may write, on a writers' connection. It is one transaction, in one round trip. */
  write<Row extends object>(sql: string, params?: readonly Parameter[]): Promise<Row[]>;
  /** Runs a transaction. It commits when `work` resolves and rolls back when `work` rejects. */
  transaction<T>(mode: TransactionMode, work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Waits for running statements and closes the connections. */
  close(): Promise<void>;
}
