import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spendCommand, usageCommand } from "../../src/service/commands.js";
import { check, InvalidInputError, spendInput, usageEvent } from "../../src/service/inputs.js";
import { checkUsage, isPlainSpend, isPlainUsage } from "../../src/service/plain.js";

/** Texts of all sorts, near the limits of length and of what can be kept. */
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 70 }),
  fc.constantFrom("", ".", "..", "a", "ä€😀", "a\0b", "a\u0007b", "\ud800", "\udc00x", "__proto__"),
  fc.constantFrom(64, 65, 128, 129, 200, 201, 255, 256, 500, 501).map((length) => "x".repeat(length)),
);

/** Values of any type, so that each field is given some that it does not take. */
const anything = fc.oneof(
  texts,
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    0,
    -0,
    1.5,
    Number.NaN,
    Infinity,
    2 ** 53,
    [],
    {},
    new Date(0),
  ),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
  fc.integer(),
);

/** Mostly what is right, and now and then anything. */
const mostly = (right: fc.Arbitrary<unknown>) =>
  fc.oneof({ arbitrary: right, weight: 19 }, { arbitrary: anything, weight: 1 });

/** Now and then with a field that no input has. */
const withMore = (right: fc.Arbitrary<object>) =>
  fc
    .tuple(right, fc.integer({ min: 0, max: 9 }))
    .map(([input, die]) => (die === 0 ? { ...input, more: 1 } : input));

const words = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 });
const amounts = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const maybe = (right: fc.Arbitrary<unknown>) => fc.oneof(right, fc.constantFrom(undefined, null));
const sources = fc.record(
  { type: mostly(words), id: mostly(maybe(words)), label: mostly(words) },
  { requiredKeys: ["label"] },
);
const facts = fc.dictionary(
  mostly(words) as fc.Arbitrary<string>,
  mostly(fc.oneof(words, fc.double(), fc.boolean())),
  { maxKeys: 3 },
);
const many = fc
  .constantFrom(50, 51)
  .map((count) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n])));

const charge = {
  kind: mostly(fc.constantFrom("ai_usage", "build_usage", "runtime_usage")),
  credits: mostly(amounts),
  originalCredits: mostly(maybe(amounts)),
  source: mostly(maybe(sources)),
  project: mostly(maybe(words)),
  description: mostly(maybe(words)),
  metadata: mostly(fc.oneof(facts, many, fc.constant(undefined))),
};
const inputs = withMore(fc.record(charge, { requiredKeys: ["credits"] }));
const events = withMore(
  fc.record(
    {
      ...charge,
      id: mostly(words),
      account: mostly(words),
      occurredAt: mostly(maybe(fc.integer({ min: -(10 ** 15), max: 10 ** 16 }))),
    },
    { requiredKeys: ["id", "account", "kind", "credits"] },
  ),
);

describe("the short way for inputs", () => {
  it("takes no spend that the schema does not take as it is", () => {
    let taken = 0;
    fc.assert(
      fc.property(inputs, (input) => {
        if (!isPlainSpend(input)) return;
        taken += 1;
        expect(spendCommand("a", "k", input)).toEqual(spendCommand("a", "k", check(spendInput, input)));
      }),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it("takes no usage that the schema does not take as it is", () => {
    let taken = 0;
    fc.assert(
      fc.property(events, (event) => {
        if (!isPlainUsage(event)) return;
        taken += 1;
        expect(usageCommand(event)).toEqual(usageCommand(check(usageEvent, event)));
      }),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it("leaves holes and objects of another make to the schema", () => {
    const event = { id: "e", account: "a", kind: "ai_usage" as const, credits: 1n };
    expect(isPlainUsage(event)).toBe(true);
    // biome-ignore lint/suspicious/noSparseArray: a hole is what this is about.
    expect(() => checkUsage([event, , event])).toThrow(InvalidInputError);
    expect(isPlainUsage(Object.create(event))).toBe(false);
    expect(isPlainUsage({ ...event, metadata: new Map() })).toBe(false);
    expect(isPlainUsage({ ...event, metadata: JSON.parse('{"__proto__": "x"}') })).toBe(false);
  });

  it("keeps what it took from what the caller does with it afterwards", () => {
    const metadata: Record<string, number> = { tokens: 1 };
    const source = { type: "model", id: null, label: "before" };
    const input = { credits: 1n, source, metadata };
    if (!isPlainSpend(input)) throw new Error("This spend is as plain as can be.");
    const command = spendCommand("a", "k", input);
    metadata.tokens = 2;
    source.label = "after";
    expect(command).toMatchObject({ metadata: { tokens: 1 }, source: { label: "before" } });
  });
});
