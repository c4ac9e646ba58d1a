import { describe, expect, it } from "vitest";
import type { UsageCommand } from "../../src/ledger/command.js";
import { credits } from "../../src/ledger/credits.js";
import { discountOf, windowRows } from "../../src/ledger/group.js";
import { countOf } from "../../src/ledger/kinds.js";
import { grantOf, usageOf } from "../commands.js";
import { codesOf, decideAll, minutes } from "./rules.js";

let keys = 0;
const usage = (at: number, facts: Partial<UsageCommand> = {}): UsageCommand => ({
  ...usageOf("a", `u${keys++}`, "1", minutes(at)),
  ...facts,
});

/** The rows a list of commands makes: their positions, how many entries each has, and its balance. */
function rowsOf(...commands: Parameters<typeof decideAll>[0]) {
  const { changes, state } = decideAll(commands);
  return [...changes.rows, ...(state.window === null ? [] : windowRows(state.window, state.totals))];
}
const sizes = (...commands: Parameters<typeof decideAll>[0]) => rowsOf(...commands).map((row) => row.entries);

describe("usage is grouped", () => {
  it("by kind, source, project and discount within five minutes of the clock", () => {
    const source = { type: "model", id: null, label: "Claude Sonnet" };
    const half = { originalCredits: credits("2") };
    expect(sizes(usage(0), usage(4.99), usage(0))).toEqual([3]);
    expect(sizes(usage(0), usage(0, { kind: "build_usage" }), usage(1))).toEqual([2, 1]);
    expect(sizes(usage(0), usage(0, { source }), usage(0, { source: { ...source } }))).toEqual([1, 2]);
    expect(sizes(usage(0, { project: "x" }), usage(0, { project: "y" }), usage(1, { project: "x" }))).toEqual(
      [2, 1],
    );
    expect(sizes(usage(0), usage(0, half), usage(0, half))).toEqual([1, 2]);
  });

  it("with what comes late by less than one window, and no later", () => {
    expect(sizes(usage(0), usage(-4.99))).toEqual([2]);
    expect(sizes(usage(0), usage(-5))).toEqual([1, 1]);
    expect(sizes(usage(0), usage(5))).toEqual([1, 1]);
  });

  it("never across anything that is not usage", () => {
    expect(sizes(usage(0), grantOf("a", `g${keys++}`, "5"), usage(0))).toEqual([1, 1, 1]);
  });

  it("in windows of at most 64 rows", () => {
    const many = Array.from({ length: 65 }, (_, index) => usage(0, { project: `p${index}` }));
    expect(sizes(...many, usage(0, { project: "p0" }), usage(0, { project: "p64" }))).toEqual([
      ...Array(64).fill(1),
      2,
      1,
    ]);
  });

  it("with balances that add up from row to row while groups grow", () => {
    const rows = rowsOf(usage(0), usage(0, { project: "p" }), usage(1), usage(1, { project: "p" }), usage(2));
    expect(rows.map((row) => [row.credits, row.balance])).toEqual([
      [-3_000_000n, -3_000_000n],
      [-2_000_000n, -5_000_000n],
    ]);
  });

  it("under the description its entries have in common", () => {
    const chat = { description: "Chat" };
    expect(rowsOf(usage(0, chat), usage(1, chat))[0]?.description).toBe("Chat");
    expect(
      rowsOf(usage(0, chat), usage(1, { description: "Search" }), usage(2, chat))[0]?.description,
    ).toBeNull();
    expect(rowsOf(usage(0, chat), usage(1))[0]?.description).toBeNull();
  });

  it("and refused when it lies more than five minutes ahead", () => {
    expect(codesOf(decideAll([usage(5), usage(5.001)]))).toEqual(["posted", "occurred_in_future"]);
  });
});

it("counts what has no description in common", () => {
  expect(countOf("ai_usage", 14)).toBe("14 calls");
  expect(countOf("build_usage", 1)).toBe("1 step");
  expect(countOf("runtime_usage", 31_000)).toBe("31,000 events");
});

it.each([
  ["-18.72", "-23.4", 200],
  ["-87.5", "-100", 125],
  ["-0.999999", "-1", 1],
  ["-0.000001", "-1000", 999],
  ["0", "-5", 1000],
])("calls %s instead of %s a discount of %i tenths of a percent", (charged, original, tenths) => {
  expect(discountOf(credits(charged), credits(original))).toBe(tenths);
});
