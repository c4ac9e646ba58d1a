import type { Facts } from "../core/facts.js";
import { LIMIT_DEFAULT } from "./requests.js";

/** The length of all records of a part's items. A caller can make an item long by them alone. */
const PART_LENGTH_MAX = 2_000_000;

type Values = Readonly<Record<string, unknown>> | null;

/** The items that are read first: all of a usual part. */
const FIRST_MAX = LIMIT_DEFAULT + 1;

/** The growth of what is read at once. Longer items may follow short ones. */
const GROWTH = 4;

type Place = readonly (string | number)[];

/** A list that is read in parts. */
export interface List<Item, At extends Place> {
  /** Reads items from a place on, which is included. Null is the start. */
  read(from: At | null, limit: number): Promise<readonly Item[]>;
  toPlace(item: Item): At;
  /** Returns the records of an item. */
  readonly toRecords: (item: NoInfer<Item>) => readonly Values[];
}

/** A part of a list. */
export interface Part<Item> {
  /** The items of the part, and the next one if there is one. */
  readonly items: readonly Item[];
  /** The number of items that the part has. */
  readonly count: number;
}

/** Reads a part of a list: as many items as are asked for, or fewer that are long, and at least one. */
export async function readPart<Item, At extends Place>(
  { place, limit }: { readonly place: At | null; readonly limit: number },
  { read, toPlace, toRecords }: List<Item, At>,
): Promise<Part<Item>> {
  const items: Item[] = [];
  let length = 0;
  let asked = Math.min(limit + 1, FIRST_MAX);
  for (let from = place; ; ) {
    const found = await read(from, items.length === 0 ? asked : asked + 1);
    // The last item is read again, unless it has left the list meanwhile.
    const [first] = found;
    const isRepeated = items.length > 0 && first !== undefined && String(toPlace(first)) === String(from);
    const further = isRepeated ? found.slice(1) : found;
    for (const item of further) {
      for (const values of toRecords(item)) length += toLength(values);
      const count = items.push(item) - 1;
      if (count === limit || (count > 0 && length > PART_LENGTH_MAX)) return { items, count };
    }
    if (further.length < asked) return { items, count: items.length };
    from = toPlace(items.at(-1) as Item);
    const fitting = Math.ceil((PART_LENGTH_MAX - length) / (length / items.length)) + 1;
    asked = Math.min(limit + 1 - items.length, GROWTH * items.length, fitting);
  }
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
