import { nextDue } from "../ledger/due.js";
import { formatInstant, type Instant } from "../ledger/instant.js";
import type { AccountState, Changes } from "../ledger/state.js";
import type { Connection } from "./database.js";
import { bytes, entryJson, grantJson, holdJson, rowJson } from "./rows.js";

const INSERT_ENTRIES =
  "INSERT INTO credits.entries SELECT * FROM json_populate_recordset(NULL::credits.entries, $1::json)";

const UPSERT_GRANTS = `
  INSERT INTO credits.grants SELECT * FROM json_populate_recordset(NULL::credits.grants, $1::json)
  ON CONFLICT (account, seq) DO UPDATE SET remaining = excluded.remaining`;

const UPSERT_HOLDS = `
  INSERT INTO credits.holds SELECT * FROM json_populate_recordset(NULL::credits.holds, $1::json)
  ON CONFLICT (account, hold) DO UPDATE SET status = excluded.status, settled_seq = excluded.settled_seq,
    release_key = excluded.release_key, release_fingerprint = excluded.release_fingerprint`;

const UPSERT_ROWS = `
  INSERT INTO credits.activity_rows SELECT * FROM json_populate_recordset(NULL::credits.activity_rows, $1::json)
  ON CONFLICT (account, position) DO UPDATE SET description = excluded.description, started_at = excluded.started_at,
    ended_at = excluded.ended_at, entries = excluded.entries, last_seq = excluded.last_seq,
    credits = excluded.credits, original_credits = excluded.original_credits, balance = excluded.balance`;

const UPDATE_ACCOUNTS = `
  UPDATE credits.accounts a SET balance = n.balance, held = n.held, debt = n.debt, seq = n.seq, hash = n.hash,
    rows_all = n.rows_all, rows_added = n.rows_added, rows_used = n.rows_used, rows_adjustments = n.rows_adjustments,
    window_cell = n.window_cell, window_position = n.window_position, due_at = n.due_at
  FROM json_populate_recordset(NULL::credits.accounts, $1::json) n WHERE a.account = n.account`;

/** What a batch did to one account. */
export interface AccountChanges {
  readonly state: AccountState;
  readonly changes: Changes;
}

/**
 * Writes what a batch did, one statement a table, within the transaction that holds the accounts' locks.
 */
export async function writeChanges(connection: Connection, batch: readonly AccountChanges[]): Promise<void> {
  const changed = batch.filter(({ changes }) => changes.entries.length > 0 || changes.holds.size > 0);
  const entries = changed.flatMap(({ changes }) => changes.entries.map(entryJson));
  const grants = changed.flatMap(({ state, changes }) =>
    [...changes.grants.values()].map((grant) => grantJson(state.account, grant)),
  );
  const holds = changed.flatMap(({ state, changes }) =>
    [...changes.holds.values()].map((hold) => holdJson(state.account, hold)),
  );
  const rows = changed.flatMap(({ state, changes }) =>
    [...changes.rows.values()].map((row) => rowJson(state.account, row)),
  );
  const accounts = changed.map(({ state }) => accountJson(state));
  await Promise.all([
    write(connection, INSERT_ENTRIES, entries),
    write(connection, UPSERT_GRANTS, grants),
    write(connection, UPSERT_HOLDS, holds),
    write(connection, UPSERT_ROWS, rows),
    write(connection, UPDATE_ACCOUNTS, accounts),
  ]);
}

async function write(connection: Connection, sql: string, records: readonly object[]): Promise<void> {
  if (records.length > 0) await connection.query(sql, [JSON.stringify(records)]);
}

function accountJson(state: AccountState): object {
  const due = nextDue(state);
  const time = (instant: Instant | null) => (instant === null ? null : formatInstant(instant));
  return {
    account: state.account,
    balance: state.balance.toString(),
    held: state.held.toString(),
    debt: state.debt.toString(),
    seq: state.seq,
    hash: bytes(state.hash),
    rows_all: state.totals.all,
    rows_added: state.totals.added,
    rows_used: state.totals.used,
    rows_adjustments: state.totals.adjustments,
    window_cell: time(state.window?.cell ?? null),
    window_position: state.window?.rows[0]?.position ?? null,
    due_at: time(due),
  };
}
