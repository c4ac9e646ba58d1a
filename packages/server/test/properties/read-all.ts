import type { Micros } from "../../src/core/amount.js";
import type { Label } from "../../src/core/facts.js";
import type { Instant } from "../../src/core/instant.js";
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

interface ExpiryColumns {
  seq: bigint;
  expires_before: Instant | null;
  expires_at: Instant | null;
}

/** Reads everything that a database has of an account. */
export async function readAll(reader: Reader, account: string): Promise<Actual> {
  const all = <Columns extends object>(table: string, order: string) =>
    reader.query<Columns>(`SELECT * FROM credits.${table} WHERE account = $1 ORDER BY ${order}`, [account]);
  const [[totals], entries, rows, grants, holds, labels, expiries] = await Promise.all([
    all<AccountColumns>("accounts", "account"),
    all<EntryColumns>("entries", "seq"),
    all<RowColumns>("activity", "position"),
    all<GrantColumns>("grants_now", "seq"),
    all<HoldColumns>("holds", "hold"),
    all<Label>("labels", "dimension, id"),
    all<ExpiryColumns>("expiries", "seq"),
  ]);
  const moved = new Map(
    expiries.map(({ seq, expires_before: before, expires_at: after }) => [Number(seq), { before, after }]),
  );
  if (totals === undefined) throw new Error(`The account "${account}" does not exist. Put it first.`);
  return {
    entries: entries
      .map(fromEntryColumns)
      .map((entry) => ({ ...entry, expiry: moved.get(entry.seq) ?? null })),
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
