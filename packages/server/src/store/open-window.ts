import { amount, type Credits } from "../ledger/credits.js";
import { writeSource } from "../ledger/digest.js";
import type { OpenRow, Source } from "../ledger/entry.js";
import type { Instant } from "../ledger/instant.js";
import { JsonArray } from "../ledger/json-array.js";
import type { UsageKind } from "../ledger/kinds.js";
import type { Window } from "../ledger/state.js";

/** A row of a window as `credits.accounts.open_window` keeps it. The view `credits.activity` counts on this order. */
type Row = [
  kind: UsageKind,
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
  originalCredits: string | null,
];

/** A row's text, which does not change while the window grows by others. */
export interface WrittenRow {
  /** The row's last entry when it was written. */
  lastSeq: number;
  text: string;
}

/** Brings the texts of a window's rows up to date. */
export function writeRows(window: Window | null, written: WrittenRow[]): void {
  const rows = window?.rows ?? [];
  if (written.length > rows.length) written.length = rows.length;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as OpenRow;
    const before = written[index];
    if (before === undefined) written.push({ lastSeq: row.lastSeq, text: rowText(row) });
    else if (before.lastSeq !== row.lastSeq) {
      before.lastSeq = row.lastSeq;
      before.text = rowText(row);
    }
  }
}

/** An open window as `credits.accounts.open_window` keeps it. */
export function windowText(window: Window | null, rows: readonly WrittenRow[]): string | null {
  if (window === null) return null;
  return `[${window.cell},"${window.base}",[${rows.map(({ text }) => text).join(",")}]]`;
}

const array = new JsonArray();

function rowText(row: OpenRow): string {
  writeSource(array.begin().text(row.kind), row.source).text(row.project).number(row.discount);
  array.text(row.description).number(row.startedAt).number(row.endedAt).number(row.entries);
  array.number(row.firstSeq).number(row.lastSeq).digits(row.credits).digits(row.originalCredits);
  return array.end().toString();
}

/** Reads what `windowText` wrote. */
export function parseWindow(text: string | null): Window | null {
  if (text === null) return null;
  const [cell, base, rows] = JSON.parse(text) as [number, string, Row[]];
  return { cell: cell as Instant, base: credits(base), rows: rows.map(rowOf) };
}

function rowOf(row: Row): OpenRow {
  const [kind, source, project, discount, description, startedAt, endedAt, entries, firstSeq, lastSeq] = row;
  return {
    kind,
    source: source === null ? null : sourceOf(source),
    project,
    discount,
    description,
    startedAt: startedAt as Instant,
    endedAt: endedAt as Instant,
    entries,
    firstSeq,
    lastSeq,
    credits: credits(row[10]),
    originalCredits: row[11] === null ? null : credits(row[11]),
  };
}

function sourceOf([type, id, label]: [string, string | null, string]): Source {
  return { type, id, label };
}

const credits = (digits: string): Credits => amount(BigInt(digits));
