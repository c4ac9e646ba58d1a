import { amount, type Credits, fits } from "./credits.js";
import type { ActivityRow, Entry, OpenRow, Source } from "./entry.js";
import { type Instant, MICROS_PER_SECOND } from "./instant.js";
import { categoryOf, isUsage, type UsageKind } from "./kinds.js";
import type { Draft, GrowingRow, RowTotals, Window } from "./state.js";

/** The length of a window, in microseconds: five minutes, aligned to the clock. */
export const WINDOW_MICROS = 300 * MICROS_PER_SECOND;

/** How many rows a window holds before it is sealed. */
export const WINDOW_ROWS_MAX = 64;

/** What grouping needs of an entry. Its position is what grouping finds. */
type Groupable = Omit<Entry, "hash" | "position">;

/** A usage entry, which is what windows group. */
type GroupableUsage = Groupable & { readonly kind: UsageKind };

/**
 * Puts an entry into its activity row, and returns the row's position. Usage joins the open window's row of the same
 * kind, source, project and discount, or begins a row or a window; any other entry seals the window and is a row alone.
 */
export function group(draft: Draft, entry: Groupable): number {
  if (isUsageEntry(entry)) return groupUsage(draft, entry);
  sealWindow(draft);
  const category = categoryOf(entry.kind);
  const row: ActivityRow = {
    position: draft.totals.all + 1,
    category,
    categoryPosition: draft.totals[category] + 1,
    title: entry.title,
    ...rowOf(entry),
    balance: entry.balance,
  };
  draft.totals = counted(draft.totals, category);
  draft.changes.rows.push(row);
  return row.position;
}

/** The activity rows of an open window, on an account with these totals: the last of all, and the last of Used. */
export function windowRows(window: Window, totals: RowTotals): ActivityRow[] {
  let balance = window.base;
  const before = { all: totals.all - window.rows.length, used: totals.used - window.rows.length };
  return window.rows.map((row, index) => {
    balance = amount(balance + row.credits);
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

function isUsageEntry(entry: Groupable): entry is GroupableUsage {
  return isUsage(entry.kind);
}

function groupUsage(draft: Draft, entry: GroupableUsage): number {
  const discount = discountOf(entry.credits, entry.originalCredits);
  const window = draft.window;
  if (window !== null && isWithin(window, entry)) {
    const index = window.rows.findIndex((row) => isSameGroup(row, entry, discount));
    const row = window.rows[index];
    if (row !== undefined && hasRoom(row, entry)) {
      join(row, entry);
      return draft.totals.all - window.rows.length + index + 1;
    }
    if (row === undefined && window.rows.length < WINDOW_ROWS_MAX) {
      window.rows.push(rowOf(entry));
    } else openWindow(draft, window.cell, entry);
  } else {
    openWindow(draft, (Math.floor(entry.occurredAt / WINDOW_MICROS) * WINDOW_MICROS) as Instant, entry);
  }
  draft.totals = counted(draft.totals, "used");
  return draft.totals.all;
}

/** Whether an entry is neither later, nor too late, for a window. */
function isWithin(window: Window, entry: Groupable): boolean {
  return entry.occurredAt < window.cell + WINDOW_MICROS && window.cell - entry.occurredAt < WINDOW_MICROS;
}

function openWindow(draft: Draft, cell: Instant, entry: GroupableUsage): void {
  sealWindow(draft);
  draft.window = { cell, base: amount(entry.balance - entry.credits), rows: [rowOf(entry)] };
}

/** Closes the open window, if there is one: its rows are complete. */
function sealWindow(draft: Draft): void {
  if (draft.window === null) return;
  draft.changes.rows.push(...windowRows(draft.window, draft.totals));
  draft.window = null;
}

function counted(totals: RowTotals, category: Exclude<keyof RowTotals, "all">): RowTotals {
  return {
    all: totals.all + 1,
    added: totals.added + Number(category === "added"),
    used: totals.used + Number(category === "used"),
    adjustments: totals.adjustments + Number(category === "adjustments"),
  };
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

function isSameGroup(row: OpenRow, entry: Groupable, discount: number | null): boolean {
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
function hasRoom(row: OpenRow, entry: Groupable): boolean {
  return (
    fits(row.credits + entry.credits) && fits((row.originalCredits ?? 0n) + (entry.originalCredits ?? 0n))
  );
}

/** Adds an entry to a row. */
function join(row: GrowingRow, entry: Groupable): void {
  if (row.description !== entry.description) row.description = null;
  if (entry.occurredAt < row.startedAt) row.startedAt = entry.occurredAt;
  if (entry.occurredAt > row.endedAt) row.endedAt = entry.occurredAt;
  row.entries += 1;
  row.lastSeq = entry.seq;
  row.credits = amount(row.credits + entry.credits);
  if (row.originalCredits !== null)
    row.originalCredits = amount(row.originalCredits + (entry.originalCredits ?? 0n));
}

/** What a row says that has one entry. */
function rowOf<K extends Entry["kind"]>(entry: Groupable & { readonly kind: K }) {
  return {
    kind: entry.kind,
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
  };
}
