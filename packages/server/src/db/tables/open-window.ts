import { micros } from "../../core/amount.js";
import { fromSignedOriginal, toSignedOriginal } from "../../core/charge.js";
import type { OpenRow } from "../../core/entry.js";
import type { Instant } from "../../core/instant.js";
import { JsonArray } from "../../core/json-array.js";
import type { Window } from "../../core/state.js";
import { fromDimensionColumns } from "./facts.js";

/**
 * A row of a window as `credits.accounts.open_window` keeps it. The view `credits.activity` counts on this order. Rows of
 * windows that were left open before dimensions came end with the original credits.
 */
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
  return `[${window.cell},"${window.base}",[${rows.map(({ json }) => json).join(",")}]]`;
}

/** The writer, which each call uses again. */
const array = new JsonArray();

function toRowJson(row: OpenRow): string {
  const original = toSignedOriginal(row);
  array.begin().string(row.kind);
  if (row.source === null) array.string(null);
  else array.open().string(row.source.type).string(row.source.id).string(row.source.label).close();
  return array
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
    .toString();
}

/** Parses what `toWindowJson` returned. */
export function parseWindow(json: string | null): Window | null {
  if (json === null) return null;
  const [cell, base, rows] = JSON.parse(json) as [number, string, Row[]];
  return { cell: cell as Instant, base: micros(BigInt(base)), rows: rows.map(fromRow) };
}

function fromRow(row: Row): OpenRow {
  const [kind, source, project, discount, description, startedAt, endedAt, entries, firstSeq, lastSeq] = row;
  const [, , , , , , , , , , credits, original, member = null, task = null] = row;
  return {
    kind,
    source: source === null ? null : { type: source[0], id: source[1], label: source[2] },
    ...fromDimensionColumns({ project, member, task }),
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
