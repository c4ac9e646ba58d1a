import type { TransactionMode } from "../port.js";
import { SET_STATED } from "../settings.js";

/** Settings of every connection. Locks and idle transactions of others must not stop a lane for long. */
const SESSION = `${SET_STATED}; SET lock_timeout = '3s'; SET idle_in_transaction_session_timeout = '30s'`;

/**
 * Settings of the writers' connections. Statements that write are planned once, to walk through their parameters in
 * order and to find each row by an index. They then take locks in that order, whatever the statistics are, and two
 * batches never wait for each other in a circle.
 */
export const WRITER_SESSION = `${SESSION}; SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off;
  SET enable_mergejoin = off; SET enable_seqscan = off; SET enable_bitmapscan = off`;

/** Settings of the readers' connections. They read by an index, because a page is a few rows of one account. */
export const READER_SESSION = `${SESSION}; SET default_transaction_read_only = on; SET enable_seqscan = off;
  SET enable_bitmapscan = off`;

/** Statements that begin a transaction. A snapshot and a migration may read whole tables; a migration may wait. */
export const BEGIN: Readonly<Record<TransactionMode, string>> = {
  write: "BEGIN ISOLATION LEVEL READ COMMITTED",
  snapshot: `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_seqscan = on;
    SET LOCAL enable_bitmapscan = on`,
  migration: `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = 0; SET LOCAL enable_hashjoin = on;
    SET LOCAL enable_mergejoin = on; SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on`,
};
