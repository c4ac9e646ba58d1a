import { InvalidAmountError } from "@credit-activity/client";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { CreditsOptions } from "../src/index.js";
import { toMetering } from "../src/options.js";
import { type PriceFunction, type RateTable, toCharge } from "../src/price.js";
import type { Usage } from "../src/usage.js";

const MODEL = { provider: "openai", id: "gpt-5.5" };
const NOTHING: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
const RATES: RateTable = { input: "3", output: "15" };

const micros = (price: RateTable | PriceFunction, usage: Partial<Usage>) =>
  toCharge(price, { ...NOTHING, ...usage }, MODEL).micros;

it("prices each pool by its rate", () => {
  const rates: RateTable = { input: 3, cacheRead: "0.3", cacheWrite: "3.75", output: 15, reasoning: 20 };
  expect(micros(rates, { input: 1_000_000 })).toBe(3_000_000n);
  expect(micros(rates, { cacheRead: 1_000_000 })).toBe(300_000n);
  expect(micros(rates, { cacheWrite: 1_000_000 })).toBe(3_750_000n);
  expect(micros(rates, { output: 1_000_000 })).toBe(15_000_000n);
  expect(micros(rates, { reasoning: 1_000_000 })).toBe(20_000_000n);
});

it("prices cached input as input and reasoning as output without rates for them", () => {
  expect(micros(RATES, { cacheRead: 10, cacheWrite: 10 })).toBe(60n);
  expect(micros(RATES, { reasoning: 10 })).toBe(150n);
});

it("takes a rate of 0", () => {
  expect(micros({ ...RATES, cacheRead: "0" }, { cacheRead: 1_000_000 })).toBe(0n);
});

it("rounds once, and half up", () => {
  const half: RateTable = { input: "0.5", output: "0.5" };
  expect(micros(half, { input: 1 })).toBe(1n);
  // Two pools of half a micro-credit each are one, and not two.
  expect(micros(half, { input: 1, output: 1 })).toBe(1n);
  expect(micros({ input: "0.499999", output: "0" }, { input: 1 })).toBe(0n);
  // 0.1 + 0.2 micro-credits, three times: a sum of doubles would be 0.9000000000000001.
  expect(micros({ input: "0.1", output: "0.2" }, { input: 5, output: 5 })).toBe(2n);
});

it("is exact for any usage and rates", () => {
  const rate = fc.bigInt({ min: 0n, max: 10n ** 12n });
  const tokens = fc.integer({ min: 0, max: 10 ** 9 });
  fc.assert(
    fc.property(rate, rate, tokens, tokens, (input, output, inputTokens, outputTokens) => {
      const write = (value: bigint) => `${value / 1_000_000n}.${`${value % 1_000_000n}`.padStart(6, "0")}`;
      const charged = micros(
        { input: write(input) as "1", output: write(output) as "1", version: "1" },
        { input: inputTokens, output: outputTokens },
      );
      const exact = input * BigInt(inputTokens) + output * BigInt(outputTokens);
      const error = charged * 1_000_000n - exact;
      expect(error > -500_000n && error <= 500_000n).toBe(true);
    }),
  );
});

it("names a price by its rates, or by its version", () => {
  expect(toCharge({ input: "3.0", cacheRead: "0.30", output: 15 }, NOTHING, MODEL).version).toBe(
    "input 3, cacheRead 0.3, output 15 per 1M",
  );
  expect(toCharge({ ...RATES, version: "2026-11" }, NOTHING, MODEL).version).toBe("2026-11");
});

it("takes a function of the usage and the model", () => {
  expect(toCharge((usage) => usage.output, { ...NOTHING, output: 2 }, MODEL)).toEqual({
    micros: 2_000_000n,
    version: null,
  });
  const rated: PriceFunction = (_, { id }) => ({ credits: "0.5", version: `${id}@1` });
  expect(toCharge(rated, NOTHING, MODEL)).toEqual({ micros: 500_000n, version: "gpt-5.5@1" });
  expect(micros(() => RATES, { input: 1 })).toBe(3n);
});

it("refuses what is not a price", () => {
  expect(() => micros({ input: "-3", output: "15" }, {})).toThrow(
    "The rate of input -3 is negative. Give 0 or more.",
  );
  expect(() => micros({ input: "3", cacheRead: "-1", output: "15" }, {})).toThrow("The rate of cacheRead -1");
  expect(() => micros({ input: 0.1 + 0.2, output: "15" }, {})).toThrow(InvalidAmountError);
  expect(() => micros(() => "-1", {})).toThrow("The price -1 is negative. Give 0 or more.");
  const long = "123456789012.123456";
  const rates = { input: long, cacheRead: long, cacheWrite: long, output: long, reasoning: long } as const;
  expect(() => micros(rates, {})).toThrow("Give the table a version.");
  expect(micros({ ...rates, version: "1" }, {})).toBe(0n);
});

const OPTIONS = { ledger: {}, account: "a", price: RATES };

it.each([
  [
    { ...RATES, cached: "0.3" },
    "price.cached is not a rate. Use input, cacheRead, cacheWrite, output or reasoning.",
  ],
  [{ credits: "1" }, "price.credits is not a rate. Use input, cacheRead, cacheWrite, output or reasoning."],
  [{ input: "3" }, "price.output is missing. Give its credits per million tokens."],
  [{ output: "3" }, "price.input is missing. Give its credits per million tokens."],
  [undefined, "price is undefined. Give a rate table or a function."],
  [null, "price is null. Give a rate table or a function."],
  ["3", "price is 3. Give a rate table or a function."],
  [
    { ...RATES, version: "v".repeat(129) },
    "price.version is not a string of 1 to 128 characters. Give a shorter one, or none.",
  ],
  [
    { ...RATES, version: "" },
    "price.version is not a string of 1 to 128 characters. Give a shorter one, or none.",
  ],
])("refuses the price %j when metering is created", (price, message) => {
  const refusing = () => toMetering({ ...OPTIONS, price } as unknown as CreditsOptions);
  expect(refusing).toThrow(new TypeError(message));
});

it("refuses an option that does not exist", () => {
  const refusing = () => toMetering({ ...OPTIONS, prices: RATES } as unknown as CreditsOptions);
  expect(refusing).toThrow(TypeError);
  expect(refusing).toThrow("prices is not an option. Use ledger, account, price, project,");
});

it("refuses the table or the version that a function returns", () => {
  const typo = { ...RATES, cached: "0.3" } as RateTable;
  expect(() => micros(() => typo, {})).toThrow("price.cached is not a rate.");
  expect(() => micros(() => ({ credits: "1", version: "v".repeat(129) }), {})).toThrow("price.version");
});
