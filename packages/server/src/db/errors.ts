/** Kinds of errors that the database modules throw themselves. */
export type DatabaseErrorKind =
  /** The database cannot be reached or opened now. */
  | "unavailable"
  /** A person has to correct the database first. No other try helps. */
  | "unusable"
  /** The database was closed, or this process lost its directory. It does not come back. */
  | "closed"
  /** The account is locked by another session. */
  | "locked"
  /** The disk has no room, so nothing was written. */
  | "full";

/** Error of the database that the server's edge reports as unavailable. Its message contains the remedy. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";

  constructor(
    readonly kind: DatabaseErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Thrown when the database has a value that the ledger never wrote. No other try helps. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

/** SQLSTATE that `credits.fail` raises when an account is not at the expected version. */
export const STALE_ACCOUNT = "LE001";

/** SQLSTATE that `credits.fail` raises when a key was used before. */
export const KNOWN_KEY = "LE002";

/** SQLSTATE that `credits.fail` raises when a newer version has migrated the database. */
export const NEWER_SCHEMA = "LE003";

/** SQLSTATE that `credits.fail` raises when a transaction of the application has ended before a write in it. */
export const TRANSACTION_ENDED = "LE004";

/** SQLSTATE of a row that a unique index refuses. */
const UNIQUE_VIOLATION = "23505";

/**
 * Meanings of an error:
 * - `retryable`: the same transaction may run again with the same keys. The outcome of the first try may be unknown.
 * - `spent`: as `retryable`, on another connection. This one is open and useless.
 * - `locked`: another session held a lock for too long.
 * - `stale_account`: an account is not at the expected version.
 * - `known_key`: a key was used before.
 * - `unsuitable`: the schema or the role's rights do not fit the statement, whatever its parameters are.
 */
export type ErrorMeaning = "retryable" | "spent" | "locked" | "stale_account" | "known_key" | "unsuitable";

/** SQLSTATEs that the ledger distinguishes. */
const MEANING_BY_SQLSTATE: Readonly<Record<string, ErrorMeaning>> = {
  [STALE_ACCOUNT]: "stale_account",
  [KNOWN_KEY]: "known_key",
  [UNIQUE_VIOLATION]: "known_key",
  "55P03": "locked", // lock_not_available: lock_timeout has passed
  "40001": "retryable", // serialization_failure
  "40P01": "retryable", // deadlock_detected
  "57014": "retryable", // query_canceled: by a person or a time limit
  "57P01": "retryable", // admin_shutdown
  "57P02": "retryable", // crash_shutdown
  "57P03": "retryable", // cannot_connect_now: the server starts or stops
  "25P03": "retryable", // idle_in_transaction_session_timeout
  "26000": "spent", // invalid_sql_statement_name: the prepared statement is gone
  "42P05": "spent", // duplicate_prepared_statement
  "25006": "spent", // read_only_sql_transaction: the server became read-only, as after a failover
};

/** Classes of SQLSTATEs whose members are all retryable. */
const RETRYABLE_CLASSES: readonly string[] = [
  "08", // connection_exception
  "53", // insufficient_resources: a full disk, memory or connections
];

/** Classes of SQLSTATEs that no other try cures: unsupported features, and errors of syntax, names and rights. */
const UNSUITABLE_CLASSES: readonly string[] = ["0A", "42"];

/**
 * The function of PostgreSQL that refuses a prepared statement because a table has changed since. Its SQLSTATE is that of
 * any unsupported feature, and its message depends on the server's language.
 */
const CHANGED_PLAN_ROUTINE = "RevalidateCachedQuery";

/**
 * The function of PostgreSQL that refuses to begin a transaction that writes, because the server became read-only. Its
 * SQLSTATE is that of any unsupported feature.
 */
const READ_ONLY_ROUTINE = "call_bool_check_hook";
const UNSUPPORTED = "0A000";

/** Codes of Node's network errors. */
const RETRYABLE_CODES: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Messages of the driver's errors without a code. */
const RETRYABLE_MESSAGES: readonly string[] = [
  "Connection terminated",
  "connection timeout",
  "timeout exceeded when trying to connect",
  "Query read timeout",
  "Client was closed",
  "Client has encountered a connection error",
].map((message) => message.toLowerCase());

/** Properties of driver errors that are relied on. */
interface DriverError {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly message?: unknown;
  readonly severity?: unknown;
  readonly routine?: unknown;
}

function toDriverError(error: unknown): DriverError {
  return typeof error === "object" && error !== null ? error : {};
}

