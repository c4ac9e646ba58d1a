import { describe, expect, it } from "vitest";
import type {
  Command,
  GrantCommand,
  HoldCommand,
  RefundCommand,
  SettleCommand,
  SpendCommand,
  UsageCommand,
} from "../../src/ledger/command.js";
import { credits, formatCredits } from "../../src/ledger/credits.js";
import { addSeconds, type Instant, parseInstant } from "../../src/ledger/instant.js";
import { createModel, type Outcome } from "./model.js";
import { discountOf, rowsOf } from "./rows.js";

// Examples worked out by hand from the text of the rules: the model is the yardstick, so it needs one itself.

const START = parseInstant("2026-11-22T10:05:00Z");
const at = (second: number) => Math.round(addSeconds(START, second)) as Instant;

let keys = 0;
const common = () => {
  keys += 1;
  return { account: "a", key: `k${keys}`, description: null, metadata: {} };
};
const cause = { kind: "ai_usage", source: null, project: null } as const;

function grant(text: string, more: Partial<GrantCommand> = {}): GrantCommand {
  const terms = { kind: "purchase", title: null, source: null, priority: 100 } as const;
  return {
    ...common(),
    ...terms,
    op: "grant",
    credits: credits(text),
    effectiveAt: null,
    expiresAt: null,
    ...more,
  };
}
function usage(text: string, more: Partial<UsageCommand> = {}): UsageCommand {
  return {
    ...common(),
    ...cause,
    op: "usage",
    credits: credits(text),
    originalCredits: null,
    occurredAt: null,
    ...more,
  };
}
function spend(text: string): SpendCommand {
  return { ...common(), ...cause, op: "spend", credits: credits(text), originalCredits: null };
}
function refund(entry: number, text: string | null): RefundCommand {
  return { ...common(), op: "refund", entry, source: null, credits: text === null ? null : credits(text) };
}
function hold(text: string, seconds: number): HoldCommand {
  const { metadata: _none, ...rest } = common();
  return { ...rest, ...cause, op: "hold", hold: "h", credits: credits(text), expiresInSeconds: seconds };
}
function settle(text: string): SettleCommand {
  return { ...common(), op: "settle", hold: "h", credits: credits(text), originalCredits: null };
}

/** Runs commands and says of each what came of it: the refusal, or amount, balance, draws and debt. */
function run(limit: string, ...steps: readonly (readonly [second: number, command: Command])[]): string[] {
  const model = createModel({ overdraftLimit: credits(limit) });
  return steps.flatMap(([second, command]) => told(model.apply(command, at(second))));
}

function told(outcome: Outcome): string[] {
  const entries = [...outcome.expiries, ...("entry" in outcome ? [outcome.entry] : [])].map((entry) => {
    const draws = entry.draws.map((draw) => `${formatCredits(draw.credits)} of ${draw.grant}`).join(", ");
    const moved = `${formatCredits(entry.credits)} = ${formatCredits(entry.balance)}`;
    return `${entry.seq} ${entry.kind} ${moved} [${draws}] debt ${formatCredits(entry.debt)}`;
  });
  const rest =
    "refused" in outcome ? [outcome.refused] : "hold" in outcome ? [`hold ${outcome.hold.status}`] : [];
  return [...entries, ...rest];
}

describe("the model's amounts", () => {
  it("draws what ends first, what was granted before what was bought, and lets the rest be debt", () => {
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

  it("pays debt first, out of the grant that was just opened too", () => {
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

  it("posts an expiry of what is left once debt took its share, even before a refusal", () => {
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

  it("returns a debit from its end, to living grants, and opens a grant for what came out of others", () => {
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
      // 3 more go back to grant 2; 1 came out of the grant that ended, and opens grant 5.
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
      "2 expiry -5 = 0 [5 of 1] debt 0",
      "3 ai_usage -5 = -5 [] debt 5",
      "hold_closed",
    ]);
    expect(run("1", ...steps, [2, settle("5.000001")], [2, settle("6")]).slice(2)).toEqual([
      "2 ai_usage -1 = 4 [1 of 1] debt 0",
      "insufficient_credits",
      "insufficient_credits",
    ]);
    expect(run("0", ...steps, [600, settle("5")]).at(-1)).toBe("hold_closed");
  });

  it("answers a key once", () => {
    const model = createModel({ overdraftLimit: credits("0") });
    const first = hold("5", 600);
    expect(told(model.apply(first, at(0)))).toEqual(["insufficient_credits"]);
    model.apply(grant("9"), at(0));
    expect(model.apply(first, at(1))).toMatchObject({ repeated: false });
    expect(told(model.apply(settle("5"), at(2)))).toEqual(["2 ai_usage -5 = 4 [5 of 1] debt 0"]);
    const again = model.apply({ ...first, hold: "another" }, at(3));
    expect(again).toMatchObject({ repeated: true, hold: { hold: "h", status: "open" } });
    expect(model.apply({ ...first, credits: credits("4") }, at(4))).toMatchObject({
      refused: "key_conflict",
    });
  });
});

describe("the model's rows", () => {
  const rows = (...usages: readonly (readonly [second: number, project: string])[]) => {
    const model = createModel({ overdraftLimit: credits("0") });
    for (const [second, project] of usages) {
      model.apply(usage("1", { project, occurredAt: at(second) }), at(900));
    }
    return rowsOf(model.entries()).map(({ project, entries, balance }) => [
      project,
      entries,
      formatCredits(balance),
    ]);
  };

  it("groups what falls in one cell, and what is late by less than a window", () => {
    expect(rows([0, "a"], [299, "b"], [1, "a"], [-299.999999, "b"])).toEqual([
      ["a", 2, "-2"],
      ["b", 2, "-4"],
    ]);
  });

  it("begins another window for the next cell, and for what is late by a window", () => {
    expect(rows([0, "a"], [300, "a"], [599, "a"], [1, "a"])).toEqual([
      ["a", 1, "-1"],
      ["a", 3, "-4"],
    ]);
    expect(rows([0, "a"], [-300, "a"], [-1, "a"])).toEqual([
      ["a", 1, "-1"],
      ["a", 2, "-3"],
    ]);
  });

  it("begins another window of the same cell when 64 rows are full", () => {
    const groups = Array.from({ length: 64 }, (_, index) => [0, `p${index}`] as const);
    const all = rows(...groups, [0, "p3"], [-1, "new"], [299, "new"], [0, "p3"]);
    expect(all).toHaveLength(66);
    expect(all[3]).toEqual(["p3", 2, "-5"]);
    expect(all.slice(-2)).toEqual([
      ["new", 2, "-67"],
      ["p3", 1, "-68"],
    ]);
  });

  it("rounds a discount half up to tenths of a percent, and keeps it off the ends", () => {
    const discount = (charged: string, original: string) =>
      discountOf({ credits: credits(`-${charged}`), originalCredits: credits(`-${original}`) });
    expect(discount("80", "100")).toBe(200);
    expect(discount("1999", "2000")).toBe(1);
    expect(discount("87.45", "100")).toBe(126);
    expect(discount("87.450001", "100")).toBe(125);
    expect(discount("99.999999", "100")).toBe(1);
    expect(discount("0.000001", "100")).toBe(999);
    expect(discount("0", "100")).toBe(1000);
  });
});
