import { describe, expect, expectTypeOf, it } from "vitest";
import { fits, formatAmount, least, MICROS_MAX, type Micros, micros } from "../../src/core/amount.js";

// Parsing and formatting are the client's.

describe("amounts", () => {
  it("fit a bigint column up to the same amount on either side of zero", () => {
    expect(formatAmount(MICROS_MAX)).toBe("9223372036854.775807");
    expect(fits(MICROS_MAX)).toBe(true);
    expect(fits(-MICROS_MAX)).toBe(true);
    expect(fits(MICROS_MAX + 1n)).toBe(false);
    expect(fits(-MICROS_MAX - 1n)).toBe(false);
  });

  it("are compared as numbers", () => {
    expect(least(micros(-2n), micros(10n))).toBe(-2n);
    expect(least(micros(10n), micros(9n))).toBe(9n);
  });

  it("can't be mixed up with plain numbers or bigints", () => {
    expectTypeOf<number>().not.toExtend<Micros>();
    expectTypeOf<bigint>().not.toExtend<Micros>();
    expectTypeOf(micros(1n)).toEqualTypeOf<Micros>();
  });
});
