import { describe, expect, it } from "vitest";
import { createKinds } from "../../src/api/kinds.js";
import { toDiscount } from "../../src/core/charge.js";
import { toWindowRows } from "../../src/core/windows.js";
import { credits, type Input, toGrant, toUsage } from "../commands.js";
import { decideAll, minutes, toCodes } from "./rules.js";

let keys = 0;
const usage = (at: number, facts: Partial<Input<"usage">> = {}) =>
  toUsage("a", `u${keys++}`, "1", { occurredAt: minutes(at), ...facts });
const named = (id: string, label: string | null = null) => ({ id, label });

/** Returns the rows that commands make. */
function toRows(...commands: Parameters<typeof decideAll>[0]) {
  const { changes, state } = decideAll(commands);
  return [...changes.rows, ...(state.window === null ? [] : toWindowRows(state.window, state.totals))];
}
const sizes = (...commands: Parameters<typeof decideAll>[0]) => toRows(...commands).map((row) => row.entries);

describe("usage is grouped", () => {
  it("by kind, source, project, member, task and discount within five minutes of the clock", () => {
    const source = { type: "model", id: null, label: "Claude Sonnet" };
    const half = { originalCredits: credits("2") };
    expect(sizes(usage(0), usage(4.99), usage(0))).toEqual([3]);
    expect(sizes(usage(0), usage(0, { kind: "build_usage" }), usage(1))).toEqual([2, 1]);
    expect(sizes(usage(0), usage(0, { source }), usage(0, { source: { ...source } }))).toEqual([1, 2]);
    for (const dimension of ["project", "member", "task"]) {
      const of = (id: string) => usage(0, { [dimension]: named(id) });
      expect(sizes(usage(0), of("x"), of("y"), of("x"))).toEqual([1, 2, 1]);
    }
    expect(sizes(usage(0), usage(0, half), usage(0, half))).toEqual([1, 2]);
  });

  it("by the ids of project, member and task, whatever their labels", () => {
    const of = (label: string | null) =>
      usage(0, { project: named("p", label), member: named("m", label), task: named("t", label) });
    expect(sizes(of(null), of("Before"), of("After"))).toEqual([3]);
  });

  it("with what comes late by less than one window, and no later", () => {
    expect(sizes(usage(0), usage(-4.99))).toEqual([2]);
    expect(sizes(usage(0), usage(-5))).toEqual([1, 1]);
    expect(sizes(usage(0), usage(5))).toEqual([1, 1]);
  });

  it("never across anything that is not usage", () => {
    expect(sizes(usage(0), toGrant("a", `g${keys++}`, "5"), usage(0))).toEqual([1, 1, 1]);
  });

  it("in windows of at most 64 rows", () => {
    const many = Array.from({ length: 65 }, (_, index) => usage(0, { project: named(`p${index}`) }));
    expect(sizes(...many, usage(0, { project: named("p0") }), usage(0, { project: named("p64") }))).toEqual([
      ...Array(64).fill(1),
      2,
      1,
    ]);
  });

  it("with balances that add up from row to row while groups grow", () => {
    const rows = toRows(
      usage(0),
      usage(0, { project: named("p") }),
      usage(1),
      usage(1, { project: named("p") }),
      usage(2),
    );
    expect(rows.map((row) => [row.credits, row.balance])).toEqual([
      [-3_000_000n, -3_000_000n],
      [-2_000_000n, -5_000_000n],
    ]);
  });

  it("under the description its entries have in common", () => {
    const chat = { description: "Chat" };
    expect(toRows(usage(0, chat), usage(1, chat))[0]?.description).toBe("Chat");
    expect(
      toRows(usage(0, chat), usage(1, { description: "Search" }), usage(2, chat))[0]?.description,
    ).toBeNull();
    expect(toRows(usage(0, chat), usage(1))[0]?.description).toBeNull();
  });

  it("and refused when it lies more than five minutes ahead", () => {
    expect(toCodes(decideAll([usage(5), usage(5.001)]))).toEqual(["posted", "occurred_in_future"]);
  });
});

it("has nouns for what has no description in common", () => {
  const kinds = createKinds({ render_usage: { type: "usage", title: "Rendering" } });
  expect(kinds.toNouns("ai_usage")).toEqual({ one: "call", other: "calls" });
  expect(kinds.toNouns("build_usage")).toEqual({ one: "step", other: "steps" });
  expect(kinds.toNouns("runtime_usage")).toEqual({ one: "event", other: "events" });
  expect(kinds.toNouns("render_usage")).toEqual({ one: "entry", other: "entries" });
});

it.each([
  ["-18.72", "23.4", 200],
  ["-87.5", "100", 125],
  ["-0.999999", "1", 1],
  ["-0.000001", "1000", 999],
  ["0", "5", 1000],
])("calls %s instead of %s a discount of %i tenths of a percent", (charged, original, tenths) => {
  expect(toDiscount(credits(charged), { originalCredits: credits(original) })).toBe(tenths);
});
