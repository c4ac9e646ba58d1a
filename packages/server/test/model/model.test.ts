import { describe, expect, it } from "vitest";
import { formatAmount } from "../../src/core/amount.js";
import { addSeconds, type Instant, parseInstant } from "../../src/core/instant.js";
import { credits } from "../commands.js";
import {
  type Command,
  type GrantCommand,
  type HoldCommand,
  NOT_ATTRIBUTED,
  NOT_DESCRIBED,
  NOT_MEASURED,
  type RefundCommand,
  type SettleCommand,
  type SpendCommand,
  type UsageCommand,
} from "./commands.js";
import { createModel, type Outcome } from "./model.js";
import { toDiscount, toRows } from "./rows.js";

// The examples were worked out by hand from the rules, because the model itself needs a yardstick.

const START = parseInstant("2026-11-22T10:05:00Z");
const at = (second: number) => Math.round(addSeconds(START, second)) as Instant;

let keys = 0;
const common = () => {
  keys += 1;
  return { ...NOT_DESCRIBED, account: "a", key: `k${keys}`, source: null };
};
const charged = (amount: string) => ({ ...NOT_MEASURED, credits: credits(amount) });

function grant(amount: string, more: Partial<GrantCommand> = {}): GrantCommand {
  const terms = {
    kind: "purchase",
    title: null,
    priority: 100,
    effectiveAt: null,
    expiresAt: null,
    only: null,
  };
  return { ...common(), ...terms, op: "grant", credits: credits(amount), ...more };
}
function usage(amount: string, more: Partial<UsageCommand> = {}): UsageCommand {
  const event = { op: "usage", kind: "ai_usage", occurredAt: null } as const;
  return { ...common(), ...NOT_ATTRIBUTED, ...event, ...charged(amount), ...more };
}
function spend(amount: string, more: Partial<SpendCommand> = {}): SpendCommand {
  const spent = { op: "spend", kind: null, atMost: null } as const;
  return { ...common(), ...NOT_ATTRIBUTED, ...spent, ...charged(amount), ...more };
}
function refund(entry: number, amount: string | null): RefundCommand {
  return { ...common(), op: "refund", entry, credits: amount === null ? null : credits(amount) };
}
function hold(amount: string, seconds: number, more: Partial<HoldCommand> = {}): HoldCommand {
  const held = { op: "hold", hold: "h", kind: null, credits: credits(amount), expiresIn: seconds } as const;
  return { ...common(), ...NOT_ATTRIBUTED, ...held, ...more };
}
function settle(amount: string, more: Partial<SettleCommand> = {}): SettleCommand {
  return { ...common(), op: "settle", hold: "h", excess: null, ...charged(amount), ...more };
}

/** Runs commands and describes the outcome of each: the refusal, or amount, balance, draws and debt. */
function run(limit: string, ...steps: readonly (readonly [second: number, command: Command])[]): string[] {
  const model = createModel({ overdraftLimit: credits(limit) });
  return steps.flatMap(([second, command]) => describeOutcome(model.apply(command, at(second))));
}

function describeOutcome(outcome: Outcome): string[] {
  const entries = [...outcome.expiries, ...("entry" in outcome ? [outcome.entry] : [])].map((entry) => {
    const draws = entry.draws.map((draw) => `${formatAmount(draw.credits)} of ${draw.grant}`).join(", ");
    const moved = `${formatAmount(entry.credits)} = ${formatAmount(entry.balance)}`;
    return `${entry.seq} ${entry.kind} ${moved} [${draws}] debt ${formatAmount(entry.debt)}`;
  });
  const rest =
    "refused" in outcome ? [outcome.refused] : "hold" in outcome ? [`hold ${outcome.hold.status}`] : [];
  return [...entries, ...rest];
}

