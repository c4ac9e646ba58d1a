import { fits, micros } from "./amount.js";
import type { Hashed } from "./chain.js";
import { addDiscounted, toDiscount, toDiscounted } from "./charge.js";
import { GROUP_FACTS, type GroupFact, type RowFacts } from "./entry.js";
import { DIMENSIONS, type Dimension, type Discounted, type Source } from "./facts.js";
import type { Instant } from "./instant.js";
import type { GrowingRow } from "./state.js";

/** The part of an entry that its row is made of. */
export interface RowEntry extends Pick<Hashed, "kind" | "credits" | "occurredAt" | "seq"> {
  readonly facts: RowFacts & Discounted;
}

const NONE: readonly GroupFact[] = Object.freeze([]);

/** Returns the row of one entry: that of a group in a window, or a shared one if `cell` is null. */
export function toRow({ kind, credits, facts, occurredAt, seq }: RowEntry, cell: Instant | null): GrowingRow {
  return {
    kind,
    cell,
    source: facts.source,
    project: facts.project,
    member: facts.member,
    task: facts.task,
    various: NONE,
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

/** True if an entry with a discount belongs to the group of a row. */
export function isSameGroup(
  row: GrowingRow,
  { kind, facts }: Pick<RowEntry, "kind" | "facts">,
  discount: number | null,
): boolean {
  return (
    row.kind === kind &&
    row.discount === discount &&
    isSameDimension(row.project, facts.project) &&
    isSameDimension(row.member, facts.member) &&
    isSameDimension(row.task, facts.task) &&
    isSameSource(row.source, facts.source)
  );
}

/**
 * Adds an entry to a row of its group, or to a shared row.
 *
 * @returns false when the row's sums would not fit their columns; the row is as it was then
 */
export function joinRow(row: GrowingRow, entry: RowEntry): boolean {
  const credits = micros(row.credits + entry.credits);
  if (!fits(credits)) return false;
  if (row.cell !== null || row.discount === toDiscount(entry.credits, entry.facts)) {
    if (!addDiscounted(row, entry.facts)) return false;
  } else {
    // Amounts before different discounts have no sum that a badge could explain.
    row.discount = null;
    row.originalCredits = null;
    addVarious(row, "discount");
  }
  if (row.cell === null) joinFacts(row, entry.facts);
  if (row.description !== entry.facts.description) row.description = null;
  if (entry.occurredAt < row.startedAt) row.startedAt = entry.occurredAt;
  if (entry.occurredAt > row.endedAt) row.endedAt = entry.occurredAt;
  row.entries += 1;
  row.lastSeq = entry.seq;
  row.credits = credits;
  return true;
}

/** Keeps the facts of a shared row in which another entry agrees. */
function joinFacts(row: GrowingRow, facts: RowFacts): void {
  if (!isSameSource(row.source, facts.source)) {
    row.source = null;
    addVarious(row, "source");
  }
  for (const dimension of DIMENSIONS) {
    if (isSameDimension(row[dimension], facts[dimension])) continue;
    row[dimension] = null;
    addVarious(row, dimension);
  }
}

/** Adds a fact in its fixed order. */
function addVarious(row: GrowingRow, added: GroupFact): void {
  if (row.various.includes(added)) return;
  row.various = GROUP_FACTS.filter((fact) => fact === added || row.various.includes(fact));
}

/** Compares dimensions by their ids. Labels are kept apart and may change. */
function isSameDimension(a: Dimension | null, b: Dimension | null): boolean {
  return a === null || b === null ? a === b : a.id === b.id;
}

function isSameSource(a: Source | null, b: Source | null): boolean {
  if (a === null || b === null) return a === b;
  return a.type === b.type && a.id === b.id && a.label === b.label;
}
