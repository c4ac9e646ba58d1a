import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalEntry } from "../../src/ledger/chain.js";
import { canonicalMetadata } from "../../src/ledger/digest.js";
import { JsonArray } from "../../src/ledger/json-array.js";
import { grantOf, usageOf } from "../commands.js";
import { decideAll, minutes } from "./rules.js";

/** Texts with all that JSON has to escape. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom('"', "\\", "\n", "\u2028", "\ud800"),
);

describe("the canonical form", () => {
  it("quotes texts as JSON does", () => {
    const array = new JsonArray();
    const written = (given: string | null) =>
      array.beginUnder("before").text("a").text(given).end().toString();
    fc.assert(fc.property(text, (given) => written(given) === `before\n${JSON.stringify(["a", given])}`));
    expect(written(null)).toBe('before\n["a",null]');
    const long = "€".repeat(1_000_000);
    expect(written(long)).toBe(`before\n${JSON.stringify(["a", long])}`);
    expect(written("b")).toBe('before\n["a","b"]');
  });

  it("is the JSON of an array of the entry's facts, whatever they hold", () => {
    fc.assert(
      fc.property(text, text, text, fc.bigInt({ min: 1n, max: 10n ** 12n }), (one, two, three, credits) => {
        const source = { type: "model", id: one, label: two };
        const usage = {
          ...usageOf("a", "u", "1", minutes(1)),
          credits: credits as ReturnType<typeof usageOf>["credits"],
          description: three,
          source,
          project: one,
          metadata: { [two]: three, a: 1.5, b: true },
        };
        const { changes } = decideAll([grantOf("a", "g", "5"), usage]);
        for (const entry of changes.entries) {
          expect(canonicalEntry(entry)).toBe(
            JSON.stringify([
              1,
              entry.account,
              entry.seq,
              entry.kind,
              entry.title,
              entry.credits.toString(),
              entry.originalCredits?.toString() ?? null,
              entry.balance.toString(),
              entry.description,
              entry.source && [entry.source.type, entry.source.id, entry.source.label],
              entry.project,
              entry.occurredAt,
              entry.recordedAt,
              entry.key,
              entry.fingerprint,
              entry.draws.map((draw) => [draw.grant, draw.credits.toString()]),
              entry.debt.toString(),
              entry.refundOf,
              canonicalMetadata(entry.metadata),
            ]),
          );
        }
      }),
    );
  });
});
