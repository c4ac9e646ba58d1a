import fc from "fast-check";
import { CREDITS_MAX } from "../../src/ledger/credits.js";
import type { Metadata, Source } from "../../src/ledger/entry.js";
import { USAGE_KINDS, type UsageKind } from "../../src/ledger/kinds.js";
import type { Advance, Choice, Discount, KeyChoice, Moment, Quantity, Wish } from "./wishes.js";

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const WINDOW = 5 * MINUTE;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const CREDIT = 1_000_000n;

/** One of some values, the heavier the likelier. */
export function pick<T>(...choices: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> {
  return mix(...choices.map(([weight, value]) => [weight, fc.constant(value)] as const));
}

/** A value of one of some arbitraries, the heavier the likelier. */
export function mix<T>(
  ...choices: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<T>])[]
): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** A record of arbitraries, which loses none of the literal types on the way. */
export function record<T>(parts: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(parts, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

/** The wishes of one op. */
export type WishOf<Op extends Wish["op"]> = Extract<Wish, { readonly op: Op }>;

/** A wish of one op, of its parts. */
export function wishOf<Op extends Wish["op"]>(
  op: Op,
  parts: { [K in Exclude<keyof WishOf<Op>, "op">]: fc.Arbitrary<WishOf<Op>[K]> },
): fc.Arbitrary<Wish> {
  const named: Readonly<Record<string, fc.Arbitrary<unknown>>> = parts;
  return fc.record(named, { noNullPrototype: true }).map((rest) => ({ ...rest, op }) as unknown as Wish);
}

/** A moment some time off another. */
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

const description = pick<string | null>([3, null], [4, "Chat"], [1, "Summary"]);

/** What a grant, a debit or a correction says about itself. */
export const texts = {
  description,
  metadata: pick<Metadata>([6, {}], [1, { user: "u-1", tokens: 1200.5, cached: true }], [1, { tokens: 1 }]),
};

/** What usage is due to: few enough of each for groups to form. */
export const cause = {
  kind: pick<UsageKind>([12, USAGE_KINDS[0]], [1, USAGE_KINDS[1]], [1, USAGE_KINDS[2]]),
  source,
  project: pick<string | null>([12, null], [2, "atlas"], [1, "borealis"]),
};

/** What is taken off, and how it is told. */
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

const debitish: fc.Arbitrary<Quantity> = mix(
  [8, fc.bigInt({ min: 1n, max: 12n }).map((whole) => whole * CREDIT)],
  [3, fc.bigInt({ min: 1n, max: 20n * CREDIT })],
  [1, fc.bigInt({ min: 1n, max: 3n })],
).map(itself);
const grantish: fc.Arbitrary<Quantity> = mix(
  [6, fc.bigInt({ min: 5n, max: 60n }).map((whole) => whole * CREDIT)],
  [1, fc.bigInt({ min: 1n, max: 60n * CREDIT })],
  [1, fc.bigInt({ min: 1n, max: 3n })],
).map(itself);
const trickling: fc.Arbitrary<Quantity> = mix(
  [3, fc.bigInt({ min: 1n, max: 8n }).map((eighths) => (eighths * CREDIT) / 8n)],
  [1, fc.bigInt({ min: 1n, max: 3n })],
).map(itself);
const spendable: fc.Arbitrary<Quantity> = fc
  .constantFrom(0n, 0n, -1n, 1n)
  .map((micro) => ({ of: "spendable", micro }));
const invalid = fc.constantFrom(0n, -1n, -CREDIT).map(itself);
const huge = fc
  .constantFrom(CREDITS_MAX, CREDITS_MAX - 1n, CREDITS_MAX / 2n + 1n, CREDITS_MAX / 2n)
  .map(itself);

/** Amounts: of grants large enough for some debits, of debits small enough to add up, of a trickle small enough to go on. Huge ones only on demand. */
export function quantities(of: "grant" | "debit" | "trickle", isHuge: boolean): fc.Arbitrary<Quantity> {
  return mix(
    [30, { grant: grantish, debit: debitish, trickle: trickling }[of]],
    [of === "debit" ? 4 : 0, spendable],
    [1, invalid],
    [isHuge ? 8 : 0, huge],
  );
}

const span = fc.constantFrom(1, SECOND, MINUTE, WINDOW - 1, WINDOW, WINDOW + 1, HOUR, DAY, 30 * DAY);
const aCommonEnd = fc.constantFrom(WINDOW, 2 * WINDOW, DAY);

export const effective: fc.Arbitrary<Moment> = mix<Moment>(
  [10, fc.constant(null)],
  [4, moment("now", span)],
  [1, moment("cell", aCommonEnd)],
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
  // A few ends in common, so that grants also expire together.
  [5, moment("cell", aCommonEnd)],
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
