import type { Facts } from "../core/facts.js";

/** The length of all records of a part's items. A caller can make an item long by them alone. */
const PART_LENGTH_MAX = 2_000_000;

type Values = Readonly<Record<string, unknown>> | null;

/** The items that are read first, and the growth of what is read at once. Long items are not read to be dropped then. */
const FIRST_MAX = 64;
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
    const isRepeated = items.length > 0 && isSame(found[0], items.at(-1), toPlace);
    const further = isRepeated ? found.slice(1) : found;
    for (const item of further) {
      for (const values of toRecords(item)) length += toLength(values);
      const count = items.push(item) - 1;
      if (count === limit || (count > 0 && length > PART_LENGTH_MAX)) return { items, count };
    }
    if (further.length < asked) return { items, count: items.length };
    from = toPlace(items.at(-1) as Item);
    asked = Math.min(limit + 1 - items.length, GROWTH * items.length);
  }
}

function isSame<Item>(
  one: Item | undefined,
  other: Item | undefined,
  toPlace: (item: Item) => Place,
): boolean {
  return one !== undefined && other !== undefined && String(toPlace(one)) === String(toPlace(other));
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
