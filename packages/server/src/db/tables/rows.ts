import type { Micros } from "../../core/amount.js";
import type { ActivityRow, GroupFact } from "../../core/entry.js";
import type { Instant } from "../../core/instant.js";
import type { Category } from "../../core/kinds.js";
import { insertInto, withAccount } from "./columns.js";
import { fromRowFactColumns, ROW_FACT_COLUMNS, type RowFactColumns } from "./facts.js";

/** A row of `credits.activity` as the port returns it. */
export interface RowColumns extends RowFactColumns {
  account: string;
  position: bigint;
  category: Category;
  category_position: bigint;
  kind: string;
  title: string | null;
  /** In tenths of a percent. */
  discount: number | null;
  started_at: Instant;
  ended_at: Instant;
  entries: bigint;
  first_seq: bigint;
  last_seq: bigint;
  credits: Micros;
  balance: Micros;
  /** A JSON array. It is null for rows that earlier versions have closed. */
  various: string | null;
}

const COLUMNS = withAccount<ActivityRow>([
  { name: "position", array: "bigint", value: ({ position }) => position },
  { name: "category", array: "text", value: ({ category }) => category },
  { name: "category_position", array: "bigint", value: ({ categoryPosition }) => categoryPosition },
  { name: "kind", array: "text", value: ({ kind }) => kind },
  { name: "title", array: "text", value: ({ title }) => title },
  ...ROW_FACT_COLUMNS,
  { name: "discount", array: "bigint", cast: "integer", value: ({ discount }) => discount },
  { name: "started_at", array: "timestamptz", value: ({ startedAt }) => startedAt },
  { name: "ended_at", array: "timestamptz", value: ({ endedAt }) => endedAt },
  { name: "entries", array: "bigint", value: ({ entries }) => entries },
  { name: "first_seq", array: "bigint", value: ({ firstSeq }) => firstSeq },
  { name: "last_seq", array: "bigint", value: ({ lastSeq }) => lastSeq },
  { name: "credits", array: "bigint", value: ({ credits }) => credits },
  { name: "balance", array: "bigint", value: ({ balance }) => balance },
  { name: "various", array: "text", value: ({ various }) => JSON.stringify(various) },
]);

/** Appends activity rows. */
export const insertRows = insertInto("activity_rows", COLUMNS);

/** Returns the activity row in its columns. */
export function fromRowColumns(columns: RowColumns): ActivityRow {
  return {
    position: Number(columns.position),
    category: columns.category,
    categoryPosition: Number(columns.category_position),
    kind: columns.kind,
    title: columns.title,
    ...fromRowFactColumns(columns),
    discount: columns.discount,
    startedAt: columns.started_at,
    endedAt: columns.ended_at,
    entries: Number(columns.entries),
    firstSeq: Number(columns.first_seq),
    lastSeq: Number(columns.last_seq),
    credits: columns.credits,
    balance: columns.balance,
    various: columns.various === null ? [] : (JSON.parse(columns.various) as GroupFact[]),
  };
}
