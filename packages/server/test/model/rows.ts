import { MICROS_MAX, micros } from "../../src/core/amount.js";
import type { ActivityRow, Entry } from "../../src/core/entry.js";
import type { Discounted } from "../../src/core/facts.js";
import type { Instant } from "../../src/core/instant.js";
import type { Category, KindType } from "../../src/core/kinds.js";
import { sum } from "./books.js";

/** The length of a window: five minutes. */
export const WINDOW_MICROS = 300_000_000;

/** The number of rows at which a window is full. */
export const WINDOW_ROWS = 64;

/** The part of an entry that grouping depends on. */
export type Groupable = Pick<Entry, "seq" | "kind" | "type" | "title" | "credits" | "facts" | "occurredAt">;

/** Usage entries of one cell, or a single other entry. `cell` is null for the latter. */
export interface Window<E extends Groupable> {
  readonly cell: number | null;
  /** The entries of each row, in the order of the rows. */
  readonly rows: readonly (readonly E[])[];
}

/** Returns the number of the clock-aligned five minutes that a moment falls in. */
export function toCell(moment: Instant): number {
  return Math.floor(moment / WINDOW_MICROS);
}

/** Returns a discount in tenths of a percent, rounded half up, or null when there was none. */
export function toDiscount(entry: Pick<Entry, "credits"> & { readonly facts: Discounted }): number | null {
  const original = entry.facts.originalCredits;
  if (original === null) return null;
  if (entry.credits === 0n) return 1000;
  const off = original + entry.credits;
  // floor(x + 1/2), with x = off * 1000 / original, and everything doubled to stay with whole numbers.
  const rounded = Number((off * 2000n + original) / (original * 2n));
  return Math.min(999, Math.max(1, rounded));
}

/** True if a usage entry may join the open window of a cell: it is in the cell, or late by less than a window. */
export function joins(occurredAt: Instant, cell: number): boolean {
  const start = cell * WINDOW_MICROS;
  return toCell(occurredAt) === cell || (occurredAt < start && start - occurredAt < WINDOW_MICROS);
}

/** Returns all windows of entries, from the first entry on. The last one is open when it has a cell. */
export function toWindows<E extends Groupable>(entries: readonly E[]): Window<E>[] {
  const windows: { cell: number | null; rows: E[][] }[] = [];
  for (const entry of entries) {
    const open = windows.at(-1);
    if (entry.type !== "usage") {
      windows.push({ cell: null, rows: [[entry]] });
    } else if (open === undefined || open.cell === null || !joins(entry.occurredAt, open.cell)) {
      windows.push({ cell: toCell(entry.occurredAt), rows: [[entry]] });
    } else {
      const row = open.rows.find((candidate) => candidate.every((other) => sameGroup(other, entry)));
      if (row === undefined && open.rows.length < WINDOW_ROWS) open.rows.push([entry]);
      else if (row !== undefined && sumsFit([...row, entry])) row.push(entry);
      else windows.push({ cell: open.cell, rows: [[entry]] });
    }
  }
  return windows;
}

/** Returns the activity rows of entries, from the first row on. */
export function toRows(entries: readonly Groupable[]): ActivityRow[] {
  const members = toWindows(entries).flatMap((window) => window.rows);
  return members.map((row, index) => {
    const [first] = row as readonly [Groupable, ...Groupable[]];
    const before = members.slice(0, index);
    const category = toCategory(first.type);
    const moments = row.map((entry) => entry.occurredAt);
    const originals = row.map((entry) => entry.facts.originalCredits).filter((original) => original !== null);
    return {
      position: index + 1,
      category,
      categoryPosition:
        1 + before.filter(([other]) => other !== undefined && toCategory(other.type) === category).length,
      kind: first.kind,
      title: first.title,
      source: first.facts.source,
      project: first.facts.project,
      member: first.facts.member,
      task: first.facts.task,
      discount: toDiscount(first),
      description: row.every((entry) => entry.facts.description === first.facts.description)
        ? first.facts.description
        : null,
      startedAt: Math.min(...moments) as Instant,
      endedAt: Math.max(...moments) as Instant,
      entries: row.length,
      firstSeq: Math.min(...row.map((entry) => entry.seq)),
      lastSeq: Math.max(...row.map((entry) => entry.seq)),
      credits: sum(row.map((entry) => entry.credits)),
      originalCredits: originals.length === 0 ? null : sum(originals),
      balance: micros(sum([...before.flat(), ...row].map((entry) => entry.credits))),
    };
  });
}

/** Returns the position of each entry's row by the entry's `seq`. */
export function toPositions(entries: readonly Groupable[]): Map<number, number> {
  const members = toWindows(entries).flatMap((window) => window.rows);
  return new Map(members.flatMap((row, index) => row.map((entry) => [entry.seq, index + 1] as const)));
}

/** Returns the category of entries of a type. */
export function toCategory(type: KindType): Category {
  if (type === "grant") return "added";
  return type === "usage" ? "used" : "adjustments";
}

/** True if two usage entries belong to one group, windows aside. Labels of dimensions do not count. */
export function sameGroup(a: Groupable, b: Groupable): boolean {
  const [one, other] = [a.facts, b.facts];
  return (
    a.kind === b.kind &&
    one.project?.id === other.project?.id &&
    one.member?.id === other.member?.id &&
    one.task?.id === other.task?.id &&
    (one.source === null) === (other.source === null) &&
    one.source?.type === other.source?.type &&
    one.source?.id === other.source?.id &&
    one.source?.label === other.source?.label &&
    toDiscount(a) === toDiscount(b)
  );
}

function sumsFit(row: readonly Groupable[]): boolean {
  return (
    -sum(row.map((entry) => entry.credits)) <= MICROS_MAX &&
    sum(row.map((entry) => entry.facts.originalCredits ?? 0n)) <= MICROS_MAX
  );
}
