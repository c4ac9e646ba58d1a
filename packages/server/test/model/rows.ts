import { MICROS_MAX, micros } from "../../src/core/amount.js";
import { type ActivityRow, type Entry, GROUP_FACTS, type GroupFact } from "../../src/core/entry.js";
import type { Discounted } from "../../src/core/facts.js";
import type { Instant } from "../../src/core/instant.js";
import type { Category, KindType } from "../../src/core/kinds.js";
import { sum } from "./books.js";

/** The length of a window: five minutes. */
export const WINDOW_MICROS = 300_000_000;

/** The number of groups at which a window is full. */
export const WINDOW_GROUPS = 64;

/** The part of an entry that grouping depends on. */
export type Groupable = Pick<
  Entry,
  "seq" | "kind" | "type" | "title" | "credits" | "facts" | "occurredAt" | "recordedAt"
>;

/** The entries of a row: of a group and the window in which its usage occurred, or of groups that share the row. */
export interface Row<E extends Groupable> {
  /** The number of that window. It is null for a shared row. */
  readonly cell: number | null;
  readonly entries: readonly E[];
}

/** Usage entries recorded in one window, or a part of them, or a single other entry. `cell` is null for the latter. */
export interface Window<E extends Groupable> {
  readonly cell: number | null;
  /** The rows of the parts before it. */
  readonly earlier: readonly Row<E>[];
  readonly rows: readonly Row<E>[];
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

/** Returns the number of the window whose row has usage. Usage that is late by less than a window counts as current. */
export function toRowCell(entry: Groupable): number {
  const current = toCell(entry.recordedAt);
  const isCurrent = Math.abs(entry.occurredAt - current * WINDOW_MICROS) < WINDOW_MICROS;
  return isCurrent ? current : toCell(entry.occurredAt);
}

interface GrowingWindow<E extends Groupable> {
  readonly cell: number | null;
  readonly earlier: readonly Row<E>[];
  readonly rows: { readonly cell: number | null; readonly entries: E[] }[];
}

/** Returns all windows of entries, from the first entry on. The last one is open when it has a cell. */
export function toWindows<E extends Groupable>(entries: readonly E[]): Window<E>[] {
  const windows: GrowingWindow<E>[] = [];
  for (const entry of entries) {
    const open = windows.at(-1);
    const cell = toCell(entry.recordedAt);
    if (entry.type !== "usage") {
      windows.push({ cell: null, earlier: [], rows: [{ cell: null, entries: [entry] }] });
    } else if (open === undefined || open.cell !== cell) {
      windows.push({ cell, earlier: [], rows: [{ cell: toRowCell(entry), entries: [entry] }] });
    } else {
      const added = addEntry(open, entry);
      if (added === "added") continue;
      // Rows whose sums are too large begin again, which is not a reason to share rows.
      const earlier = added === "part" ? [...open.earlier, ...open.rows] : open.earlier;
      const part: GrowingWindow<E> = { cell, earlier, rows: [] };
      addEntry(part, entry);
      windows.push(part);
    }
  }
  return windows;
}

/** Adds usage to a window, or returns what has to begin: another part of it, or the window again. */
function addEntry<E extends Groupable>(window: GrowingWindow<E>, entry: E): "added" | "part" | "window" {
  const cell = toRowCell(entry);
  const isOfGroup = ({ entries: [first] }: Row<E>) => first !== undefined && sameGroup(first, entry);
  const mine = window.rows.find((row) => row.cell === cell && isOfGroup(row));
  if (mine !== undefined) return grow(mine.entries, entry);

  const own = window.rows.filter((row) => row.cell !== null);
  const isCovered = isBetween(cell, toLateCells(window));
  const isFull = own.length >= WINDOW_GROUPS;
  if (!isCovered && !isFull) {
    window.rows.push({ cell, entries: [entry] });
    return "added";
  }
  const current = own.filter((row) => isCurrent(row, window));
  const isNewTime = own.every((row) => row.cell !== cell);
  if (!isCovered && isNewTime && current.length <= WINDOW_GROUPS / 2) return "part";
  const shared = window.rows.find((row) => row.cell === null && row.entries[0]?.kind === entry.kind);
  if (shared !== undefined) return grow(shared.entries, entry);
  window.rows.push({ cell: null, entries: [entry] });
  return "added";
}

function grow<E extends Groupable>(entries: E[], entry: E): "added" | "window" {
  if (!sumsFit([...entries, entry])) return "window";
  entries.push(entry);
  return "added";
}

function isCurrent({ cell }: Row<Groupable>, window: Window<Groupable>): boolean {
  return cell !== null && window.cell !== null && cell >= window.cell;
}

/** Returns the windows of late usage that the earlier parts have rows for. */
function toLateCells(window: Window<Groupable>): number[] {
  return window.earlier.flatMap((row) => (row.cell === null || isCurrent(row, window) ? [] : row.cell));
}

function isBetween(cell: number, cells: readonly number[]): boolean {
  return cells.length > 0 && cell >= Math.min(...cells) && cell <= Math.max(...cells);
}

/** Returns the activity rows of entries, from the first row on. */
export function toRows(entries: readonly Groupable[]): ActivityRow[] {
  const members = toWindows(entries).flatMap((window) => window.rows.map((row) => row.entries));
  return members.map((row, index) => {
    const [first] = row as readonly [Groupable, ...Groupable[]];
    const various = toVarious(row);
    const common = <T>(fact: GroupFact, value: T): T | null => (various.includes(fact) ? null : value);
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
      source: common("source", first.facts.source),
      project: common("project", first.facts.project),
      member: common("member", first.facts.member),
      task: common("task", first.facts.task),
      various,
      discount: common("discount", toDiscount(first)),
      description: row.every((entry) => entry.facts.description === first.facts.description)
        ? first.facts.description
        : null,
      startedAt: Math.min(...moments) as Instant,
      endedAt: Math.max(...moments) as Instant,
      entries: row.length,
      firstSeq: Math.min(...row.map((entry) => entry.seq)),
      lastSeq: Math.max(...row.map((entry) => entry.seq)),
      credits: sum(row.map((entry) => entry.credits)),
      originalCredits: originals.length === 0 ? null : common("discount", sum(originals)),
      balance: micros(sum([...before.flat(), ...row].map((entry) => entry.credits))),
    };
  });
}

