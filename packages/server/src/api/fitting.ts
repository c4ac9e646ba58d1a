import type { Facts } from "../core/facts.js";

/** The length of all records of a part's items. A caller can make an item long by them alone. */
const PART_LENGTH_MAX = 2_000_000;

type Values = Readonly<Record<string, unknown>> | null;

/**
 * Returns the number of items that a part has: as many as are asked for, or fewer that are long, and at least one.
 *
 * @param toRecords returns the records of an item
 */
export function toFitting<Item>(
  items: readonly Item[],
  limit: number,
  toRecords: (item: Item) => readonly Values[],
): number {
  const count = Math.min(items.length, limit);
  let length = 0;
  for (let index = 0; index < count; index++) {
    for (const values of toRecords(items[index] as Item)) length += toLength(values);
    if (length > PART_LENGTH_MAX) return Math.max(1, index);
  }
  return count;
}

/** Returns the records of an entry or a hold. */
export function toFactRecords({
  facts: { metadata, privateMetadata, quantities },
}: {
  readonly facts: Pick<Facts, "metadata" | "privateMetadata" | "quantities">;
}): readonly Values[] {
  return [metadata, privateMetadata, quantities];
}

function toLength(values: Values): number {
  let length = 0;
  for (const name in values) length += name.length + String(values[name]).length;
  return length;
}
