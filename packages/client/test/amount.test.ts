import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addAmounts,
  compareAmounts,
  fromMicros,
  InvalidAmountError,
  isAmount,
  negateAmount,
  subtractAmounts,
  toAmount,
  toMicros,
} from "../src/index.js";
import type { Amount } from "../src/types.js";

const MAX = 2n ** 63n - 1n;

/** Formats micro-credits with BigInt and string functions only. */
function referenceFormat(micros: bigint): string {
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, "0");
  const decimals = digits.slice(-6).replace(/0+$/, "");
  return `${micros < 0n ? "-" : ""}${digits.slice(0, -6)}${decimals === "" ? "" : `.${decimals}`}`;
}

/** Parses a valid decimal with BigInt and string functions only. */
function referenceParse(text: string): bigint {
  const [whole = "", decimals = ""] = text.replace("-", "").split(".");
  const magnitude = BigInt(whole) * 1_000_000n + BigInt(decimals.padEnd(6, "0"));
  return text.startsWith("-") ? -magnitude : magnitude;
}

/** Amounts of all sizes, with the limits of doubles and of the range. */
const micros = fc.oneof(
  fc.bigInt({ min: -MAX, max: MAX }),
  fc.bigInt({ min: -(10n ** 10n), max: 10n ** 10n }),
  fc
    .tuple(fc.constantFrom(0n, 10n ** 15n, 2n ** 53n, MAX - 100n), fc.bigInt({ min: -99n, max: 99n }))
    .map(([base, offset]) => base + offset),
);

