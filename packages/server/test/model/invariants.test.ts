import { describe, expect, it } from "vitest";
import type { Command } from "../../src/ledger/command.js";
import { amount, credits } from "../../src/ledger/credits.js";
import type { ActivityRow } from "../../src/ledger/entry.js";
import { addSeconds, type Instant, parseInstant } from "../../src/ledger/instant.js";
import { checkInvariants, type Ledger } from "./invariants.js";
import { createModel } from "./model.js";
import { rowsOf } from "./rows.js";

const START = parseInstant("2026-11-22T10:05:00Z");

/** A small ledger with a group, a discount, a debt that was paid, an expiry, a hold and a refund. */
function ledger(): Ledger {
  const model = createModel({ overdraftLimit: amount(0n) });
  const texts = { description: null, metadata: {} };
  const cause = { kind: "ai_usage", source: null, project: null } as const;
  const usage = (key: string, text: string, original: string | null) =>
    ({
      op: "usage",
      account: "a",
      key,
      credits: credits(text),
      originalCredits: original === null ? null : credits(original),
      occurredAt: null,
      ...texts,
      ...cause,
    }) as const;
  const grant = (key: string, text: string, expiresAt: Instant | null) =>
    ({
      op: "grant",
      account: "a",
      key,
      kind: "purchase",
      title: null,
      credits: credits(text),
      source: null,
      priority: 100,
      effectiveAt: null,
      expiresAt,
      ...texts,
    }) as const;
  const hold = { op: "hold", account: "a", hold: "h", credits: credits("2"), expiresInSeconds: 600 } as const;
  const commands: readonly (readonly [number, Command])[] = [
    [0, usage("k1", "3", null)],
    [1, usage("k2", "4", "5")],
    [2, usage("k3", "4", "5")],
    [3, grant("k4", "20", addSeconds(START, 60))],
    [4, { ...hold, key: "k5", description: null, ...cause }],
    [5, { op: "refund", account: "a", key: "k6", entry: 2, source: null, credits: credits("1"), ...texts }],
    [60, usage("k7", "1", null)],
    [61, grant("k8", "7", null)],
    [
      62,
      {
        op: "settle",
        account: "a",
        key: "k9",
        hold: "h",
        credits: credits("2"),
        originalCredits: null,
        ...texts,
      },
    ],
  ];
  for (const [second, command] of commands) model.apply(command, addSeconds(START, second));
  return {
    entries: model.entries(),
    rows: model.rows(),
    grants: model.grants(),
    holds: model.holds(),
    account: model.account(),
  };
}

type Part = "entries" | "rows" | "grants" | "holds";

/** The ledger with some facts of one line changed. */
function withLine<P extends Part>(part: P, index: number, change: Partial<Ledger[P][number]>): Ledger {
  const whole = ledger();
  const lines = whole[part] as readonly Ledger[P][number][];
  expect(lines[index]).toBeDefined();
  return { ...whole, [part]: lines.map((line, at) => (at === index ? { ...line, ...change } : line)) };
}

const one = amount(1n);

