import type { Micros } from "../../src/core/amount.js";
import type { Label } from "../../src/core/facts.js";
import type { Reader } from "../../src/db/port.js";
import { type EntryColumns, fromEntryColumns } from "../../src/db/tables/entries.js";
import { fromGrantColumns, type GrantColumns } from "../../src/db/tables/grants.js";
import { fromHoldColumns, type HoldColumns } from "../../src/db/tables/holds.js";
import { fromRowColumns, type RowColumns } from "../../src/db/tables/rows.js";
import type { Actual } from "./compare.js";

interface AccountColumns {
  balance: Micros;
  held: Micros;
  debt: Micros;
  seq: bigint;
  rows_all: bigint;
  rows_added: bigint;
  rows_used: bigint;
  rows_adjustments: bigint;
}

/** Reads everything that a database has of an account. */
export async function readAll(reader: Reader, account: string): Promise<Actual> {
  const all = <Columns extends object>(table: string, order: string) =>
    reader.query<Columns>(`SELECT * FROM credits.${table} WHERE account = $1 ORDER BY ${order}`, [account]);
  const [[totals], entries, rows, grants, holds, labels] = await Promise.all([
    all<AccountColumns>("accounts", "account"),
    all<EntryColumns>("entries", "seq"),
    all<RowColumns>("activity", "position"),
    all<GrantColumns>("grants_now", "seq"),
    all<HoldColumns>("holds", "hold"),
    all<Label>("labels", "dimension, id"),
  ]);
  if (totals === undefined) throw new Error(`The account "${account}" does not exist. Put it first.`);
  return {
    entries: entries.map(fromEntryColumns),
    rows: rows.map(fromRowColumns),
    grants: grants.map(fromGrantColumns),
    holds: holds.map(fromHoldColumns),
    labels: labels.map(({ dimension, id, label }) => ({ dimension, id, label })),
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
