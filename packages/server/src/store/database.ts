/** A statement to run, with its parameters (also a `List` of arrays.ts), or lines to add to a table. */
export type Step =
  | { readonly sql: string; readonly params: readonly unknown[] }
  | {
      /** A `COPY ... FROM STDIN (FORMAT binary)`. */
      readonly copy: string;
      /** The lines, in COPY's binary format. */
      readonly lines: Buffer;
    };

/** What queries run on: a pool, a connection within a transaction, or an embedded database. */
export interface Connection {
  /**
   * Runs one statement. bigint columns come as `bigint`, timestamptz as microseconds since the epoch (a number),
   * bytea as hex, json as values.
   */
  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /**
   * Runs statements one after the other, in one round trip where the database is a server. Outside a transaction they
   * are one of their own: a failure undoes all of them.
   *
   * @returns the rows of each statement
   */
  run(steps: readonly Step[]): Promise<object[][]>;
}

/** A migration may wait and run for as long as it takes; what the ledger does all day may not. */
export type TransactionMode = "read committed" | "read-only snapshot" | "migration";

/** The one seam between the ledger and Postgres, real or embedded. */
export interface Database extends Connection {
  readonly engine: "postgres" | "pglite";
  /** How many transactions can make progress at once. */
  readonly concurrency: number;
  /** What a commit survives, in a sentence for the operator. */
  readonly durability: string;
  /** Runs a transaction: commits when `run` resolves and rolls back when it rejects. */
  transaction<T>(run: (connection: Connection) => Promise<T>, mode?: TransactionMode): Promise<T>;
  /** Runs a script of several statements, such as a migration, on a connection of a transaction. */
  script(connection: Connection, sql: string): Promise<void>;
  /** Waits for what is running and lets the database go. */
  close(): Promise<void>;
}

/** The statement that begins a transaction of a mode. */
export function beginStatement(mode: TransactionMode): string {
  return mode === "read-only snapshot"
    ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on"
    : "BEGIN ISOLATION LEVEL READ COMMITTED";
}

/** Thrown when the database can't be reached or opened. The message says why and what to do. */
export class DatabaseUnavailableError extends Error {
  override readonly name = "DatabaseUnavailableError";
}

/**
 * SQLSTATEs of connections that are open and yet of no more use: their prepared statements are not what they were (a table
 * has changed since, or they are gone or there already), or their server only reads by now, as one does that has lost its
 * place to another.
 */
const SPENT_CONNECTION = new Set(["0A000", "26000", "42P05", "25006"]);

/** Whether another connection may do what this one can't do any more. */
export function isConnectionSpent(error: unknown): boolean {
  return SPENT_CONNECTION.has(String((error as { code?: unknown }).code));
}

/** The SQLSTATE `credits.fail` gives when an account is not at the version somebody remembered. */
export const STALE_ACCOUNT = "LE001";

/** The SQLSTATE `credits.fail` gives when a key has been used already. */
export const KNOWN_KEY = "LE002";

/** The SQLSTATE of a line that a unique index refuses. */
export const UNIQUE_VIOLATION = "23505";

/** The SQLSTATE of a lock that was not had in time. */
const LOCK_TIMEOUT = "55P03";

/**
 * SQLSTATEs after which the same transaction can simply be tried again: serialization failures and deadlocks, statements
 * that somebody or a time limit has cancelled, servers that stop or start. Those of class 08 (connections) and 53 (a full
 * disk, memory or connections) are further ones.
 */
const RETRYABLE_STATES = new Set(["40001", "40P01", "57014", "57P01", "57P02", "57P03", "25P03"]);

/** Whether an error means that somebody else held an account's lock for too long. */
export function isLocked(error: unknown): boolean {
  return (error as { code?: unknown }).code === LOCK_TIMEOUT;
}

/**
 * Whether an error means that a transaction may be tried again with the same keys: a serialization failure, a deadlock,
 * or a connection that was lost, in which case the outcome of the first try is unknown.
 */
export function isRetryable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return true;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string") {
    if (RETRYABLE_STATES.has(code) || isConnectionSpent(error) || /^(08|53)...$/.test(code)) return true;
    if (
      /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ECONNABORTED)$/.test(
        code,
      )
    )
      return true;
  }
  return (
    typeof message === "string" &&
    /Connection terminated|connection timeout|Query read timeout|timeout exceeded when trying to connect|Client was closed|Client has encountered a connection error/i.test(
      message,
    )
  );
}

const MICROS_PER_SECOND = 1_000_000;

const TIMESTAMPTZ = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/;

/** Reads Postgres's text form of a timestamptz, such as `2026-11-22 10:05:00.123456+00`, to microseconds. */
export function parseTimestamp(text: string): number {
  const match = TIMESTAMPTZ.exec(text);
  if (match === null) {
    throw new Error(`The database wrote the time "${text}", not in the ISO style it was asked for.`);
  }
  const [, date, time, fraction, sign, hours, minutes, seconds] = match;
  const offset = Number(hours) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  const local = Date.parse(`${date}T${time}Z`) * 1000 + Math.round(Number(fraction ?? 0) * MICROS_PER_SECOND);
  return local - (sign === "-" ? -offset : offset) * MICROS_PER_SECOND;
}

/** Reads Postgres's text form of a bigint array without nulls, such as `{1,-2}`. */
export function parseBigints(text: string): bigint[] {
  return text === "{}" ? [] : text.slice(1, -1).split(",").map(BigInt);
}

/** Reads Postgres's text form of a bytea, such as `\\x00ff`, to hex. */
export function parseBytes(text: string): string {
  return text.slice(2);
}
