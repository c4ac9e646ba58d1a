import { describe, expect, it } from "vitest";
import { createKinds } from "../../src/api/kinds.js";
import { toDiscount } from "../../src/core/charge.js";
import type { Entry } from "../../src/core/entry.js";
import { replay, toWindowRows } from "../../src/core/windows.js";
import { credits, type Input, toGrant, toUsage } from "../commands.js";
import { decideAll, minutes, toCodes } from "./rules.js";

let keys = 0;
const usage = (at: number, facts: Partial<Input<"usage">> = {}) =>
  toUsage("a", `u${keys++}`, "1", { occurredAt: minutes(at), ...facts });
const named = (id: string, label: string | null = null) => ({ id, label });
const of = (id: string) => ({ source: { type: "model", id, label: `Model ${id}` } });
const list = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

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

  it("by the window in which it occurred, however senders take turns", () => {
    const turns = list(300, () => [usage(0), usage(-11)]).flat();
    expect(sizes(...turns)).toEqual([300, 300]);
    const lags = list(40, (index) => usage(-5 * (index % 20)));
    expect(sizes(...lags)).toEqual(Array(20).fill(2));
  });

  it("by the window in which it is recorded", () => {
    const first = decideAll([usage(0)], undefined, minutes(0));
    const { changes, state } = decideAll([usage(0.01), usage(5)], first.state, minutes(5));
    expect(changes.rows).toMatchObject([{ entries: 1, lastSeq: 1 }]);
    expect(state.window?.rows).toMatchObject([{ entries: 2, firstSeq: 2 }]);
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

describe("groups of a full window", () => {
  const rounds = (groups: number, count: number, facts: (group: number) => object) =>
    list(count, () => list(groups, (group) => usage(0, facts(group)))).flat();

  it("beyond 64 share a row per kind", () => {
    expect(sizes(...rounds(64, 3, (group) => of(`${group}`)))).toEqual(Array(64).fill(3));
    expect(sizes(...rounds(65, 40, (group) => of(`${group}`)))).toEqual(Array(65).fill(40));
    const rows = toRows(
      ...rounds(10_000, 1, (group) => ({ ...of(`${group}`), kind: group % 2 === 0 ? "ai_usage" : "render" })),
    );
    expect(rows).toHaveLength(66);
    expect(rows.slice(64)).toMatchObject([
      { kind: "ai_usage", entries: 4_968, source: null, various: ["source"], credits: credits("-4968") },
      { kind: "render", entries: 4_968, source: null, various: ["source"], credits: credits("-4968") },
    ]);
  });

  const facts = { ...of("m"), project: named("p"), member: named("m"), task: named("t") };
  const fill = rounds(64, 1, (group) => ({ task: named(`${group}`) }));

  it.each([
    ["source", of("other")],
    ["source", { source: null }],
    ["project", { project: named("other") }],
    ["member", { member: null }],
    ["task", { task: named("other") }],
    ["discount", { originalCredits: credits("2") }],
  ])("share a row that has the facts in which they agree, and names %s where they differ", (fact, change) => {
    const shared = toRows(...fill, usage(0, facts), usage(0, { ...facts, ...change }), usage(0, facts))[64];
    const { source, project, member, task } = facts;
    expect(shared).toMatchObject({
      ...{ source, project, member, task, discount: null, originalCredits: null },
      ...(fact === "discount" ? {} : { [fact]: null }),
      various: [fact],
      entries: 3,
    });
  });

  it("share a row without an amount before discounts that differ", () => {
    const off = (original: string) => usage(0, { ...facts, originalCredits: credits(original) });
    const alike = toRows(...fill, off("2"), off("2"))[64];
    expect(alike).toMatchObject({ discount: 500, originalCredits: credits("4"), various: [] });
    const various = toRows(...fill, off("2"), off("4"), off("2"), usage(0, { ...facts, task: null }))[64];
    expect(various).toMatchObject({ discount: null, originalCredits: null, various: ["task", "discount"] });
  });
});

describe("a backlog", () => {
  const late = (windows: number, facts: object = {}) => usage(-5 * windows, facts);

  it.each([
    ["oldest first", list(500, (index) => 500 - index)],
    ["newest first", list(500, (index) => index + 1)],
  ])("in order, %s, has a row per window", (_, windows) => {
    expect(sizes(...windows.flatMap((each) => [late(each), late(each)]))).toEqual(Array(500).fill(2));
  });

  it("in order has rows beside those of current usage", () => {
    const all = list(500, (index) => [late(500 - index), usage(0)]).flat();
    // Each part repeats the row of current usage.
    expect(sizes(...all).filter((count) => count === 1)).toHaveLength(500);
    expect(sizes(...all).length).toBeLessThanOrEqual(500 + 500 / 63 + 1);
  });

  it("in no order has no more rows than windows, but for those that are shared", () => {
    const cycle = list(5_000, (index) => late(1 + ((index * 37) % 200)));
    expect(sizes(...cycle).length).toBeLessThanOrEqual(200 + 200 / 64 + 1);
    const turns = list(5_000, (index) => late(1 + (index % 2 === 0 ? index / 2 : (index * 31) % 64)));
    expect(sizes(...turns).length).toBeLessThanOrEqual(2_564 + 2_564 / 64 + 1);
  });

  it("of many groups leaves current usage its rows", () => {
    const current = () => list(40, (index) => usage(0, of(`${index}`)));
    const all = [...current(), ...list(100, (index) => late(100 - index)), ...current()];
    expect(sizes(...all).slice(0, 40)).toEqual(Array(40).fill(2));
    expect(sizes(...all)).toHaveLength(65);
  });
});

it("is grouped again after any other entry, as often as there is one", () => {
  expect(sizes(...list(50, (index) => [usage(0), usage(0), toGrant("a", `t${index}`, "1")]).flat())).toEqual(
    list(50, () => [2, 1]).flat(),
  );
});

describe("a window's states", () => {
  const { changes, state } = decideAll(list(1_000, (index) => usage(0, of(`${index % 70}`))));

  it("are kept per 256 entries, and lead to each moment", () => {
    expect(changes.states.map(({ seq, position }) => [seq, position])).toEqual([
      [256, 1],
      [512, 1],
      [768, 1],
    ]);
    const rows = state.window === null ? [] : toWindowRows(state.window, state.totals);
    for (const { seq, position, window } of changes.states) {
      expect(toWindowRows(window, state.totals).at(-1)?.balance).toBe(-1_000_000n * BigInt(seq));
      expect(replay(window, position, changes.entries.slice(seq))).toBe(true);
      expect(toWindowRows(window, state.totals)).toEqual(rows);
    }
  });

  it("refuse entries of other rows", () => {
    const { window } = decideAll([usage(0)]).state;
    const [entry] = changes.entries as [Entry];
    if (window === null) throw new Error("The window is closed.");
    expect(replay(window, 1, [{ ...entry, position: 3 }])).toBe(false);
    expect(replay(window, 2, [entry])).toBe(false);
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
