import { amount, type Credits } from "../ledger/credits.js";
import type { OpenRow, Source } from "../ledger/entry.js";
import type { Instant } from "../ledger/instant.js";
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

/** A row together with its text, which does not change while the window grows by others. */
export interface WrittenRow {
  readonly row: OpenRow;
  readonly text: string;
}

/** The rows of a window with their texts; those of rows that were written before are taken from there. */
export function writeRows(window: Window | null, before: readonly WrittenRow[]): readonly WrittenRow[] {
  if (window === null) return NO_ROWS;
  return window.rows.map((row, index) => {
    const written = before[index];
    return written?.row === row ? written : { row, text: JSON.stringify(columnsOf(row)) };
  });
}

const NO_ROWS: readonly WrittenRow[] = [];

/** An open window as `credits.accounts.open_window` keeps it. */
export function windowText(window: Window | null, rows: readonly WrittenRow[]): string | null {
  if (window === null) return null;
  return `[${window.cell},"${window.base}",[${rows.map(({ text }) => text).join(",")}]]`;
}

function columnsOf(row: OpenRow): Row {
  const { source } = row;
  return [
    row.kind,
    source === null ? null : [source.type, source.id, source.label],
    row.project,
    row.discount,
    row.description,
    row.startedAt,
    row.endedAt,
    row.entries,
    row.firstSeq,
    row.lastSeq,
    row.credits.toString(),
    row.originalCredits === null ? null : row.originalCredits.toString(),
  ];
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
