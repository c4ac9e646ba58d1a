import type { Credits } from "../../src/ledger/credits.js";
import type { Connection } from "../../src/store/database.js";
import {
  type EntryColumns,
  entryOf,
  type GrantColumns,
  grantOf,
  type HoldColumns,
  holdOf,
  type RowColumns,
  rowOf,
} from "../../src/store/rows.js";
import type { Actual } from "./compare.js";

/** Reads everything a database keeps of an account, in one snapshot. */
export async function readAll(connection: Connection, account: string): Promise<Actual> {
  const all = <Columns extends object>(table: string, order: string) =>
    connection.query<Columns>(`SELECT * FROM credits.${table} WHERE account = $1 ORDER BY ${order}`, [
      account,
    ]);
  const [[totals], entries, rows, grants, holds] = await Promise.all([
    all<{
      balance: Credits;
      held: Credits;
      debt: Credits;
      seq: bigint;
      rows_all: bigint;
      rows_added: bigint;
      rows_used: bigint;
      rows_adjustments: bigint;
    }>("accounts", "account"),
    all<EntryColumns>("entries", "seq"),
    all<RowColumns>("activity", "position"),
    all<GrantColumns>("grants_now", "seq"),
    all<HoldColumns>("holds", "hold"),
  ]);
  if (totals === undefined) throw new Error(`There is no account "${account}".`);
  return {
    entries: entries.map(entryOf),
    rows: rows.map(rowOf),
    grants: grants.map(grantOf),
    holds: holds.map(holdOf),
    account: {
      balance: totals.balance,
      held: totals.held,
      debt: totals.debt,
      lastSeq: Number(totals.seq),
      rows: {
        all: Number(totals.rows_all),
        added: Number(totals.rows_added),
        used: Number(totals.rows_used),
        adjustments: Number(totals.rows_adjustments),
      },
    },
  };
}
