/*
 * Groups entries into activity rows.
 *
 * A window is a clock-aligned span of five minutes in which usage is recorded. An entry that is not usage closes it. Each
 * group of usage has a row in it: one for usage that occurred in the window or shortly before, and one for each earlier or
 * later window in which other usage occurred. So the clocks of the senders don't multiply rows.
 *
 * A window has room for 64 groups. Further ones share a row per kind. The facts in which its entries differ are null, and
 * `various` names them.
 *
 * A backlog may fill the room with rows of many windows. Once it comes to a time that has no row, they are closed, and the
 * room is free again: the window goes on in another part. `covered` keeps the times of the closed rows, so that a backlog
 * in no order can't close rows again and again: usage of those times shares a row. A part makes room for at least as many
 * rows of the backlog as it repeats of current usage. Usage in any order so makes at most two rows per group and window,
 * and a shared row per kind and part.
 */

import { micros } from "./amount.js";
import type { Hashed } from "./chain.js";
import { toDiscount } from "./charge.js";
import type { ActivityRow } from "./entry.js";
import { type Instant, MICROS_PER_SECOND } from "./instant.js";
import { CATEGORY, KINDS_MAX } from "./kinds.js";
import { isSameGroup, joinRow, type RowEntry, toRow } from "./rows.js";
import type { Covered, Draft, GrowingRow, RowTotals, Window } from "./state.js";

/** The length of a window in microseconds: five minutes, aligned to the clock. */
export const WINDOW_MICROS = 300 * MICROS_PER_SECOND;

/** The number of groups at which a window is full. */
export const WINDOW_GROUPS_MAX = 64;

/** The most rows of a window: one per group, and a shared one per kind. */
export const WINDOW_ROWS_MAX = WINDOW_GROUPS_MAX + KINDS_MAX;

/** The most rows of current usage that a part may repeat. */
const REPEATED_MAX = WINDOW_GROUPS_MAX / 2;

/** The number of entries of a window between two of its states. */
export const STATE_ENTRIES = 256;

/**
 * Puts an entry into its activity row, and returns the row's position. Usage joins the row of its group in the open
 * window, or appends a row or opens a window. Any other entry closes the window and is a row alone.
 */
export function group(draft: Draft, entry: Hashed): number {
  if (entry.type === "usage") return groupUsage(draft, entry);
  closeWindow(draft);
  const category = CATEGORY[entry.type];
  const { cell, ...row } = toRow(entry, null);
  draft.totals = count(draft.totals, category);
  draft.changes.rows.push({
    position: draft.totals.all,
    category,
    categoryPosition: draft.totals[category],
    title: entry.title,
    ...row,
    balance: entry.balance,
  });
  return draft.totals.all;
}

