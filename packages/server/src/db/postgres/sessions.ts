import type { TransactionMode } from "../port.js";
import { STATED, toSetting } from "../settings.js";

type Settings = Readonly<Record<string, string>>;

/** Settings of every connection. Locks and idle transactions of others must not stop a lane for long. */
const ALL: Settings = { ...STATED, lock_timeout: "3s", idle_in_transaction_session_timeout: "30s" };

/**
 * Settings of statements that write. They are planned once, to walk through their parameters in order and to find each row
 * by an index. They then take locks in that order, whatever the statistics are, and two batches never wait for each other in
 * a circle.
 */
const WRITER: Settings = {
  ...ALL,
  plan_cache_mode: "force_generic_plan",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_seqscan: "off",
  enable_bitmapscan: "off",
};

/** Settings of statements that read. They read by an index, because a page is a few rows of one account. */
const READER: Settings = { ...ALL, enable_seqscan: "off", enable_bitmapscan: "off" };

/** Settings of a migration, which waits for locks for as long as it takes. */
const MIGRATION: Settings = { ...ALL, lock_timeout: "0" };

/** Settings of the sessions of direct connections, which belong to this ledger. */
export const WRITER_SESSION = toSetting(WRITER, "session");
export const READER_SESSION = toSetting({ ...READER, default_transaction_read_only: "on" }, "session");

/**
 * Statements that begin a transaction of a direct connection. A snapshot and a migration may read whole tables; a migration
 * may wait.
 */
export const BEGIN: Readonly<Record<TransactionMode, string>> = {
  write: "BEGIN ISOLATION LEVEL READ COMMITTED",
  snapshot: `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_seqscan = on;
    SET LOCAL enable_bitmapscan = on`,
  migration: `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = 0; SET LOCAL enable_hashjoin = on;
    SET LOCAL enable_mergejoin = on; SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on`,
};

/**
 * The beginning of a transaction in a session that others share: the next transaction of the same session may be somebody
 * else's. All settings end with the transaction.
 */
export interface Frame {
  readonly begin: string;
  /** A statement that applies the settings to the transaction, and returns no row. */
  readonly settings: string;
}

const toFrame = (begin: string, settings: Settings): Frame => ({
  begin,
  settings: toSetting(settings, "transaction"),
});

/**
 * The frames of transactions in shared sessions. They stay read-only where that is the default, because providers set it while
 * a disk is full.
 */
export const FRAMES: Readonly<Record<TransactionMode | "read", Frame>> = {
  read: toFrame("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY", READER),
  write: toFrame("BEGIN ISOLATION LEVEL READ COMMITTED", WRITER),
  snapshot: toFrame("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", ALL),
  migration: toFrame("BEGIN ISOLATION LEVEL READ COMMITTED", MIGRATION),
};