describe("the model's amounts", () => {
  it("draws what expires first, and what was granted before what was bought; the rest becomes debt", () => {
    expect(
      run(
        "0",
        [0, grant("5")],
        [0, grant("5", { kind: "bonus" })],
        [0, grant("5", { expiresAt: at(900) })],
        [0, grant("5", { priority: 0 })],
        [1, usage("22")],
      ).at(-1),
    ).toBe("5 ai_usage -22 = -2 [5 of 4, 5 of 3, 5 of 2, 5 of 1] debt 2");
  });

  it("pays debt first, also from the grant that was just opened", () => {
    expect(run("0", [0, usage("3")], [1, grant("2")], [2, grant("2")], [3, spend("1")])).toEqual([
      "1 ai_usage -3 = -3 [] debt 3",
      "2 purchase 2 = -1 [2 of 2] debt -2",
      "3 purchase 2 = 1 [1 of 3] debt -1",
      "4 ai_usage -1 = 0 [1 of 3] debt 0",
    ]);
  });

  it("counts a pending grant in the balance, and lets it pay debt with the next entry once effective", () => {
    expect(
      run(
        "0",
        [0, usage("3")],
        [0, grant("10", { effectiveAt: at(60) })],
        [1, spend("1")],
        [60, spend("2")],
        [61, spend("6")],
      ),
    ).toEqual([
      "1 ai_usage -3 = -3 [] debt 3",
      "2 purchase 10 = 7 [] debt 0",
      "insufficient_credits",
      "3 ai_usage -2 = 5 [3 of 2, 2 of 2] debt -3",
      "insufficient_credits",
    ]);
  });

  it("posts an expiry of what remains after debt was paid, even before a refusal", () => {
    expect(
      run(
        "0",
        [0, usage("3")],
        [0, grant("10", { effectiveAt: at(60), expiresAt: at(120) })],
        [0, grant("1", { effectiveAt: at(60), expiresAt: at(120), priority: 0 })],
        [120, spend("1")],
      ).slice(-2),
    ).toEqual(["4 expiry -8 = 0 [1 of 3, 2 of 2, 8 of 2] debt -3", "insufficient_credits"]);
  });

  it("returns a debit from its end, to living grants, and opens a grant for what came from others", () => {
    expect(
      run(
        "0",
        [0, grant("4", { expiresAt: at(60) })],
        [0, grant("4")],
        [1, usage("9")],
        [60, refund(3, "2")],
        [61, refund(3, "4")],
        [62, refund(3, "4")],
        [62, refund(3, null)],
        [63, refund(3, null)],
      ).slice(3),
    ).toEqual([
      // 1 of debt is loose and pays it; 1 goes back to grant 2.
      "4 refund 2 = 1 [-1 of 2] debt -1",
      // 3 more go back to grant 2; 1 came from the grant that expired, and opens grant 5.
      "5 refund 4 = 5 [-3 of 2] debt 0",
      "refund_exceeds_entry",
      "6 refund 3 = 8 [] debt 0",
      "refund_exceeds_entry",
    ]);
  });

  it("settles a hold in full whatever became of the grants, and no more than is available beyond it", () => {
    const steps = [
      [0, grant("5", { expiresAt: at(60) })],
      [0, hold("5", 600)],
      [1, spend("1")],
    ] as const;
    expect(run("0", ...steps, [60, settle("5")], [61, settle("5")]).slice(1)).toEqual([
      "hold open",
      "insufficient_credits",
      "2 ai_usage -5 = 0 [5 of 1] debt 0",
      "hold_closed",
    ]);
    expect(run("1", ...steps, [2, settle("5.000001")], [2, settle("6")]).slice(2)).toEqual([
      "2 ai_usage -1 = 4 [] debt 1",
      "insufficient_credits",
      "insufficient_credits",
    ]);
    expect(run("0", ...steps, [600, settle("5")]).at(-1)).toBe("hold_closed");
  });

  it("keeps what a hold set aside until it ends, and what it leaves expires then", () => {
    const steps = [
      [0, grant("100", { expiresAt: at(60) })],
      [0, hold("40", 600)],
    ] as const;
    expect(run("0", ...steps, [120, settle("30")], [121, usage("1")]).slice(2)).toEqual([
      "2 expiry -60 = 40 [60 of 1] debt 0",
      "3 ai_usage -30 = 10 [30 of 1] debt 0",
      // The expiry of the 10 that were left came between.
      "5 ai_usage -1 = -1 [] debt 1",
    ]);
    expect(run("0", ...steps, [700, usage("1")]).slice(2)).toEqual([
      "2 expiry -60 = 40 [60 of 1] debt 0",
      "3 expiry -40 = 0 [40 of 1] debt 0",
      "4 ai_usage -1 = -1 [] debt 1",
    ]);
  });

  it("takes what there is where a command asks for that", () => {
    const most = { atMost: true } as const;
    expect(
      run(
        "2",
        [0, spend("1", most)],
        [0, spend("3", most)],
        [0, spend("1", most)],
        [0, grant("10")],
        [0, hold("5", 600)],
        [0, settle("90", { excess: "cap" })],
        [0, grant("10")],
        [0, hold("5", 600, { hold: "h2" })],
        [0, settle("20", { hold: "h2", excess: "debt" })],
      ),
    ).toEqual([
      "1 ai_usage -1 = -1 [] debt 1",
      "2 ai_usage -1 = -2 [] debt 1",
      "insufficient_credits",
      "3 purchase 10 = 8 [2 of 3] debt -2",
      "hold open",
      "4 ai_usage -10 = -2 [5 of 3, 3 of 3] debt 2",
      "5 purchase 10 = 8 [2 of 5] debt -2",
      "hold open",
      "6 ai_usage -20 = -12 [5 of 5, 3 of 5] debt 12",
    ]);
  });

  it("responds to a key once", () => {
    const model = createModel({ overdraftLimit: credits("0") });
    const first = hold("5", 600);
    expect(describeOutcome(model.apply(first, at(0)))).toEqual(["insufficient_credits"]);
    model.apply(grant("9"), at(0));
    expect(model.apply(first, at(1))).toMatchObject({ repeated: false });
    expect(describeOutcome(model.apply(settle("5"), at(2)))).toEqual(["2 ai_usage -5 = 4 [5 of 1] debt 0"]);
    const again = model.apply({ ...first, hold: "another" }, at(3));
    expect(again).toMatchObject({ repeated: true, hold: { id: "h", status: "open" } });
    expect(model.apply({ ...first, credits: credits("4") }, at(4))).toMatchObject({
      refused: "key_conflict",
    });
  });
});

