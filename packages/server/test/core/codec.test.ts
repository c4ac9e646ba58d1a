import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { decode, toDecoder, UNDECIDED } from "../../src/core/codec.js";
import { ALL_OPERATIONS, OPERATIONS } from "../../src/core/operations/index.js";

/** Strings of all sorts, near the limits of length and of what can be stored. */
const strings = fc.oneof(
  fc.string({ unit: "binary", maxLength: 70 }),
  fc.constantFrom(
    "",
    ".",
    "..",
    "a",
    "ä€😀",
    "a\0b",
    "a\u0007b",
    "\ud800",
    "\udc00x",
    "__proto__",
    "\ufeffa",
  ),
  fc.constantFrom("0.1234567", "1e3", "-0", "9223372036854.775808", "2026-02-30T00:00:00Z", "2026-11-22"),
  fc.constantFrom(64, 65, 128, 129, 200, 201, 255, 256, 500, 501).map((length) => "x".repeat(length)),
);

class Instance {
  readonly label = "of a class";
}

/** Values of any type, so that each field gets some that it does not take. */
const anything = fc.oneof(
  strings,
  fc.constantFrom<unknown>(undefined, null, true, false, 0, -0, 1.5, Number.NaN, Infinity, -Infinity),
  fc.constantFrom<unknown>(2 ** 53, 1e21, 0.1 + 0.2, 1e-7, 2 ** 70, 1n, Symbol("s"), () => 1),
  fc.constantFrom<unknown>([], ["a"], {}, new Date(0), new Date(Number.NaN), new Map(), new Set(["a"])),
  fc.constantFrom<unknown>(new String("a"), new Number(1), new Boolean(true), /a/, new Instance()),
  fc.constantFrom<unknown>(
    Object.create(null),
    Object.create({ id: "inherited" }),
    JSON.parse('{"__proto__": "x"}'),
    { id: "a", [Symbol("s")]: 1 },
    Object.defineProperty({ id: "a", label: "b" }, "hidden", { value: 1, enumerable: false }),
    Object.defineProperty({}, "a", { value: "b", enumerable: false }),
  ),
  fc.integer(),
  fc.double(),
);

/** Right values in most cases, and now and then anything. */
const mostly = (right: fc.Arbitrary<unknown>, weight = 24) =>
  fc.oneof({ arbitrary: right, weight }, { arbitrary: anything, weight: 1 });

const word = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 });
const absent = fc.constantFrom(undefined, null);
const maybe = (right: fc.Arbitrary<unknown>) => mostly(fc.oneof({ arbitrary: right, weight: 3 }, absent));
const amount = fc.oneof(
  fc.constantFrom<unknown>("1", "0", "-3", "12.50", "007", 10, 0.75, -2, "9223372036854.775807"),
  fc.integer({ min: -1000, max: 1000 }).map((units) => units / 8),
);
const time = fc.constantFrom<unknown>(
  "2026-11-22T10:05:00Z",
  "2026-11-22T12:05:00.1234567+02:00",
  new Date("2026-11-22T10:05:00.123Z"),
);
const source = fc.record(
  { type: mostly(word), id: maybe(word), label: mostly(word) },
  { requiredKeys: ["label"], noNullPrototype: true },
);
const dimension = fc.oneof(
  word,
  fc.record({ id: mostly(word), label: mostly(word) }, { requiredKeys: ["id"], noNullPrototype: true }),
);
const many = (value: unknown) =>
  fc
    .constantFrom(50, 51)
    .map((count) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, value])));
const dictionary = (value: fc.Arbitrary<unknown>) =>
  fc.dictionary(fc.oneof({ arbitrary: word, weight: 24 }, strings), mostly(value), {
    maxKeys: 3,
    noNullPrototype: true,
  });
const metadata = fc.oneof(
  { arbitrary: dictionary(fc.oneof(word, fc.integer(), fc.boolean())), weight: 9 },
  many(1),
);

/** Values of each field of any operation. */
const FIELDS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  id: mostly(word),
  account: mostly(word),
  kind: mostly(word),
  credits: mostly(amount),
  originalCredits: maybe(amount),
  title: maybe(word),
  source: maybe(source),
  project: maybe(dimension),
  member: maybe(dimension),
  task: maybe(dimension),
  price: maybe(word),
  quantities: maybe(fc.oneof({ arbitrary: dictionary(amount), weight: 9 }, many("1"))),
  estimated: maybe(fc.boolean()),
  cost: maybe(amount),
  description: mostly(word),
  metadata: mostly(fc.oneof({ arbitrary: metadata, weight: 3 }, fc.constant(undefined))),
  privateMetadata: mostly(fc.oneof({ arbitrary: metadata, weight: 3 }, fc.constant(undefined))),
  priority: maybe(fc.integer({ min: 0, max: 1_000_000 })),
  effectiveAt: maybe(time),
  expiresAt: maybe(time),
  occurredAt: maybe(time),
  expiresIn: maybe(fc.integer({ min: 1, max: 2_592_000 })),
  entry: mostly(fc.integer({ min: 1, max: 2 ** 40 })),
  atMost: maybe(fc.boolean()),
  only: maybe(fc.uniqueArray(mostly(word), { maxLength: 3 })),
  grant: mostly(fc.integer({ min: 1, max: 2 ** 40 })),
  excess: maybe(fc.constantFrom("refuse", "cap", "debt")),
};