describe("checkInvariants", () => {
  it("accepts a ledger that adds up, in whatever order its lines come", () => {
    const whole = ledger();
    expect(whole.entries).toHaveLength(9);
    checkInvariants(whole);
    checkInvariants({ ...whole, entries: whole.entries.toReversed(), rows: whole.rows.toReversed() });
  });

  const broken: readonly (readonly [string, () => Ledger, RegExp])[] = [
    ["a gap", () => withLine("entries", 8, { seq: 11 }), /2 \(gapless\)/],
    ["a balance that does not follow", () => withLine("entries", 2, { balance: one }), /3 \(balance\)/],
    ["an amount that does not follow", () => withLine("entries", 2, { credits: one }), /3 \(balance\)/],
    ["a draw too few", () => withLine("entries", 3, { draws: [] }), /4 \(grants\)/],
    ["a debt forgotten", () => withLine("entries", 1, { debt: amount(0n) }), /4 \(grants\)/],
    ["a grant with too much left", () => withLine("grants", 0, { remaining: one }), /4 \(grants\).*remain/],
    ["a grant without its entry", () => withLine("grants", 0, { seq: 3 }), /4 \(grants\)/],
    ["a refund of nothing", () => withLine("entries", 4, { refundOf: 99 }), /4 \(refunds\)/],
    ["a hold still counted", () => withLine("holds", 0, { status: "open" }), /4 \(holds\)/],
    ["a hold without its entry", () => withLine("holds", 0, { settledSeq: null }), /4 \(holds\)/],
    ["a key used twice", () => withLine("entries", 8, { key: "k1" }), /6 \(once\)/],
    ["a row's balance", () => withLine("rows", 1, { balance: one }), /5 \(rows\)/],
    ["a row's credits", () => withLine("rows", 1, { credits: one }), /5 \(rows\)/],
    ["a row's original credits", () => withLine("rows", 1, { originalCredits: one }), /original/],
    ["a row's discount", () => withLine("rows", 1, { discount: 199 }), /discount/],
    ["a row's count", () => withLine("rows", 1, { entries: 3 }), /entries/],
    ["a row's last seq", () => withLine("rows", 1, { lastSeq: 2 }), /last seq/],
    ["a row's end", () => withLine("rows", 1, { endedAt: START }), /end/],
    ["a row's place in its category", () => withLine("rows", 1, { categoryPosition: 1 }), /is 1 of used/],
    ["a row's place", () => withLine("rows", 1, { position: 7 }), /5 \(rows\)/],
    ["an entry in no row", () => withLine("entries", 2, { position: 99 }), /not there/],
    ["an entry in another row", () => withLine("entries", 2, { position: 1 }), /5 \(rows\)/],
  ];

  it.each(broken)("names %s", (_name, make, pattern) => {
    expect(() => checkInvariants(make())).toThrow(pattern);
  });

  it("names totals of the account that do not add up", () => {
    const whole = ledger();
    const { account } = whole;
    const wrong = [
      { ...account, balance: one },
      { ...account, held: one },
      { ...account, debt: one },
      { ...account, lastSeq: 8 },
      { ...account, rows: { ...account.rows, all: 1 } },
      { ...account, rows: { ...account.rows, used: 1 } },
    ];
    for (const each of wrong) {
      expect(() => checkInvariants({ ...whole, account: each })).toThrow(/is broken: the account/);
    }
  });

  it("names a refund of more than was taken", () => {
    const model = createModel({ overdraftLimit: amount(0n) });
    const common = { account: "a", description: null, metadata: {} };
    const facts = { kind: "ai_usage", source: null, project: null, occurredAt: null } as const;
    const taken = { ...common, ...facts, key: "k1", credits: one, originalCredits: null };
    model.apply({ ...taken, op: "usage" }, START);
    model.apply({ ...common, op: "adjust", source: null, key: "k2", credits: amount(2n) }, START);
    const refund = { kind: "refund", refundOf: 1 } as const;
    const forged: Ledger = {
      ...ledger(),
      entries: model.entries().map((entry) => (entry.seq === 2 ? { ...entry, ...refund } : entry)),
      grants: model.grants().map((grant) => ({ ...grant, kind: "refund" })),
      account: model.account(),
    };
    expect(() => checkInvariants(forged)).toThrow(/4 \(refunds\).* 2 were returned of entry 1, which took 1/);
  });
});

describe("checkInvariants, of windows", () => {
  /** Usage of one micro-credit each, in rows as told: right in every sum, whatever the windows are. */
  function inRows(
    ...usages: readonly (readonly [position: number, second: number, project: string])[]
  ): Ledger {
    const model = createModel({ overdraftLimit: amount(0n) });
    usages.forEach(([, second, project], index) => {
      const common = { account: "a", key: `k${index}`, description: null, metadata: {} };
      const facts = { kind: "ai_usage", source: null, originalCredits: null } as const;
      const occurredAt = addSeconds(START, second);
      const now = addSeconds(START, 10_000);
      model.apply({ ...common, ...facts, op: "usage", credits: one, occurredAt, project }, now);
    });
    const entries = model.entries().map((entry, at) => ({ ...entry, position: usages[at]?.[0] ?? 0 }));
    const count = new Set(entries.map((entry) => entry.position)).size;
    const rows = Array.from({ length: count }, (_, at) => {
      const members = entries.filter((entry) => entry.position === at + 1);
      const until = entries.filter((entry) => entry.position <= at + 1);
      const [row] = rowsOf(members);
      return {
        ...(row as ActivityRow),
        position: at + 1,
        categoryPosition: at + 1,
        entries: members.length,
        lastSeq: members.at(-1)?.seq ?? 0,
        startedAt: Math.min(...members.map((entry) => entry.occurredAt)) as Instant,
        endedAt: Math.max(...members.map((entry) => entry.occurredAt)) as Instant,
        credits: amount(BigInt(-members.length)),
        balance: amount(BigInt(-until.length)),
      };
    });
    const account = { ...model.account(), rows: { all: count, added: 0, used: count, adjustments: 0 } };
    return { entries, rows, grants: [], holds: [], account };
  }

  const groups = (count: number) =>
    Array.from({ length: count }, (_, index) => [index + 1, 0, `p${index + 1}`] as const);

  it("accepts 64 rows and a row of two windows", () => {
    checkInvariants(inRows(...groups(64), [1, 299, "p1"], [1, -299, "p1"]));
  });

  it.each([
    ["65 rows", inRows(...groups(65), [1, 0, "p1"]), /holds 65 rows/],
    ["a row of three windows", inRows([1, 0, "a"], [1, 600, "a"]), /row 1 spans 3 windows/],
    [
      "rows of a window that lie apart",
      inRows([1, 0, "a"], [2, 600, "b"], [1, 0, "a"]),
      /window of row 1 spans/,
    ],
    ["one group in two rows", inRows([1, 0, "a"], [2, 0, "a"], [1, 0, "a"]), /rows 1 and 2 are one group/],
    ["two groups in one row", inRows([1, 0, "a"], [1, 0, "b"]), /row 1 mixes groups|project/],
  ])("names %s", (_name, whole, pattern) => {
    expect(() => checkInvariants(whole)).toThrow(pattern);
  });
});
