import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDecimal, roundToMicros } from "../src/import/decimal.js";
import { DigestCounts } from "../src/import/digest-counts.js";
import { Remainders } from "../src/import/remainders.js";

const parse = (text: string) => {
  const decimal = parseDecimal(text);
  if (decimal === null) throw new Error(`${text} is not a decimal.`);
  return decimal;
};

describe("decimals", () => {
  it.each([
    ["1.5", 1_500_000n],
    ["3.45e-5", 35n],
    ["0.0000345", 35n],
    ["0.00022499999999999997", 225n],
    ["5e-7", 1n],
    ["4.9999999999999999e-7", 0n],
    ["-5e-7", 0n],
    ["-5.0000001e-7", -1n],
    ["-15e-7", -1n],
    ["1E+2", 100_000_000n],
    [".25", 250_000n],
    ["7.", 7_000_000n],
  ])("read %s exactly, and round it half up", (text, micros) => {
    expect(roundToMicros(parse(text))).toBe(micros);
  });

  it.each(["", ".", "e5", "1e", "x", "1,5", "--1", "+1", "NaN", "Infinity", "0x1", " 1", "1e1000", "1e61"])(
    "are not %j",
    (text) => {
      expect(parseDecimal(text)).toBeNull();
    },
  );

  it("keep every double that a program may print", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-30, max: 1e12, noNaN: true }), (value) => {
        const { units, scale } = parse(String(value));
        expect(Number(`${units}e${-scale}`)).toBe(value);
      }),
    );
  });
});

describe("remainders", () => {
  it("make the charges of any lines their exact sum, rounded once", () => {
    const amount = fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 0, max: 12 }));
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 200 }), (amounts) => {
        const remainders = new Remainders();
        let charged = 0n;
        let exact = 0n;
        for (const [units, scale] of amounts) {
          const part = remainders.take("a", { units: BigInt(units), scale });
          expect(part).toBeGreaterThanOrEqual(0n);
          charged += part;
          exact += BigInt(units) * 10n ** BigInt(12 - scale);
        }
        expect(charged).toBe((exact + 500_000n) / 1_000_000n);
      }),
    );
  });
});

describe("counts of digests", () => {
  it("are those of a map, also while the tables grow", () => {
    const counts = new DigestCounts();
    const map = new Map<string, number>();
    for (let index = 0; index < 200_000; index++) {
      const digest = hash("sha256", String(index % 130_001), "hex").slice(0, 32);
      const before = map.get(digest) ?? 0;
      map.set(digest, before + 1);
      if (counts.add(digest) !== before) throw new Error(`${digest} was not counted ${before} times.`);
    }
    expect(map.size).toBe(130_001);
  });

  it("keep digests apart that share all bits but the last ones", () => {
    const counts = new DigestCounts();
    const digests = ["00".repeat(16), `${"00".repeat(8)}01${"00".repeat(7)}`, `01${"00".repeat(15)}`];
    expect(digests.map((digest) => counts.add(digest))).toEqual([0, 0, 0]);
    expect(digests.map((digest) => counts.add(digest))).toEqual([1, 1, 1]);
  });
});