/** Returns the activity rows of the open window of an account with these totals. They are its last rows. */
export function toWindowRows(window: Window, totals: RowTotals): ActivityRow[] {
  let balance = window.base;
  const before = { all: totals.all - window.rows.length, used: totals.used - window.rows.length };
  return window.rows.map(({ cell, ...row }, index) => {
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

/** An entry that is in a row already. */
export interface PlacedEntry extends RowEntry {
  readonly position: number;
}

/**
 * Brings a window to the moment after some more of its entries, each in the row that it has.
 *
 * @param position the position of the window's first row
 * @returns false when an entry is in none of its rows and not in the next
 */
export function replay(window: Window, position: number, entries: readonly PlacedEntry[]): boolean {
  for (const entry of entries) {
    const index = entry.position - position;
    const row = window.rows[index];
    if (index < 0 || index > window.rows.length) return false;
    // A shared row is right for a group's row too, because entries of one group differ in nothing.
    if (row === undefined) window.rows.push(toRow(entry, null));
    else if (!joinRow(row, entry)) return false;
  }
  return true;
}

function groupUsage(draft: Draft, entry: Hashed): number {
  const recorded = toCell(entry.recordedAt);
  let window = draft.window;
  if (window === null || window.cell !== recorded) window = openWindow(draft, recorded, entry, null);
  let index = place(window, entry);
  if (index < 0) {
    const covered = index === ANOTHER_PART ? toCovered(window) : window.covered;
    window = openWindow(draft, recorded, entry, covered);
    index = place(window, entry);
  }
  if (window.rows[index]?.entries === 1) draft.totals = count(draft.totals, "used");
  const before = draft.totals.all - window.rows.length;
  const entries = entry.seq - (window.rows[0]?.firstSeq ?? entry.seq) + 1;
  if (entries % STATE_ENTRIES === 0) {
    const rows = window.rows.map((row) => ({ ...row }));
    draft.changes.states.push({ position: before + 1, seq: entry.seq, window: { ...window, rows } });
  }
  return before + index + 1;
}

/** Stands for a row in another part of the window, because a backlog has come to another time. */
const ANOTHER_PART = -1;

/** Stands for a row in another window, because the sums of the entry's row would not fit their columns. */
const ANOTHER_WINDOW = -2;

/** Puts an entry into a row of a window, and returns the row's index, or what stands for a row elsewhere. */
function place(window: Window, entry: Hashed): number {
  const { rows } = window;
  const cell = toRowCell(window, entry.occurredAt);
  const discount = toDiscount(entry.credits, entry.facts);
  let index = 0;
  while (index < rows.length) {
    const row = rows[index] as GrowingRow;
    if (row.cell === cell && isSameGroup(row, entry, discount)) break;
    index += 1;
  }
  let isShared = false;
  if (index === rows.length) {
    const isCovered = window.covered !== null && cell >= window.covered.from && cell <= window.covered.to;
    if (!isCovered && isFull(window) && isNextPart(window, cell)) return ANOTHER_PART;
    isShared = isCovered || isFull(window);
    if (isShared) index = rows.findIndex((row) => row.cell === null && row.kind === entry.kind);
  }
  const row = rows[index];
  if (row !== undefined) return joinRow(row, entry) ? index : ANOTHER_WINDOW;
  return rows.push(toRow(entry, isShared ? null : cell)) - 1;
}

/** Returns the clock-aligned window of a moment. */
/** Returns the start of the window in which a time lies. */
export function toCell(at: Instant): Instant {
  return (Math.floor(at / WINDOW_MICROS) * WINDOW_MICROS) as Instant;
}

/** Returns the window whose row has usage of a moment. Usage that is late by less than one window counts as current. */
function toRowCell({ cell }: Window, at: Instant): Instant {
  return Math.abs(at - cell) < WINDOW_MICROS ? cell : toCell(at);
}

function isFull({ rows }: Window): boolean {
  if (rows.length < WINDOW_GROUPS_MAX) return false;
  return rows.filter(({ cell }) => cell !== null).length >= WINDOW_GROUPS_MAX;
}

/** True if usage has come to a time that has no row, and at least half of the window's rows are late usage. */
function isNextPart(window: Window, cell: Instant): boolean {
  if (window.rows.some((row) => row.cell === cell)) return false;
  const repeated = window.rows.filter((row) => row.cell !== null && row.cell >= window.cell);
  return repeated.length <= REPEATED_MAX;
}

/** Returns the times of late usage that has rows in a window, or had rows in its earlier parts. */
function toCovered({ cell, rows, covered }: Window): Covered | null {
  const late = rows.flatMap((row) => (row.cell === null || row.cell >= cell ? [] : row.cell));
  if (covered !== null) late.push(covered.from, covered.to);
  if (late.length === 0) return null;
  return { from: Math.min(...late) as Instant, to: Math.max(...late) as Instant };
}

/** Opens a window, or another part of one, before an entry. */
function openWindow(draft: Draft, cell: Instant, entry: Hashed, covered: Covered | null): Window {
  closeWindow(draft);
  draft.window = { cell, base: micros(entry.balance - entry.credits), rows: [], covered };
  return draft.window;
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