describe("the model's facts", () => {
  const run = (...commands: readonly Command[]) => {
    const model = createModel({ overdraftLimit: credits("0") });
    for (const command of [grant("50"), ...commands]) model.apply(command, at(0));
    return model;
  };
  const people = {
    project: { id: "p", label: "Project" },
    member: { id: "m", label: "Member" },
    task: { id: "t", label: null },
  };
  const bare = {
    project: { id: "p", label: null },
    member: { id: "m", label: null },
    task: { id: "t", label: null },
  };

  it("of a settlement are those of its hold, except those that it gives", () => {
    const held = { ...people, description: "Held", metadata: { a: 1 }, privateMetadata: { b: 2 } };
    const model = run(
      hold("5", 600, held),
      settle("5", { description: "Settled", privateMetadata: { c: 3 }, price: "price", cost: credits("1") }),
    );
    expect(model.entries()[1]?.facts).toEqual({
      ...bare,
      originalCredits: null,
      source: null,
      description: "Settled",
      metadata: { a: 1 },
      privateMetadata: { c: 3 },
      price: "price",
      quantities: null,
      estimated: null,
      cost: credits("1"),
    });
  });

  it("of a refund are its own, with the source and dimensions of the entry", () => {
    const source = { type: "model", id: null, label: "Model" };
    const model = run(usage("5", { ...people, source, price: "price", metadata: { a: 1 } }), refund(2, null));
    expect(model.entries()[2]?.facts).toMatchObject({ ...bare, source, price: null, metadata: null });
  });

  it("of an expiry are the grant's source, and its description or title", () => {
    const model = createModel({ overdraftLimit: credits("0") });
    const ending = { expiresAt: at(60) };
    model.apply(grant("1", { ...ending, kind: "bonus", title: "Title", description: "Described" }), at(0));
    model.apply(grant("1", { ...ending, kind: "bonus", title: "Title" }), at(0));
    model.apply(grant("1", ending), at(0));
    model.apply({ op: "touch", account: "a" }, at(60));
    const expiries = model.entries().filter(({ kind }) => kind === "expiry");
    expect(expiries.map(({ facts }) => facts.description)).toEqual(["Described", "Title", null]);
  });

  it("have kinds by default, and configured ones of each type", () => {
    const adjust = {
      ...NOT_DESCRIBED,
      op: "adjust",
      account: "a",
      source: null,
      credits: credits("1"),
    } as const;
    const model = run(
      { ...adjust, key: "a1", kind: null },
      { ...adjust, key: "a2", kind: "goodwill" },
      spend("1"),
      usage("1", { kind: "render_usage" }),
      grant("1", { kind: "gift" }),
    );
    expect(model.entries().map(({ kind, type }) => [kind, type])).toEqual([
      ["purchase", "grant"],
      ["adjustment", "correction"],
      ["goodwill", "correction"],
      ["ai_usage", "usage"],
      ["render_usage", "usage"],
      ["gift", "grant"],
    ]);
    expect(model.rows().map(({ category }) => category)).toEqual([
      "added",
      "adjustments",
      "adjustments",
      "used",
      "used",
      "added",
    ]);
  });

  it("leave labels out, of which the latest is kept", () => {
    const renamed = { project: { id: "p", label: "Renamed" } };
    const model = run(
      usage("1", people),
      hold("1", 600, people),
      usage("1", renamed),
      usage("1", { project: bare.project }),
      settle("1"),
      refund(2, null),
    );
    expect(model.entries()[1]?.facts).toMatchObject(bare);
    expect(model.labels()).toEqual([
      { dimension: "member", id: "m", label: "Member" },
      { dimension: "project", id: "p", label: "Renamed" },
    ]);
  });
});

