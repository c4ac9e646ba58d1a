import fc from "fast-check";
import { MICROS_MAX, micros } from "../../src/core/amount.js";
import type { Dimension, Metadata, Quantities, Source } from "../../src/core/facts.js";
import type { Advance, Choice, Discount, KeyChoice, Moment, Quantity, Wish } from "./wishes.js";

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const WINDOW = 5 * MINUTE;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const CREDIT = 1_000_000n;

/** One of several values. The heavier one is likelier. */
export function pick<T>(...choices: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> {
  return mix(...choices.map(([weight, value]) => [weight, fc.constant(value)] as const));
}

/** A value of one of several arbitraries. The heavier one is likelier. */
export function mix<T>(
  ...choices: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<T>])[]
): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** A record of arbitraries that keeps the literal types. */
export function record<T>(parts: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(parts, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

/** The wishes of an op. */
export type WishOf<Op extends Wish["op"]> = Extract<Wish, { readonly op: Op }>;

/** A wish of an op, made of its parts. */
export function wish<Op extends Wish["op"]>(
  op: Op,
  parts: { [K in Exclude<keyof WishOf<Op>, "op">]: fc.Arbitrary<WishOf<Op>[K]> },
): fc.Arbitrary<Wish> {
  const named: Readonly<Record<string, fc.Arbitrary<unknown>>> = parts;
  return fc.record(named, { noNullPrototype: true }).map((rest) => ({ ...rest, op }) as unknown as Wish);
}

/** A moment relative to another. */
export function moment(
  from: NonNullable<Moment>["from"],
  ...micros: readonly fc.Arbitrary<number>[]
): fc.Arbitrary<Moment> {
  return fc.oneof(...micros).map((each) => ({ from, micros: each }));
}

/** A way for the clock to go. */
export function onwards(to: Advance["to"], micros: fc.Arbitrary<number>): fc.Arbitrary<Advance> {
  return micros.map((each) => ({ to, micros: each }));
}

/** A number, or one less or one more. */
export function nearly(center: number): fc.Arbitrary<number> {
  return fc.constantFrom(center, center - 1, center + 1);
}

function times(unit: number, min: number, max: number): fc.Arbitrary<number> {
  return fc.integer({ min, max }).map((count) => count * unit);
}

export const advance: fc.Arbitrary<Advance> = mix(
  [5, onwards("later", fc.constant(0))],
  [1, onwards("later", times(1, 1, 3))],
  [4, onwards("later", times(SECOND + 7, 1, 90))],
  [3, onwards("boundary", nearly(0))],
  [5, onwards("due", nearly(0))],
  [2, onwards("due", fc.constantFrom(MINUTE, HOUR, 2 * DAY))],
  [1, onwards("later", times(DAY, 1, 40))],
);

export const source: fc.Arbitrary<Source | null> = pick<Source | null>(
  [14, { type: "model", id: "m-1", label: "Model One" }],
  [3, null],
  [1, { type: "model", id: "m-1", label: "Model One, renamed" }],
  [1, { type: "model", id: null, label: "Model One" }],
  [1, { type: "project", id: "m-1", label: "Model One" }],
);

/** The kinds that grants have, with a configured one. */
export const grantKind = fc.constantFrom("monthly_grant", "purchase", "bonus", "manual_grant", "gift");

/** The kinds that usage has, with a configured one and the default. */
export const usageKind = pick<string | null>(
  [12, "ai_usage"],
  [2, null],
  [1, "build_usage"],
  [1, "runtime_usage"],
  [1, "render_usage"],
);

/** The kinds of usage that a grant is for. */
export const scope = pick<readonly string[] | null>(
  [7, null],
  [2, ["ai_usage"]],
  [1, ["build_usage", "render_usage"]],
  [1, ["runtime_usage", "ai_usage"]],
);

/** The kinds that adjustments have, with a configured one and the default. */
export const correctionKind = pick<string | null>([2, null], [1, "adjustment"], [1, "goodwill"]);

/** The facts of any command. */
export const described = {
  description: pick<string | null>([3, null], [4, "Chat"], [1, "Summary"]),
  metadata: pick<Metadata | null>(
    [6, null],
    [1, { user: "u-1", tokens: 1200.5, cached: true }],
    [1, { tokens: 1 }],
  ),
  privateMetadata: pick<Metadata | null>([10, null], [1, { margin: 0.25, "10": "ten", "9": "nine" }]),
};

/** The attribution of usage: few enough of each for groups to form, with labels that change. */
export const attributed = {
  source,
  project: pick<Dimension | null>(
    [24, null],
    [2, { id: "atlas", label: null }],
    [1, { id: "atlas", label: "Atlas" }],
    [1, { id: "atlas", label: "Atlas, renamed" }],
    [2, { id: "borealis", label: "Borealis" }],
  ),
  member: pick<Dimension | null>(
    [28, null],
    [2, { id: "ada", label: "Ada" }],
    [1, { id: "ada", label: "Ada L." }],
    [1, { id: "atlas", label: null }],
  ),
  task: pick<Dimension | null>(
    [30, null],
    [1, { id: "t-1", label: "Triage" }],
    [1, { id: "t-2", label: null }],
  ),
};

/** The measures of a charge. */
export const measured = {
  price: pick<string | null>([6, null], [1, "price-1"]),
  quantities: pick<Quantities | null>(
    [6, null],
    [1, { output_tokens: "350", input_tokens: "1200.5" }],
    [1, { steps: "0" }],
  ),
  estimated: pick<boolean | null>([8, null], [1, true], [1, false]),
  cost: pick<ReturnType<typeof micros> | null>(
    [6, null],
    [1, micros(12_345n)],
    [1, micros(0n)],
    [1, micros(-1n)],
  ),
};

/** The discounts. */
export function discounts(isHuge: boolean): fc.Arbitrary<Discount> {
  return pick<Discount>(
    [28, "none"],
    [2, "equal"],
    [10, "fifth"],
    [2, "eighth"],
    [1, "tiny"],
    [1, "almost all"],
    [2, "free"],
    [isHuge ? 14 : 1, "huge"],
    [1, "wrong"],
  );
}

const itself = (micro: bigint): Quantity => ({ of: "itself", micro });

const ofDebits: fc.Arbitrary<Quantity> = mix(
  [8, fc.bigInt({ min: 1n, max: 12n }).map((whole) => whole * CREDIT)],
  [3, fc.bigInt({ min: 1n, max: 20n * CREDIT })],
  [1, fc.bigInt({ min: 1n, max: 3n })],
).map(itself);
const ofGrants: fc.Arbitrary<Quantity> = mix(
  [6, fc.bigInt({ min: 5n, max: 60n }).map((whole) => whole * CREDIT)],
  [1, fc.bigInt({ min: 1n, max: 60n * CREDIT })],
  [1, fc.bigInt({ min: 1n, max: 3n })],
).map(itself);
const ofTrickles: fc.Arbitrary<Quantity> = mix(
  [3, fc.bigInt({ min: 1n, max: 8n }).map((eighths) => (eighths * CREDIT) / 8n)],
  [1, fc.bigInt({ min: 1n, max: 3n })],
).map(itself);
const spendable: fc.Arbitrary<Quantity> = fc
  .constantFrom(0n, 0n, -1n, 1n)
  .map((micro) => ({ of: "spendable", micro }));
const invalid = fc.constantFrom(0n, -1n, -CREDIT).map(itself);
const huge = fc.constantFrom(MICROS_MAX, MICROS_MAX - 1n, MICROS_MAX / 2n + 1n, MICROS_MAX / 2n).map(itself);

/**
 * Amounts: of grants large enough for some debits, of debits small enough to add up, of a trickle small enough to go on.
 * Huge ones come only on demand.
 */
export function amounts(of: "grant" | "debit" | "trickle", isHuge: boolean): fc.Arbitrary<Quantity> {
  return mix(
    [30, { grant: ofGrants, debit: ofDebits, trickle: ofTrickles }[of]],
    [of === "debit" ? 4 : 0, spendable],
    [1, invalid],
    [isHuge ? 8 : 0, huge],
  );
}

const span = fc.constantFrom(1, SECOND, MINUTE, WINDOW - 1, WINDOW, WINDOW + 1, HOUR, DAY, 30 * DAY);
const commonEnd = fc.constantFrom(WINDOW, 2 * WINDOW, DAY);

export const effective: fc.Arbitrary<Moment> = mix<Moment>(
  [10, fc.constant(null)],
  [4, moment("now", span)],
  [1, moment("cell", commonEnd)],
  [
    2,
    moment(
      "now",
      span.map((micros) => -micros),
    ),
  ],
  [1, moment("now", fc.constant(0))],
);

export const expires: fc.Arbitrary<Moment> = mix<Moment>(
  [6, fc.constant(null)],
  [7, moment("now", span)],
  // Few ends, so that grants also expire together.
  [5, moment("cell", commonEnd)],
  [1, moment("now", fc.constantFrom(0, -1))],
);

export const occurred: fc.Arbitrary<Moment> = mix<Moment>(
  [14, fc.constant(null)],
  [4, moment("cell", fc.constantFrom(0, 1, MINUTE, WINDOW - 1))],
  [5, moment("window", fc.constant(-1), nearly(-WINDOW), times(1, 1 - WINDOW, WINDOW - 1))],
  [1, moment("now", nearly(WINDOW))],
  [1, moment("now", fc.constantFrom(-HOUR, -DAY, -400 * DAY))],
  [1, moment("epoch", fc.constantFrom(-1, -WINDOW, 0))],
);

export const key: fc.Arbitrary<KeyChoice> = mix<KeyChoice>(
  [14, fc.constant("new")],
  [
    1,
    record<Exclude<KeyChoice, "new">>({
      again: fc.constantFrom("same", "same", "other"),
      back: fc.integer({ min: 0, max: 8 }),
    }),
  ],
);

export const choice: fc.Arbitrary<Choice> = record<Choice>({
  among: pick<Choice["among"]>([24, "fitting"], [3, "any"], [1, "none"]),
  back: mix([3, fc.constant(0)], [4, fc.nat({ max: 9 })]),
});
