import { micros } from "../../core/amount.js";
import { fromSignedOriginal, toSignedOriginal } from "../../core/charge.js";
import type { GroupFact, OpenRow } from "../../core/entry.js";
import type { Instant } from "../../core/instant.js";
import { JsonArray } from "../../core/json-array.js";
import type { Window, WindowState } from "../../core/state.js";
import { insertInto, withAccount } from "./columns.js";
import { fromDimensionColumns } from "./facts.js";

/**
 * A window as `credits.accounts.open_window` keeps it. The view `credits.activity` counts on this order. A server of an
 * earlier version takes the first item for the window in which all usage occurred. Zero lets it close the window, because
 * it can't continue one. Windows of such a server have only the first three items.
 */
type Json = [
  closed: number,
  base: string,
  rows: Row[],
  cell?: number,
  covered?: [from: number, to: number] | null,
];

/** A row of a window. Rows of windows that earlier versions left open end with the original credits or the task. */
type Row = [
  kind: string,
  source: [type: string, id: string | null, label: string] | null,
  project: string | null,
  discount: number | null,
  description: string | null,
  startedAt: number,
  endedAt: number,
  entries: number,
  firstSeq: number,
  lastSeq: number,
  credits: string,
  original: string | null,
  member?: string | null,
  task?: string | null,
  cell?: number | null,
  various?: GroupFact[],
];

/** The JSON of a row. It does not change while the window grows by others. */
export interface WrittenRow {
  /** The row's last entry when it was written. */
  lastSeq: number;
  json: string;
}

/** Brings the JSON of a window's rows up to date. */
export function writeRows(window: Window | null, written: WrittenRow[]): void {
  const rows = window?.rows ?? [];
  if (written.length > rows.length) written.length = rows.length;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as OpenRow;
    const before = written[index];
    if (before === undefined) written.push({ lastSeq: row.lastSeq, json: toRowJson(row) });
    else if (before.lastSeq !== row.lastSeq) {
      before.lastSeq = row.lastSeq;
      before.json = toRowJson(row);
    }
  }
}

/** Returns an open window as `credits.accounts.open_window` keeps it. */
export function toWindowJson(window: Window | null, rows: readonly WrittenRow[]): string | null {
  if (window === null) return null;
  const { cell, base, covered } = window;
  const range = covered === null ? "null" : `[${covered.from},${covered.to}]`;
  return `[0,"${base}",[${rows.map(({ json }) => json).join(",")}],${cell},${range}]`;
}

/** The columns of a state of a window. */
const STATE_COLUMNS = withAccount<WindowState>([
  { name: "position", array: "bigint", value: ({ position }) => position },
  { name: "seq", array: "bigint", value: ({ seq }) => seq },
  { name: "open_window", array: "text", value: ({ window }) => toStateJson(window) },
]);

/** Appends states of windows. */
export const insertWindowStates = insertInto("window_states", STATE_COLUMNS);

function toStateJson(window: Window): string | null {
  const written: WrittenRow[] = [];
  writeRows(window, written);
  return toWindowJson(window, written);
}

/** The writer, which each call uses again. */
const array = new JsonArray();

function toRowJson(row: OpenRow): string {
  const original = toSignedOriginal(row);
  array.begin().string(row.kind);
  if (row.source === null) array.string(null);
  else array.open().string(row.source.type).string(row.source.id).string(row.source.label).close();
  array
    .string(row.project === null ? null : row.project.id)
    .number(row.discount)
    .string(row.description)
    .number(row.startedAt)
    .number(row.endedAt)
    .number(row.entries)
    .number(row.firstSeq)
    .number(row.lastSeq)
    .amount(row.credits)
    .amount(original)
    .string(row.member === null ? null : row.member.id)
    .string(row.task === null ? null : row.task.id)
    .number(row.cell)
    .open();
  for (const fact of row.various) array.string(fact);
  return array.close().toString();
}

/** Parses what `toWindowJson` returned. */
export function parseWindow(json: string | null): Window | null {
  if (json === null) return null;
  const [, base, rows, cell, covered = null] = JSON.parse(json) as Json;
  return {
    // No usage is recorded in the window of an earlier version, so the next one closes it.
    cell: (cell ?? -1) as Instant,
    base: micros(BigInt(base)),
    rows: rows.map(fromRow),
    covered: covered === null ? null : { from: covered[0] as Instant, to: covered[1] as Instant },
  };
}

function fromRow(row: Row): OpenRow {
  const [kind, source, project, discount, description, startedAt, endedAt, entries, firstSeq, lastSeq] = row;
  const [, , , , , , , , , , credits, original, member = null, task = null, cell = null, various = []] = row;
  return {
    kind,
    cell: cell as Instant | null,
    source: source === null ? null : { type: source[0], id: source[1], label: source[2] },
    ...fromDimensionColumns({ project, member, task }),
    various,
    discount,
    description,
    startedAt: startedAt as Instant,
    endedAt: endedAt as Instant,
    entries,
    firstSeq,
    lastSeq,
    credits: micros(BigInt(credits)),
    ...fromSignedOriginal(original === null ? null : BigInt(original)),
  };
}
