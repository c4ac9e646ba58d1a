import { describe, expect, it } from "vitest";
import { credits, type Input, toGrant, toRefund, toSpend, toUsage } from "../commands.js";
import { decideAll, minutes, NOW, toCodes, toEmptyAccount } from "./rules.js";

type Terms = Partial<Input<"grant">>;

const granted = (key: string, terms: Terms) => toGrant("a", key, "10", terms);

const refund = (entry: number, amount: string | null) =>
  toRefund("a", `refund ${entry} ${amount}`, entry, { credits: amount === null ? null : credits(amount) });

const remaining = (result: ReturnType<typeof decideAll>) =>
  Object.fromEntries(result.state.grants.map((grant) => [grant.seq, grant.remaining]));

describe("grants are spent in the order of", () => {
  it.each<[string, Terms, Terms]>([
    ["priority, before all else", { priority: 1 }, { priority: 2, expiresAt: minutes(5) }],
    ["earlier expiry", { expiresAt: minutes(5) }, { expiresAt: minutes(6) }],
    ["expiry, none last", { expiresAt: minutes(9) }, { kind: "monthly_grant" }],
    ["granted before bought", { kind: "monthly_grant" }, { kind: "purchase" }],
    ["earlier effective", { effectiveAt: minutes(-2) }, { effectiveAt: minutes(-1) }],
  ])("%s", (_what, first, second) => {
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const { outcomes } = decideAll([
        ...order.map((terms, index) => granted(`g${index}`, terms)),
        toSpend("a", "s", "12"),
      ]);
      const [, , spent] = outcomes;
      const draws = spent?.refusal === null ? spent.entry?.draws : undefined;
      expect(draws?.map((draw) => draw.grant)).toEqual(order[0] === first ? [1, 2] : [2, 1]);
    }
  });

  it("earlier seq, where all else is equal", () => {
    const result = decideAll([granted("1", {}), granted("2", {}), toSpend("a", "s", "11")]);
    expect(remaining(result)).toEqual({ 1: 0n, 2: 9_000_000n });
  });
});

describe("a grant", () => {
  it("that is not effective yet counts in the balance and can't be spent", () => {
    const result = decideAll([granted("g", { effectiveAt: minutes(1) }), toSpend("a", "s", "1")]);
    expect(toCodes(result)).toEqual(["posted", "insufficient_credits"]);
    expect(result.state.balance).toBe(10_000_000n);
    expect(toCodes(decideAll([toSpend("a", "s", "1")], result.state, minutes(1)))).toEqual(["posted"]);
  });

  it("that has expired can't be spent, and what remains is taken out, dated at that instant", () => {
    const before = decideAll([granted("g", { expiresAt: minutes(1) }), toSpend("a", "s", "4")]);
    const after = decideAll([toSpend("a", "t", "1")], before.state, minutes(30));
    expect(toCodes(after)).toEqual(["insufficient_credits"]);
    expect(after.changes.entries).toMatchObject([
      { kind: "expiry", credits: -6_000_000n, occurredAt: minutes(1), recordedAt: minutes(30), balance: 0n },
    ]);
  });

  it("pays debt first", () => {
    const result = decideAll([toUsage("a", "u", "7"), granted("g", {}), toSpend("a", "s", "4")]);
    expect(toCodes(result)).toEqual(["posted", "posted", "insufficient_credits"]);
    expect(result.state).toMatchObject({ balance: 3_000_000n, debt: 0n });
    expect(remaining(result)).toEqual({ 2: 3_000_000n });
  });

  it("that was effective when it was granted is so for a server whose clock is behind", () => {
    const before = decideAll([granted("g", {})], toEmptyAccount(), minutes(0));
    const later = decideAll([toSpend("a", "s", "4")], before.state, minutes(-1));
    expect(toCodes(later)).toEqual(["posted"]);
    const refunded = decideAll([refund(2, null)], later.state, minutes(-2), later.changes.entries);
    expect(remaining(refunded)).toEqual({ 1: 10_000_000n });
  });

  it("that expires before it could be spent is refused", () => {
    const result = decideAll([
      granted("1", { expiresAt: NOW }),
      granted("2", { effectiveAt: minutes(5), expiresAt: minutes(5) }),
    ]);
    expect(toCodes(result)).toEqual(["already_expired", "already_expired"]);
  });
});

describe("a refund", () => {
  it("goes back to the grants it drew from, the latest draw first, in parts and never beyond", () => {
    const result = decideAll([
      granted("1", { priority: 1 }),
      granted("2", { priority: 2 }),
      toSpend("a", "s", "15"),
      refund(3, "6"),
      refund(3, "4"),
      refund(3, "5.000001"),
      refund(3, null),
      refund(3, "0.000001"),
    ]);
    expect(toCodes(result).slice(3)).toEqual([
      "posted",
      "posted",
      "refund_exceeds_entry",
      "posted",
      "refund_exceeds_entry",
    ]);
    expect(result.changes.entries.slice(3).map((entry) => entry.draws)).toEqual([
      [
        { grant: 2, credits: -5_000_000n },
        { grant: 1, credits: -1_000_000n },
      ],
      [{ grant: 1, credits: -4_000_000n }],
      [{ grant: 1, credits: -5_000_000n }],
    ]);
    expect(result.state.balance).toBe(20_000_000n);
  });

  it("opens a grant for what came from one that has expired since, or had gone into debt", () => {
    const before = decideAll([granted("1", { expiresAt: minutes(1) }), toUsage("a", "u", "14")]);
    const later = decideAll(
      [toGrant("a", "2", "4"), refund(2, null), toSpend("a", "s", "14")],
      before.state,
      minutes(2),
      before.changes.entries,
    );
    expect(toCodes(later)).toEqual(["posted", "posted", "posted"]);
    expect(later.state.grants.map(({ seq, kind, credits: amount }) => [seq, kind, amount])).toEqual([
      [1, "purchase", 10_000_000n],
      [4, "refund", 14_000_000n],
      [3, "purchase", 4_000_000n],
    ]);
    expect(later.changes.entries[1]).toMatchObject({
      kind: "refund",
      draws: [],
      debt: 0n,
      balance: 14_000_000n,
    });
  });

  it("is refused for what used nothing", () => {
    const result = decideAll([granted("1", {}), refund(1, null), refund(9, null)]);
    expect(toCodes(result)).toEqual(["posted", "not_refundable", "entry_not_found"]);
  });
});

describe("an overdraft limit", () => {
  it("lets spends go that far below zero and no further", () => {
    const result = decideAll(
      [toSpend("a", "1", "5"), toSpend("a", "2", "0.000001")],
      toEmptyAccount(credits("5")),
    );
    expect(toCodes(result)).toEqual(["posted", "insufficient_credits"]);
    expect(result.state).toMatchObject({ balance: -5_000_000n, debt: 5_000_000n });
  });
});
