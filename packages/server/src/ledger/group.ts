import { amount, type Credits, fits } from "./credits.js";
import type { ActivityRow, Entry, Source } from "./entry.js";
import { type Instant, MICROS_PER_SECOND } from "./instant.js";
import { type Category, categoryOf, isUsage } from "./kinds.js";
import type { Draft, Window } from "./state.js";

/** The length of a window, in microseconds: five minutes, aligned to the clock. */
export const WINDOW_MICROS = 300 * MICROS_PER_SECOND;

/** How many rows a window holds before it is sealed. */
export const WINDOW_ROWS_MAX = 64;

/** What grouping needs of an entry. Its position is what grouping finds. */
type Groupable = Omit<Entry, "hash" | "position">;

/**
 * Puts an entry into its activity row, and returns the row's position. Usage joins the open window's row of the same
 * kind, source, project and discount, or begins a row or a window; any other entry seals the window and is a row alone.
 */
export function group(draft: Draft, entry: Groupable): number {
  if (!isUsage(entry.kind)) {
    draft.window = null;
    return appendRow(draft, entry).position;
  }
  const window = windowFor(draft, entry);
  const discount = discountOf(entry.credits, entry.originalCredits);
  const index = window.rows.findIndex((row) => isSameGroup(row, entry, discount));
  const row = window.rows[index];
  if (row !== undefined && hasRoom(row, entry)) return addToRow(draft, window, index, entry);
  const isFull = row !== undefined || window.rows.length >= WINDOW_ROWS_MAX;
  const added = appendRow(draft, entry);
  draft.window = { cell: window.cell, rows: isFull ? [added] : [...window.rows, added] };
  return added.position;
}

/** The discount in tenths of a percent: at least a tenth, and a full 100 only when nothing was charged. */
export function discountOf(credits: Credits, original: Credits | null): number | null {
  if (original === null) return null;
  const whole = original < 0n ? -original : original;
  const charged = credits < 0n ? -credits : credits;
  if (charged === 0n) return 1000;
  const tenths = Number(((whole - charged) * 2000n + whole) / (whole * 2n));
  return Math.min(Math.max(tenths, 1), 999);
}

/** The window an entry belongs to: the open one, or a new one when the entry is later, or too late, for that. */
function windowFor(draft: Draft, entry: Groupable): Window {
  const open = draft.window;
  if (open !== null) {
    const isBefore = entry.occurredAt < open.cell;
    const fitsWindow = isBefore
      ? open.cell - entry.occurredAt < WINDOW_MICROS
      : entry.occurredAt < open.cell + WINDOW_MICROS;
    if (fitsWindow) return open;
  }
  const cell = (Math.floor(entry.occurredAt / WINDOW_MICROS) * WINDOW_MICROS) as Instant;
  return { cell, rows: [] };
}

function isSameGroup(row: ActivityRow, entry: Groupable, discount: number | null): boolean {
  return (
    row.kind === entry.kind &&
    row.discount === discount &&
    row.project === entry.project &&
    isSameSource(row.source, entry.source)
  );
}

function isSameSource(a: Source | null, b: Source | null): boolean {
  if (a === null || b === null) return a === b;
  return a.type === b.type && a.id === b.id && a.label === b.label;
}

/** Whether the row's sums still fit their columns with the entry in it. */
function hasRoom(row: ActivityRow, entry: Groupable): boolean {
  return (
    fits(row.credits + entry.credits) && fits((row.originalCredits ?? 0n) + (entry.originalCredits ?? 0n))
  );
}

/** Adds an entry to a row of the window; the balances of that row and of those after it move along. */
function addToRow(draft: Draft, window: Window, index: number, entry: Groupable): number {
  const rows = window.rows.map((row, at) => {
    if (at < index) return row;
    const balance = amount(row.balance + entry.credits);
    const changed = at === index ? { ...joined(row, entry), balance } : { ...row, balance };
    draft.changes.rows.set(changed.position, changed);
    return changed;
  });
  draft.window = { cell: window.cell, rows };
  return (rows[index] as ActivityRow).position;
}

function joined(row: ActivityRow, entry: Groupable): ActivityRow {
  return {
    ...row,
    description: row.description === entry.description ? row.description : null,
    startedAt: Math.min(row.startedAt, entry.occurredAt) as Instant,
    endedAt: Math.max(row.endedAt, entry.occurredAt) as Instant,
    entries: row.entries + 1,
    lastSeq: entry.seq,
    credits: amount(row.credits + entry.credits),
    originalCredits:
      row.originalCredits === null ? null : amount(row.originalCredits + (entry.originalCredits ?? 0n)),
  };
}

function appendRow(draft: Draft, entry: Groupable): ActivityRow {
  const category: Category = categoryOf(entry.kind);
  const position = draft.totals.all + 1;
  const categoryPosition = draft.totals[category] + 1;
  draft.totals = { ...draft.totals, all: position, [category]: categoryPosition };
  const row: ActivityRow = {
    position,
    category,
    categoryPosition,
    kind: entry.kind,
    title: entry.title,
    source: entry.source,
    project: entry.project,
    discount: discountOf(entry.credits, entry.originalCredits),
    description: entry.description,
    startedAt: entry.occurredAt,
    endedAt: entry.occurredAt,
    entries: 1,
    firstSeq: entry.seq,
    lastSeq: entry.seq,
    credits: entry.credits,
    originalCredits: entry.originalCredits,
    balance: entry.balance,
  };
  draft.changes.rows.set(position, row);
  return row;
}