/** Returns the position of each entry's row by the entry's `seq`. */
export function toPositions(entries: readonly Groupable[]): Map<number, number> {
  const rows = toWindows(entries).flatMap((window) => window.rows);
  return new Map(rows.flatMap((row, index) => row.entries.map((entry) => [entry.seq, index + 1] as const)));
}

/** Returns the category of entries of a type. */
export function toCategory(type: KindType): Category {
  if (type === "grant") return "added";
  return type === "usage" ? "used" : "adjustments";
}

/** Returns the facts in which entries differ, in the order in which rows name them. Labels of dimensions do not count. */
export function toVarious(entries: readonly Groupable[]): GroupFact[] {
  const [first] = entries;
  if (first === undefined) return [];
  return GROUP_FACTS.filter((fact) => entries.some((entry) => !agrees(entry, first, fact)));
}

/** True if two usage entries belong to one group, windows aside. Labels of dimensions do not count. */
export function sameGroup(a: Groupable, b: Groupable): boolean {
  return a.kind === b.kind && GROUP_FACTS.every((fact) => agrees(a, b, fact));
}

function agrees(a: Groupable, b: Groupable, fact: GroupFact): boolean {
  if (fact === "discount") return toDiscount(a) === toDiscount(b);
  const [one, other] = [a.facts[fact], b.facts[fact]];
  if (one === null || other === null) return one === other;
  if (fact !== "source") return one.id === other.id;
  const [source, otherSource] = [a.facts.source, b.facts.source];
  return one.id === other.id && source?.type === otherSource?.type && one.label === other.label;
}

function sumsFit(row: readonly Groupable[]): boolean {
  const hasOneDiscount = !toVarious(row).includes("discount");
  return (
    -sum(row.map((entry) => entry.credits)) <= MICROS_MAX &&
    (!hasOneDiscount || sum(row.map((entry) => entry.facts.originalCredits ?? 0n)) <= MICROS_MAX)
  );
}
