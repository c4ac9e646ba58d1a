import type { Amount } from "@credit-activity/client";
import fc from "fast-check";
import { expect, test } from "vitest";
import { countDecimals, numberFormats, sharedDecimals } from "./amounts.js";

const en = numberFormats("en");

test("amounts keep every digit", () => {
  expect(en.balance("9223372036854.775807", 6)).toBe("9,223,372,036,854.775807");
  expect(en.change("-9223372036854.775807", 6)).toBe("\u22129,223,372,036,854.775807");
  expect(en.balance("0.1", 6)).toBe("0.100000");
});

test("every formatted amount can be parsed back", () => {
  const amounts = fc
    .tuple(fc.boolean(), fc.bigInt(0n, 9_999_999_999_999n), fc.integer({ min: 0, max: 999_999 }))
    .map(
      ([taken, whole, micros]) => `${taken ? "-" : ""}${whole}.${String(micros).padStart(6, "0")}` as Amount,
    );
  fc.assert(
    fc.property(amounts, (amount) => {
      const shown = en.change(amount, 6).replaceAll(",", "");
      const unsigned = amount.replace("-", "");
      const sign = /[1-9]/.test(amount) ? (amount.startsWith("-") ? "\u2212" : "+") : "";
      expect(shown).toBe(sign + unsigned);
    }),
  );
});

test("added credits have a plus sign, taken credits have U+2212, and zero has neither", () => {
  expect(en.change("37", 2)).toBe("+37.00");
  expect(en.change("-18.72", 2)).toBe("\u221218.72");
  expect(en.change("0", 2)).toBe("0.00");
  expect(en.balance("1862.28", 2)).toBe("1,862.28");
  expect(en.balance("-3", 2)).toBe("\u22123.00");
});

test("all amounts have the decimals of the most precise one, and at least two", () => {
  expect(sharedDecimals(["1", "-2"])).toBe(2);
  expect(sharedDecimals(["1", null, "-2.125", "3.1"])).toBe(3);
  expect(sharedDecimals(["0.000001"])).toBe(6);
  expect(countDecimals("1.500")).toBe(1);
});

test("digits and groups follow the locale", () => {
  expect(numberFormats("de").balance("1862.28", 2)).toBe("1.862,28");
  expect(numberFormats("en-IN").balance("1234567", 2)).toBe("12,34,567.00");
  expect(numberFormats("ar-EG").change("-12.5", 2)).toBe("\u2212١٢٫٥٠");
  expect(numberFormats("fr").count(1204)).toBe("1\u202f204");
});

test("percentages have at most one decimal", () => {
  expect(en.percent(20)).toBe("20%");
  expect(en.percent(12.5)).toBe("12.5%");
  expect(en.percent(33.3)).toBe("33.3%");
});