describe("the model's rows", () => {
  const rows = (...usages: readonly (readonly [second: number, project: string])[]) => {
    const model = createModel({ overdraftLimit: credits("0") });
    for (const [second, project] of usages) {
      model.apply(usage("1", { project: { id: project, label: null }, occurredAt: at(second) }), at(299));
    }
    return toRows(model.entries()).map(({ project, entries, balance }) => [
      project?.id,
      entries,
      formatAmount(balance),
    ]);
  };

  it("groups what falls in one cell, and what is late by less than a window", () => {
    expect(rows([0, "a"], [299, "b"], [1, "a"], [-299.999999, "b"])).toEqual([
      ["a", 2, "-2"],
      ["b", 2, "-4"],
    ]);
  });

  it("gives a row to each other cell, in the same window", () => {
    expect(rows([0, "a"], [300, "a"], [599, "a"], [1, "a"])).toEqual([
      ["a", 2, "-2"],
      ["a", 2, "-4"],
    ]);
    expect(rows([0, "a"], [-300, "a"], [-1, "a"])).toEqual([
      ["a", 2, "-2"],
      ["a", 1, "-3"],
    ]);
  });

  it("lets groups share a row when 64 groups have one", () => {
    const groups = Array.from({ length: 64 }, (_, index) => [0, `p${index}`] as const);
    const all = rows(...groups, [0, "p3"], [-1, "new"], [299, "newer"], [0, "p3"]);
    expect(all).toHaveLength(65);
    expect(all[3]).toEqual(["p3", 3, "-6"]);
    expect(all.at(-1)).toEqual([undefined, 2, "-68"]);
  });

  it("rounds a discount half up to tenths of a percent, and keeps it off the ends", () => {
    const discount = (charged: string, original: string) =>
      toDiscount({ credits: credits(`-${charged}`), facts: { originalCredits: credits(original) } });
    expect(discount("80", "100")).toBe(200);
    expect(discount("1999", "2000")).toBe(1);
    expect(discount("87.45", "100")).toBe(126);
    expect(discount("87.450001", "100")).toBe(125);
    expect(discount("99.999999", "100")).toBe(1);
    expect(discount("0.000001", "100")).toBe(999);
    expect(discount("0", "100")).toBe(1000);
  });
});