const isSqlstate = (code: string) => /^[0-9A-Z]{5}$/.test(code);

/** Meaning of an error, or null where the ledger does not distinguish it. */
export function errorMeaning(error: unknown): ErrorMeaning | null {
  if (error instanceof DatabaseError) {
    if (error.kind === "unavailable") return "retryable";
    return error.kind === "locked" ? "locked" : null;
  }
  const { code, message, routine } = toDriverError(error);
  if (routine === CHANGED_PLAN_ROUTINE) return "spent";
  if (routine === READ_ONLY_ROUTINE && code === UNSUPPORTED) return "spent";
  if (typeof code === "string") {
    const meaning = Object.hasOwn(MEANING_BY_SQLSTATE, code) ? MEANING_BY_SQLSTATE[code] : undefined;
    if (meaning !== undefined) return meaning;
    if (RETRYABLE_CODES.has(code)) return "retryable";
    if (isSqlstate(code) && RETRYABLE_CLASSES.includes(code.slice(0, 2))) return "retryable";
    if (isSqlstate(code) && UNSUITABLE_CLASSES.includes(code.slice(0, 2))) return "unsuitable";
  }
  if (typeof message !== "string") return null;
  const lower = message.toLowerCase();
  return RETRYABLE_MESSAGES.some((known) => lower.includes(known)) ? "retryable" : null;
}

/** True if the same transaction may run again with the same keys, perhaps on another connection. */
export function isRetryable(error: unknown): boolean {
  const meaning = errorMeaning(error);
  return meaning === "retryable" || meaning === "spent";
}

/** True if another connection can run what this one cannot run any more. */
export function isConnectionSpent(error: unknown): boolean {
  return errorMeaning(error) === "spent";
}

/** True if another session held a lock for too long. */
export function isLocked(error: unknown): boolean {
  return errorMeaning(error) === "locked";
}

/** True if nothing was written because the disk has no room. */
export function isFull(error: unknown): boolean {
  return error instanceof DatabaseError && error.kind === "full";
}

/** True if a person has to change the schema or the role's rights. */
export function isUnsuitable(error: unknown): boolean {
  return errorMeaning(error) === "unsuitable";
}

/** Returns the server's own words for an error, or null if the server did not send it. */
export function serverMessage(error: unknown): string | null {
  const { code, message } = toDriverError(error);
  if (typeof code !== "string" || !isSqlstate(code) || RETRYABLE_CODES.has(code)) return null;
  return `${String(message)} (SQLSTATE ${code})`;
}

/** True if a key was used before. */
export function isKnownKey(error: unknown): boolean {
  return errorMeaning(error) === "known_key";
}

/** True if an account was not at the expected version. */
export function isStaleAccount(error: unknown): boolean {
  return errorMeaning(error) === "stale_account";
}

/** Accounts that were not at the expected version, or null where the error does not name them. */
export function staleAccounts(error: unknown): string[] | null {
  const { detail } = toDriverError(error);
  if (!isStaleAccount(error) || typeof detail !== "string") return null;
  return JSON.parse(detail) as string[];
}

/** True if the server refused a statement and the connection remains usable. */
export function isConnectionUsable(error: unknown): boolean {
  return toDriverError(error).severity === "ERROR" && !isConnectionSpent(error);
}

/**
 * Error for a PostgreSQL server that the ledger cannot start on. Names the database, host and role of the URL, and
 * never its password. Errors of neither the server nor the network are returned as they are.
 *
 * @param url null for a pool of the application
 */
export function toUnreachableError(url: string | null, error: unknown): unknown {
  const { code, message, errors } = error as Error & { code?: unknown; errors?: readonly Error[] };
  // The driver's error of a connection that breaks has no code.
  const isTheirs = typeof code === "string" || isRetryable(error);
  if (!isTheirs || error instanceof DatabaseError) return error;
  if (url !== null && !URL.canParse(url)) return error;
  const why = message === "" ? (errors ?? []).map((one) => one.message).join("; ") : message;
  const subject =
    url === null ? "The PostgreSQL database of the pool can't be used" : toSubject(new URL(url));
  const place = url === null ? "the settings of the pool" : "the database URL";
  return new DatabaseError(
    "unavailable",
    `${subject}: ${why}. Start the server, or correct ${place} or the role's rights.`,
    { cause: error },
  );
}

const toSubject = ({ host, pathname, username }: URL) =>
  `The PostgreSQL database "${pathname.slice(1)}" at ${host} can't be used as "${username}"`;
