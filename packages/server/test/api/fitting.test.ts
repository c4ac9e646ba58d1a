import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPart } from "../../src/api/fitting.js";

interface Item {
  readonly seq: number;
  readonly text: string;
}

const toPlace = ({ seq }: Item): [number] => [seq];

/** Makes a list, and counts the reads and the items that are read of it. */
function createList(lengths: readonly number[]) {
  const all = lengths.map((length, index) => ({ seq: 10 * index, text: "x".repeat(length) }));
  const counts = { items: 0, calls: 0 };
  return {
    all,
    counts,
    toPlace,
    toRecords: ({ text }: Item) => [{ text }, null],
    async read(from: [number] | null, limit: number) {
      const found = all.filter(({ seq }) => seq >= (from?.[0] ?? 0)).slice(0, limit);
      counts.calls += 1;
      counts.items += found.length;
      return found;
    },
  };
}

describe("a part of a list", () => {
  it("has as many items as are asked for and fit, and the next one", async () => {
    const lengths = fc.array(fc.oneof(fc.constant(0), fc.constantFrom(100, 50_000, 1_999_000, 2_100_000)), {
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1, max: 200 }), fc.nat(), async (list, limit, start) => {
        const { all, ...items } = createList(list);
        const from = all.length === 0 ? 0 : start % all.length;
        const { items: found, count } = await readPart({ place: [10 * from], limit }, items);
        let fits = 0;
        let length = 0;
        for (const { text } of all.slice(from, from + limit)) {
          length += "text".length + text.length;
          if (fits > 0 && length > 2_000_000) break;
          fits += 1;
        }
        expect(count).toBe(fits);
        expect(found.slice(0, count + 1)).toEqual(all.slice(from, from + count + 1));
      }),
    );
  });

  it("does not read long items to drop them", async () => {
    const { all, ...long } = createList(new Array(1_001).fill(50_000));
    expect(await readPart({ place: null, limit: 1_000 }, long)).toMatchObject({ count: 39 });
    expect(long.counts).toMatchObject({ items: 101, calls: 1 });
    expect(all).toHaveLength(1_001);
    const even = createList(new Array(1_001).fill(15_000));
    expect(await readPart({ place: null, limit: 1_000 }, even)).toMatchObject({ count: 133 });
    expect(even.counts.items).toBeLessThan(140);
    const mixed = createList([...new Array(101).fill(10), ...new Array(900).fill(50_000)]);
    await readPart({ place: null, limit: 1_000 }, mixed);
    expect(mixed.counts).toMatchObject({ items: 101 + 405, calls: 2 });
  });

  it("takes few reads where items are short", async () => {
    const short = createList(new Array(2_000).fill(10));
    expect(await readPart({ place: null, limit: 1_000 }, short)).toMatchObject({ count: 1_000 });
    expect(short.counts.calls).toBe(3);
    await readPart({ place: null, limit: 100 }, short);
    expect(short.counts.calls).toBe(4);
  });

  it("goes on where an item has left the list meanwhile", async () => {
    const { all, ...list } = createList(new Array(200).fill(1));
    const read = async (from: [number] | null, limit: number) => {
      const found = await list.read(from, limit);
      return from === null ? found : found.filter(({ seq }) => seq !== from[0]);
    };
    const { items, count } = await readPart({ place: null, limit: 150 }, { ...list, read });
    expect(items.slice(0, count)).toEqual(all.slice(0, 150));
  });
});
