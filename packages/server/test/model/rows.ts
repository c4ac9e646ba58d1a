import { amount, CREDITS_MAX } from "../../src/ledger/credits.js";
import type { ActivityRow, Entry } from "../../src/ledger/entry.js";
import type { Instant } from "../../src/ledger/instant.js";
import { categoryOf, isUsage } from "../../src/ledger/kinds.js";
import { sum } from "./books.js";

/** The length of a window: five minutes. */
export const WINDOW_MICROS = 300_000_000;

/** How many rows a window holds. */
export const WINDOW_ROWS = 64;

/** What grouping needs to know of an entry. */
export type Groupable = Pick<
  Entry,
  | "seq"
  | "kind"
  | "title"
  | "credits"
  | "originalCredits"
  | "description"
  | "source"
  | "project"
  | "occurredAt"
>;

/** Some usage entries of one cell, or a single other entry; `cell` is null for the latter. */
export interface Window<E extends Groupable> {
  readonly cell: number | null;
  /** The entries of each row, in the order of the rows. */
  readonly rows: readonly (readonly E[])[];
}

/** The number of the clock-aligned five minutes a moment falls in. */
export function cellOf(moment: Instant): number {
  return Math.floor(moment / WINDOW_MICROS);
}

/** A discount in tenths of a percent, rounded half up, or null when there was none. */
export function discountOf(entry: Pick<Groupable, "credits" | "originalCredits">): number | null {
  if (entry.originalCredits === null) return null;
  if (entry.credits === 0n) return 1000;
  const original = -entry.originalCredits;
  const off = original + entry.credits;
  // floor(x + 1/2), with x = off * 1000 / original, and everything doubled to stay with whole numbers.
  const rounded = Number((off * 2000n + original) / (original * 2n));
  return Math.min(999, Math.max(1, rounded));
}

/** Whether a usage entry of some moment may join an open window of some cell: in it, or late by less than a window. */
export function joins(occurredAt: Instant, cell: number): boolean {
  const start = cell * WINDOW_MICROS;
  return cellOf(occurredAt) === cell || (occurredAt < start && start - occurredAt < WINDOW_MICROS);
}

/** All windows of a list of entries, from the first entry on. The last one is open when it has a cell. */
export function windowsOf<E extends Groupable>(entries: readonly E[]): Window<E>[] {
  const windows: { cell: number | null; rows: E[][] }[] = [];
  for (const entry of entries) {
    const open = windows.at(-1);
    if (!isUsage(entry.kind)) {
      windows.push({ cell: null, rows: [[entry]] });
    } else if (open === undefined || open.cell === null || !joins(entry.occurredAt, open.cell)) {
      windows.push({ cell: cellOf(entry.occurredAt), rows: [[entry]] });
    } else {
      const row = open.rows.find((candidate) => candidate.every((other) => sameGroup(other, entry)));
      if (row === undefined && open.rows.length < WINDOW_ROWS) open.rows.push([entry]);
      else if (row !== undefined && sumsFit([...row, entry])) row.push(entry);
      else windows.push({ cell: open.cell, rows: [[entry]] });
    }
  }
  return windows;
}

/** The activity rows of a list of entries, from the first row on. */
export function rowsOf(entries: readonly Groupable[]): ActivityRow[] {
  const members = windowsOf(entries).flatMap((window) => window.rows);
  return members.map((row, index) => {
    const [first] = row as readonly [Groupable, ...Groupable[]];
    const before = members.slice(0, index);
    const category = categoryOf(first.kind);
    const moments = row.map((entry) => entry.occurredAt);
    const originals = row.map((entry) => entry.originalCredits).filter((original) => original !== null);
    return {
      position: index + 1,
      category,
      categoryPosition:
        1 + before.filter(([other]) => other !== undefined && categoryOf(other.kind) === category).length,
      kind: first.kind,
      title: first.title,
      source: first.source,
      project: first.project,
      discount: discountOf(first),
      description: row.every((entry) => entry.description === first.description) ? first.description : null,
      startedAt: Math.min(...moments) as Instant,
      endedAt: Math.max(...moments) as Instant,
      entries: row.length,
      firstSeq: Math.min(...row.map((entry) => entry.seq)),
      lastSeq: Math.max(...row.map((entry) => entry.seq)),
      credits: sum(row.map((entry) => entry.credits)),
      originalCredits: originals.length === 0 ? null : sum(originals),
      balance: amount(sum([...before.flat(), ...row].map((entry) => entry.credits))),
    };
  });
}

/** The position of the row each entry belongs to, by the entry's `seq`. */
export function positionsOf(entries: readonly Groupable[]): Map<number, number> {
  const members = windowsOf(entries).flatMap((window) => window.rows);
  return new Map(members.flatMap((row, index) => row.map((entry) => [entry.seq, index + 1] as const)));
}

/** Whether two usage entries belong to one group, windows aside. */
export function sameGroup(a: Groupable, b: Groupable): boolean {
  return (
    a.kind === b.kind &&
    a.project === b.project &&
    (a.source === null) === (b.source === null) &&
    a.source?.type === b.source?.type &&
    a.source?.id === b.source?.id &&
    a.source?.label === b.source?.label &&
    discountOf(a) === discountOf(b)
  );
}

function sumsFit(row: readonly Groupable[]): boolean {
  return (
    -sum(row.map((entry) => entry.credits)) <= CREDITS_MAX &&
    -sum(row.map((entry) => entry.originalCredits ?? 0n)) <= CREDITS_MAX
  );
}