describe("amounts as strings", () => {
  it.each([
    ["0", 0n, "0"],
    ["-0", 0n, "0"],
    ["12.5", 12_500_000n, "12.5"],
    ["-3", -3_000_000n, "-3"],
    ["0.000001", 1n, "0.000001"],
    ["007.10", 7_100_000n, "7.1"],
    ["9223372036854.775807", MAX, "9223372036854.775807"],
    ["-9223372036854.775807", -MAX, "-9223372036854.775807"],
  ])("%s is parsed and formatted", (text, expected, formatted) => {
    expect(toMicros(text as Amount)).toBe(expected);
    expect(fromMicros(expected)).toBe(formatted);
    expect(toAmount(text)).toBe(formatted);
  });

  it.each([
    ["", " 1", "1 ", "+1", "1e3", "1E-3", "NaN", "Infinity", "-Infinity", "0x10", "1,000", "1.", ".5", "."],
    ["-", "-.5", "1.2.3", "--1", "1-", "١", "1n", "null", "9".repeat(200)],
  ])("texts that are not decimals are refused", (...texts) => {
    for (const text of texts) {
      expect(() => toMicros(text as Amount), text).toThrow(InvalidAmountError);
      expect(isAmount(text), text).toBe(false);
    }
  });

  it.each([1n, null, undefined, {}, true])("the value %s is refused, whatever its type says", (value) => {
    expect(() => toMicros(value as unknown as Amount)).toThrow(InvalidAmountError);
    expect(isAmount(value)).toBe(false);
  });

  it("the error names the number of decimals, and the range", () => {
    expect(() => toMicros("0.1234567")).toThrow('"0.1234567" has 7 decimals. Round it to at most 6.');
    expect(() => toMicros("9223372036854.775808")).toThrow("between -9223372036854.775807 and");
    expect(() => toMicros("-9223372036854.775808")).toThrow("-9223372036854.775808 is out of range");
  });

  it("isAmount is true for decimals in range without leading zeros", () => {
    expect(["0", "-12.5", "12.50", "9223372036854.775807", "-9223372036854.775807"].every(isAmount)).toBe(
      true,
    );
    const others = ["1e3", "+1", "01", "1.1234567", "9223372036854.775808", "999999999999999", 1, null];
    expect(others.some(isAmount)).toBe(false);
  });

  it("every amount is formatted as the reference does, and parsed back", () => {
    fc.assert(
      fc.property(micros, (value) => {
        fc.pre(value <= MAX && value >= -MAX);
        const amount = fromMicros(value);
        expect(amount).toBe(referenceFormat(value));
        expect(toMicros(amount)).toBe(value);
        expect(isAmount(amount)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("every decimal is parsed as the reference does", () => {
    const decimal = fc.stringMatching(/^-?0{0,3}[0-9]{1,13}(\.[0-9]{1,6})?$/);
    fc.assert(
      fc.property(decimal, (text) => {
        const expected = referenceParse(text);
        if (expected > MAX || expected < -MAX) expect(() => toMicros(text as Amount)).toThrow("out of range");
        else expect(toMicros(text as Amount)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it("any text is parsed or refused with an InvalidAmountError", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[-+.0-9eE ]{0,12}$/));
    fc.assert(
      fc.property(text, (value) => {
        const isDecimal = /^-?\d{1,30}(\.\d{1,6})?$/.test(value);
        if (isDecimal) expect(toMicros(value as Amount)).toBe(referenceParse(value));
        else expect(() => toMicros(value as Amount)).toThrow(InvalidAmountError);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("amounts as numbers", () => {
  it.each([
    [10, "10"],
    [0.75, "0.75"],
    [-12.5, "-12.5"],
    [-0, "0"],
    [0.000001, "0.000001"],
    [123456789.123456, "123456789.123456"],
    [9_000_000_000_000, "9000000000000"],
  ])("%d is %s", (value, amount) => {
    expect(toAmount(value)).toBe(amount);
  });

  it.each([
    [0.1 + 0.2, 'Write it as a string, such as "0.3".'],
    [0.1234567, 'Write it as a string, such as "0.123457".'],
    [1.1 * 3, 'Write it as a string, such as "3.3".'],
    [1234567890.1234567, "has more than 15 digits"],
    [1e21, "is out of range"],
    [-1e13, "is out of range"],
    [Number.NaN, "NaN is not an amount"],
    [Number.POSITIVE_INFINITY, "Infinity is not an amount"],
  ])("%d is refused with a remedy", (value, message) => {
    expect(() => toMicros(value)).toThrow(InvalidAmountError);
    expect(() => toMicros(value)).toThrow(message);
  });

  it("a number is accepted if and only if it has at most 15 digits and 6 decimals", () => {
    const value = fc.oneof(
      fc.double(),
      fc.double({ min: -1e10, max: 1e10 }),
      fc.integer().map((whole) => whole / 1e4),
      fc.maxSafeInteger().map((whole) => whole / 1e6),
      fc.maxSafeInteger().map((whole) => Math.trunc(whole / 1e3)),
    );
    fc.assert(
      fc.property(value, (number) => {
        const text = String(number);
        const digits = text.replace(/[-.]/g, "").replace(/^0+/, "");
        const isExact = /^-?\d+(\.\d{1,6})?$/.test(text) && digits.length <= 15;
        const expected = isExact ? referenceParse(text) : null;
        if (expected !== null && expected <= MAX && expected >= -MAX) expect(toMicros(number)).toBe(expected);
        else expect(() => toMicros(number)).toThrow(InvalidAmountError);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("arithmetic", () => {
  it("is exact", () => {
    expect(addAmounts("0.1", "0.2")).toBe("0.3");
    expect(addAmounts(0.1, "9007199254.740993")).toBe("9007199254.840993");
    expect(subtractAmounts("1", "1.000001")).toBe("-0.000001");
    expect(negateAmount("-12.50")).toBe("12.5");
    expect(negateAmount("0")).toBe("0");
  });

  it("refuses results out of range", () => {
    expect(() => addAmounts("9223372036854.775807", "0.000001")).toThrow(InvalidAmountError);
    expect(() => subtractAmounts("-9223372036854.775807", "0.000001")).toThrow(InvalidAmountError);
  });

  it("compareAmounts sorts by value", () => {
    const amounts: Amount[] = ["10", "9.5", "-2", "0.000001", "-10"];
    expect(amounts.sort(compareAmounts)).toEqual(["-10", "-2", "0.000001", "9.5", "10"]);
    expect(compareAmounts("1.0", "1")).toBe(0);
  });
});
