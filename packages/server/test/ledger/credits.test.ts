import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  CREDITS_MAX,
  type Credits,
  CreditsFormatError,
  credits,
  formatCredits,
  parseCredits,
} from "../../src/ledger/credits.js";

describe("amounts", () => {
  it.each([
    ["0", 0n, "0"],
    ["-0", 0n, "0"],
    ["12.5", 12_500_000n, "12.5"],
    ["-3", -3_000_000n, "-3"],
    ["0.000001", 1n, "0.000001"],
    ["007.10", 7_100_000n, "7.1"],
    ["9223372036854.775807", CREDITS_MAX, "9223372036854.775807"],
    ["-9223372036854.775807", -CREDITS_MAX, "-9223372036854.775807"],
  ])("reads %s", (text, micro, written) => {
    expect(parseCredits(text)).toBe(micro);
    expect(formatCredits(micro)).toBe(written);
  });

  it.each([
    "",
    " 1",
    "1 ",
    "+1",
    "1e3",
    "1E-3",
    "NaN",
    "Infinity",
    "-Infinity",
    "0x10",
    "1,000",
    "1.",
    ".5",
    "1.2.3",
    "--1",
    "١",
    "1n",
    "null",
    "9".repeat(200),
  ])("refuses %j", (text) => {
    expect(() => parseCredits(text)).toThrow(CreditsFormatError);
  });

  it("refuses what is no text, whatever the types say", () => {
    for (const value of [0.1, 1n, null, undefined, {}]) {
      expect(() => parseCredits(value as unknown as string)).toThrow(CreditsFormatError);
    }
  });

  it("says how many decimals are too many, and how large is too large", () => {
    expect(() => parseCredits("0.1234567")).toThrow(/7 decimals.*at most 6/);
    expect(() => parseCredits("9223372036854.775808")).toThrow(/at most 9223372036854.775807/);
  });

  it("come back as they went, whatever they are", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -CREDITS_MAX, max: CREDITS_MAX }), (micro) => {
        expect(parseCredits(formatCredits(micro))).toBe(micro);
      }),
    );
  });

  it("can't be mixed up with plain numbers or bigints", () => {
    expectTypeOf<number>().not.toExtend<Credits>();
    expectTypeOf<bigint>().not.toExtend<Credits>();
    expectTypeOf(credits("1")).toEqualTypeOf<Credits>();
  });
});
