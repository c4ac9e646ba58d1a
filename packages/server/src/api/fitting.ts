import type { Facts } from "../core/facts.js";

/** The length of all records of a part's items. A caller can make an item long by them alone. */
const PART_LENGTH_MAX = 2_000_000;

/** An entry or a hold. */
interface Item {
  readonly facts: Pick<Facts, "metadata" | "privateMetadata" | "quantities">;
}

/** Returns the number of items that a part has: as many as are asked for, or fewer that are long, and at least one. */
export function toFitting(items: readonly Item[], limit: number): number {
  const count = Math.min(items.length, limit);
  let length = 0;
  for (let index = 0; index < count; index++) {
    const { metadata, privateMetadata, quantities } = (items[index] as Item).facts;
    length += toLength(metadata) + toLength(privateMetadata) + toLength(quantities);
    if (length > PART_LENGTH_MAX) return Math.max(1, index);
  }
  return count;
}

function toLength(record: Readonly<Record<string, unknown>> | null): number {
  let length = 0;
  for (const name in record) length += name.length + String(record[name]).length;
  return length;
}