/** The ways in which an input as a whole can be of another make. */
const SHAPES: readonly ((input: object) => unknown)[] = [
  (input) => Object.assign(Object.create(null), input),
  (input) => Object.create(input),
  (input) => Object.assign(new Instance(), input),
  (input) => ({ ...input, more: 1 }),
  (input) => ({ ...input, more: undefined }),
  (input) => ({ ...input, [Symbol("more")]: 1 }),
  (input) => Object.defineProperty({ ...input }, "more", { value: 1, enumerable: false }),
  (input) => Object.defineProperty({ ...input }, "__proto__", { value: 1, enumerable: true }),
  (input) => Object.entries(input),
  (input) => Object.freeze({ ...input }),
  () => null,
  () => undefined,
  () => "text",
];

/** Inputs of a schema. Fields that may be absent often are. */
function inputs(schema: z.ZodObject): fc.Arbitrary<unknown> {
  const names = Object.keys(schema.shape);
  const fields = Object.fromEntries(
    names.map((name) => {
      const field = FIELDS[name];
      if (field === undefined) throw new Error(`The field ${name} has no values here. Add some to FIELDS.`);
      return [name, field];
    }),
  );
  const requiredKeys = names.filter((name) => !schema.shape[name]?.safeParse(undefined).success);
  const right = fc.record(fields, { requiredKeys, noNullPrototype: true });
  return fc.oneof(
    { arbitrary: right, weight: 12 },
    {
      arbitrary: fc
        .tuple(right, fc.constantFrom(...SHAPES))
        .map(([input, toShape]) => toShape(input as object)),
      weight: 1,
    },
  );
}

/** Returns what zod makes of an input: all fields, null where there is nothing; or UNDECIDED where it refuses. */
function decodeByZod(schema: z.ZodObject, input: unknown): unknown {
  const { success, data } = schema.safeParse(input);
  if (!success) return UNDECIDED;
  return Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, (data as Record<string, unknown>)[name] ?? null]),
  );
}

describe("the quick decoder", () => {
  it.each(ALL_OPERATIONS.map((operation) => [operation.name, operation.schema] as const))(
    "of %s accepts nothing that zod refuses, and yields the same value",
    (_name, schema) => {
      const quick = toDecoder(schema);
      const counts = { taken: 0, left: 0, refused: 0 };
      fc.assert(
        fc.property(inputs(schema), (input) => {
          const taken = quick(input);
          const due = decodeByZod(schema, input);
          if (taken !== UNDECIDED) {
            counts.taken += 1;
            expect(taken).toStrictEqual(due);
          } else counts[due === UNDECIDED ? "refused" : "left"] += 1;
          const { value, faults } = decode(schema, input);
          if (due === UNDECIDED) expect(faults?.length).toBeGreaterThan(0);
          else expect(value).toStrictEqual(due);
        }),
        { numRuns: 2_000 },
      );
      expect(counts.taken).toBeGreaterThan(300);
      expect(counts.refused).toBeGreaterThan(50);
      // The quick way is the usual one: few valid inputs are left to zod.
      expect(counts.left).toBeLessThan(counts.taken / 4);
    },
  );

  const FULL = {
    kind: "build_usage",
    credits: 1.5,
    originalCredits: "2.50",
    price: "price-1",
    quantities: { tokens: 12.5, steps: "3.0" },
    estimated: true,
    cost: "0.25",
    source: { type: "model", label: "Model One" },
    project: "p",
    member: { id: "m", label: "Member" },
    task: null,
    description: "Chat",
    metadata: { tokens: 1 },
    privateMetadata: {},
  };

  it("turns an input into bigints, dimensions and nulls", () => {
    const expected = {
      kind: "build_usage",
      credits: 1_500_000n,
      originalCredits: 2_500_000n,
      atMost: null,
      price: "price-1",
      quantities: { tokens: "12.5", steps: "3" },
      estimated: true,
      cost: 250_000n,
      source: { type: "model", id: null, label: "Model One" },
      project: { id: "p", label: null },
      member: { id: "m", label: "Member" },
      task: null,
      description: "Chat",
      metadata: { tokens: 1 },
      privateMetadata: null,
    };
    expect(toDecoder(OPERATIONS.spend.schema)(FULL)).toStrictEqual(expected);
    expect(decodeByZod(OPERATIONS.spend.schema, FULL)).toStrictEqual(expected);
  });

  it("has every field inside, null where there is nothing", () => {
    const bare = toDecoder(OPERATIONS.spend.schema)({ credits: "1" });
    const { credits, ...others } = bare as Record<string, unknown>;
    expect(credits).toBe(1_000_000n);
    expect(Object.keys(others)).toHaveLength(Object.keys(OPERATIONS.spend.schema.shape).length - 1);
    expect(new Set(Object.values(others))).toEqual(new Set([null]));
  });

  it("leaves objects of another make to zod", () => {
    const quick = toDecoder(OPERATIONS.usage.schema);
    const event = { id: "e", account: "a", kind: "ai_usage", credits: "1" };
    expect(quick(event)).not.toBe(UNDECIDED);
    expect(quick(Object.create(event))).toBe(UNDECIDED);
    expect(quick({ ...event, metadata: new Map() })).toBe(UNDECIDED);
    expect(quick({ ...event, metadata: JSON.parse('{"__proto__": "x"}') })).toBe(UNDECIDED);
    expect(
      decode(OPERATIONS.usage.schema, { ...event, metadata: JSON.parse('{"__proto__": "x"}') }).faults,
    ).toEqual([{ path: "metadata", message: expect.stringContaining('"__proto__"') }]);
  });

  it("keeps a value from what the caller does with the input afterwards", () => {
    const metadata: Record<string, number> = { tokens: 1 };
    const source = { type: "model", label: "before" };
    const member = { id: "m", label: "before" };
    const { value } = decode(OPERATIONS.spend.schema, { credits: "1", source, member, metadata });
    metadata.tokens = 2;
    source.label = "after";
    member.label = "after";
    expect(value).toMatchObject({
      metadata: { tokens: 1 },
      source: { label: "before" },
      member: { label: "before" },
    });
  });
});
