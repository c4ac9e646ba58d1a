import { fits, micros } from "./amount.js";
import type { Hashed } from "./chain.js";
import { addDiscounted, toDiscount, toDiscounted } from "./charge.js";
import type { ActivityRow, OpenRow } from "./entry.js";
import type { Dimension, Source } from "./facts.js";
import { type Instant, MICROS_PER_SECOND } from "./instant.js";
import { CATEGORY } from "./kinds.js";
import type { Draft, GrowingRow, RowTotals, Window } from "./state.js";

/** The length of a window in microseconds: five minutes, aligned to the clock. */
export const WINDOW_MICROS = 300 * MICROS_PER_SECOND;

/** The number of rows at which a window is full. */
export const WINDOW_ROWS_MAX = 64;

/**
 * Puts an entry into its activity row, and returns the row's position. Usage joins the row of its group in the open
 * window, or appends a row or opens a window. Any other entry closes the window and is a row alone.
 */
export function group(draft: Draft, entry: Hashed): number {
  if (entry.type === "usage") return groupUsage(draft, entry);
  closeWindow(draft);
  const category = CATEGORY[entry.type];
  const row: ActivityRow = {
    position: draft.totals.all + 1,
    category,
    categoryPosition: draft.totals[category] + 1,
    title: entry.title,
    ...toRow(entry),
    balance: entry.balance,
  };
  draft.totals = count(draft.totals, category);
  draft.changes.rows.push(row);
  return row.position;
}

/** Returns the activity rows of the open window of an account with these totals. They are its last rows. */
export function toWindowRows(window: Window, totals: RowTotals): ActivityRow[] {
  let balance = window.base;
  const before = { all: totals.all - window.rows.length, used: totals.used - window.rows.length };
  return window.rows.map((row, index) => {
    balance = micros(balance + row.credits);
    return {
      position: before.all + index + 1,
      category: "used",
      categoryPosition: before.used + index + 1,
      title: null,
      ...row,
      balance,
    };
  });
}

function groupUsage(draft: Draft, entry: Hashed): number {
  const discount = toDiscount(entry.credits, entry.facts);
  const window = draft.window;
  if (window !== null && isWithin(window, entry)) {
    const index = window.rows.findIndex((row) => isSameGroup(row, entry, discount));
    const row = window.rows[index];
    if (row !== undefined && join(row, entry)) {
      return draft.totals.all - window.rows.length + index + 1;
    }
    if (row === undefined && window.rows.length < WINDOW_ROWS_MAX) {
      window.rows.push(toRow(entry));
    } else openWindow(draft, window.cell, entry);
  } else {
    openWindow(draft, (Math.floor(entry.occurredAt / WINDOW_MICROS) * WINDOW_MICROS) as Instant, entry);
  }
  draft.totals = count(draft.totals, "used");
  return draft.totals.all;
}

/** True if an entry is neither later nor too late for a window. */
function isWithin(window: Window, entry: Hashed): boolean {
  return entry.occurredAt < window.cell + WINDOW_MICROS && window.cell - entry.occurredAt < WINDOW_MICROS;
}

function openWindow(draft: Draft, cell: Instant, entry: Hashed): void {
  closeWindow(draft);
  draft.window = { cell, base: micros(entry.balance - entry.credits), rows: [toRow(entry)] };
}

/** Closes the open window, if there is one. Its rows are complete then. */
function closeWindow(draft: Draft): void {
  if (draft.window === null) return;
  draft.changes.rows.push(...toWindowRows(draft.window, draft.totals));
  draft.window = null;
}

function count(totals: RowTotals, category: Exclude<keyof RowTotals, "all">): RowTotals {
  return {
    all: totals.all + 1,
    added: totals.added + Number(category === "added"),
    used: totals.used + Number(category === "used"),
    adjustments: totals.adjustments + Number(category === "adjustments"),
  };
}

function isSameGroup(row: OpenRow, { kind, facts }: Hashed, discount: number | null): boolean {
  return (
    row.kind === kind &&
    row.discount === discount &&
    isSameDimension(row.project, facts.project) &&
    isSameDimension(row.member, facts.member) &&
    isSameDimension(row.task, facts.task) &&
    isSameSource(row.source, facts.source)
  );
}

/** Compares dimensions by their ids. Labels are kept apart and may change. */
function isSameDimension(a: Dimension | null, b: Dimension | null): boolean {
  return a === null || b === null ? a === b : a.id === b.id;
}

function isSameSource(a: Source | null, b: Source | null): boolean {
  if (a === null || b === null) return a === b;
  return a.type === b.type && a.id === b.id && a.label === b.label;
}

/**
 * Adds an entry to a row.
 *
 * @returns false when the row's sums would not fit their columns; the row is as it was then
 */
function join(row: GrowingRow, entry: Hashed): boolean {
  const credits = micros(row.credits + entry.credits);
  if (!fits(credits) || !addDiscounted(row, entry.facts)) return false;
  if (row.description !== entry.facts.description) row.description = null;
  if (entry.occurredAt < row.startedAt) row.startedAt = entry.occurredAt;
  if (entry.occurredAt > row.endedAt) row.endedAt = entry.occurredAt;
  row.entries += 1;
  row.lastSeq = entry.seq;
  row.credits = credits;
  return true;
}

/** Returns the row of one entry. */
function toRow({ kind, credits, facts, occurredAt, seq }: Hashed): GrowingRow {
  return {
    kind,
    source: facts.source,
    project: facts.project,
    member: facts.member,
    task: facts.task,
    discount: toDiscount(credits, facts),
    description: facts.description,
    startedAt: occurredAt,
    endedAt: occurredAt,
    entries: 1,
    firstSeq: seq,
    lastSeq: seq,
    credits,
    ...toDiscounted(facts),
  };
}
