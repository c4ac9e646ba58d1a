import { describe, expect, it } from "vitest";
import { micros } from "../../src/core/amount.js";
import type { ActivityRow } from "../../src/core/entry.js";
import { addSeconds, type Instant, parseInstant } from "../../src/core/instant.js";
import { credits, toGrant, toUsage } from "../commands.js";
import { decideAll, minutes } from "../core/rules.js";
import { type Command, NOT_ATTRIBUTED, NOT_DESCRIBED, NOT_MEASURED } from "./commands.js";
import { checkChain, checkInvariants, type Ledger } from "./invariants.js";
import { createModel } from "./model.js";
import { toRows, toVarious } from "./rows.js";

const START = parseInstant("2026-11-22T10:05:00Z");

const USAGE = {
  ...NOT_DESCRIBED,
  ...NOT_ATTRIBUTED,
  ...NOT_MEASURED,
  op: "usage",
  account: "a",
  kind: "ai_usage",
  occurredAt: null,
} as const;

/** A small ledger with a group, a discount, a debt that was paid, an expiry, a hold and a refund. */
function createExample(): Ledger {
  const model = createModel({ overdraftLimit: micros(0n) });
  const common = { ...NOT_DESCRIBED, account: "a", source: null } as const;
  const usage = (key: string, amount: string, original: string | null): Command => ({
    ...USAGE,
    key,
    credits: credits(amount),
    originalCredits: original === null ? null : credits(original),
  });
  const grant = (key: string, amount: string, expiresAt: Instant | null): Command => ({
    ...common,
    op: "grant",
    key,
    kind: "purchase",
    title: null,
    credits: credits(amount),
    priority: 100,
    effectiveAt: null,
    expiresAt,
    only: null,
  });
  const hold = { ...NOT_ATTRIBUTED, op: "hold", hold: "h", kind: "ai_usage", expiresIn: 600 } as const;
  const settle = { ...NOT_MEASURED, op: "settle", hold: "h", excess: null } as const;
  const commands: readonly (readonly [number, Command])[] = [
    [0, usage("k1", "3", null)],
    [1, usage("k2", "4", "5")],
    [2, usage("k3", "4", "5")],
    [3, grant("k4", "20", addSeconds(START, 60))],
    [4, { ...common, ...hold, key: "k5", credits: credits("2") }],
    [5, { ...common, op: "refund", key: "k6", entry: 2, credits: credits("1") }],
    [60, usage("k7", "1", null)],
    [61, grant("k8", "7", null)],
    [62, { ...common, ...settle, key: "k9", credits: credits("2") }],
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

/** Returns the example with one record changed. */
function withChange<P extends Part>(part: P, index: number, change: Partial<Ledger[P][number]>): Ledger {
  const whole = createExample();
  const records = whole[part] as readonly Ledger[P][number][];
  expect(records[index]).toBeDefined();
  return {
    ...whole,
    [part]: records.map((record, at) => (at === index ? { ...record, ...change } : record)),
  };
}

const one = micros(1n);

describe("checkInvariants", () => {
  it("accepts a ledger that adds up, whatever the order of its records", () => {
    const whole = createExample();
    expect(whole.entries).toHaveLength(9);
    checkInvariants(whole);
    checkInvariants({ ...whole, entries: whole.entries.toReversed(), rows: whole.rows.toReversed() });
  });

  const broken: readonly (readonly [string, () => Ledger, RegExp])[] = [
    ["a gap", () => withChange("entries", 8, { seq: 11 }), /2 \(gapless\)/],
    ["a balance that does not follow", () => withChange("entries", 2, { balance: one }), /3 \(balance\)/],
    ["an amount that does not follow", () => withChange("entries", 2, { credits: one }), /3 \(balance\)/],
    ["a draw too few", () => withChange("entries", 3, { draws: [] }), /4 \(grants\)/],
    ["a debt left out", () => withChange("entries", 1, { debt: micros(0n) }), /4 \(grants\)/],
    ["a grant with too much left", () => withChange("grants", 0, { remaining: one }), /4 \(grants\).*remain/],
    ["a grant without its entry", () => withChange("grants", 0, { seq: 3 }), /4 \(grants\)/],
    ["a refund of nothing", () => withChange("entries", 4, { refundOf: 99 }), /4 \(refunds\)/],
    ["a hold still counted", () => withChange("holds", 0, { status: "open" }), /4 \(holds\)/],
    ["a hold without its entry", () => withChange("holds", 0, { settledSeq: null }), /4 \(holds\)/],
    ["a key used twice", () => withChange("entries", 8, { key: "k1" }), /6 \(once\)/],
    ["a row's balance", () => withChange("rows", 1, { balance: one }), /5 \(rows\)/],
    ["a row's credits", () => withChange("rows", 1, { credits: one }), /5 \(rows\)/],
    ["a row's original credits", () => withChange("rows", 1, { originalCredits: one }), /original/],
    ["a row's discount", () => withChange("rows", 1, { discount: 199 }), /discount/],
    ["a row's count", () => withChange("rows", 1, { entries: 3 }), /entries/],
    ["a row's category", () => withChange("entries", 6, { type: "correction" }), /has category used/],
    ["a row's member", () => withChange("rows", 1, { member: { id: "m", label: null } }), /member/],
    ["a row's task", () => withChange("rows", 1, { task: { id: "t", label: null } }), /task/],
    ["a row's last seq", () => withChange("rows", 1, { lastSeq: 2 }), /last seq/],
    ["a row's end", () => withChange("rows", 1, { endedAt: START }), /end/],
    ["a row's place in its category", () => withChange("rows", 1, { categoryPosition: 1 }), /is 1 of used/],
    ["a row's place", () => withChange("rows", 1, { position: 7 }), /5 \(rows\)/],
    ["an entry in no row", () => withChange("entries", 2, { position: 99 }), /not there/],
    ["an entry in another row", () => withChange("entries", 2, { position: 1 }), /5 \(rows\)/],
  ];

  it.each(broken)("names %s", (_name, make, pattern) => {
    expect(() => checkInvariants(make())).toThrow(pattern);
  });

  it("names totals of the account that do not add up", () => {
    const whole = createExample();
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
    const model = createModel({ overdraftLimit: micros(0n) });
    const adjust = { ...NOT_DESCRIBED, op: "adjust", account: "a", kind: null, source: null } as const;
    model.apply({ ...USAGE, key: "k1", credits: one }, START);
    model.apply({ ...adjust, key: "k2", credits: micros(2n) }, START);
    const refund = { kind: "refund", refundOf: 1 } as const;
    const forged: Ledger = {
      ...createExample(),
      entries: model.entries().map((entry) => (entry.seq === 2 ? { ...entry, ...refund } : entry)),
      grants: model.grants().map((grant) => ({ ...grant, kind: "refund" })),
      account: model.account(),
    };
    expect(() => checkInvariants(forged)).toThrow(/4 \(refunds\).* 2 were returned of entry 1, which took 1/);
  });
});

describe("checkInvariants, of windows", () => {
  /** Makes usage of one micro-credit each, in the given rows: right in every sum, whatever the windows are. */
  function inRows(
    ...usages: readonly (readonly [position: number, second: number, project: string])[]
  ): Ledger {
    const model = createModel({ overdraftLimit: micros(0n) });
    usages.forEach(([, second, id], index) => {
      const occurredAt = addSeconds(START, second);
      const project = { id, label: null };
      model.apply({ ...USAGE, key: `k${index}`, credits: one, occurredAt, project }, START);
    });
    const entries = model.entries().map((entry, at) => ({ ...entry, position: usages[at]?.[0] ?? 0 }));
    const count = new Set(entries.map((entry) => entry.position)).size;
    const rows = Array.from({ length: count }, (_, at) => {
      const members = entries.filter((entry) => entry.position === at + 1);
      const until = entries.filter((entry) => entry.position <= at + 1);
      const [row] = toRows(members.slice(0, 1));
      const various = toVarious(members);
      return {
        ...(row as ActivityRow),
        project: various.length === 0 ? (members[0]?.facts.project ?? null) : null,
        various,
        position: at + 1,
        categoryPosition: at + 1,
        entries: members.length,
        lastSeq: members.at(-1)?.seq ?? 0,
        startedAt: Math.min(...members.map((entry) => entry.occurredAt)) as Instant,
        endedAt: Math.max(...members.map((entry) => entry.occurredAt)) as Instant,
        credits: micros(BigInt(-members.length)),
        balance: micros(BigInt(-until.length)),
      };
    });
    const account = { ...model.account(), rows: { all: count, added: 0, used: count, adjustments: 0 } };
    return { entries, rows, grants: [], holds: [], account };
  }

  const groups = (count: number) =>
    Array.from({ length: count }, (_, index) => [index + 1, 0, `p${index + 1}`] as const);

  it("accepts 64 rows, a row of two windows, and then a row of any groups and windows", () => {
    checkInvariants(inRows(...groups(64), [1, 299, "p1"], [1, -299, "p1"]));
    checkInvariants(inRows(...groups(64), [65, 0, "p65"], [65, -900, "p66"], [65, -900, "p1"]));
  });

  it.each([
    ["66 rows of one kind", inRows(...groups(66), [1, 0, "p1"]), /holds 66 rows/],
    [
      "a row of three windows",
      inRows([1, 0, "a"], [1, -600, "a"]),
      /row 1 mixes groups or windows, and 0 rows are beneath/,
    ],
    ["one group in two rows", inRows([1, 0, "a"], [2, 0, "a"], [1, 0, "a"]), /rows 1 and 2 are one group/],
    ["two groups in one row", inRows([1, 0, "a"], [1, 0, "b"]), /row 1 mixes groups/],
    ["a group in one row after the other", inRows([1, 0, "a"], [2, 0, "a"]), /2 rows are of 1 groups/],
  ])("names %s", (_name, whole, pattern) => {
    expect(() => checkInvariants(whole)).toThrow(pattern);
  });
});

describe("checkChain", () => {
  const commands = [
    toGrant("a", "g1", "20", { title: "Welcome", expiresAt: minutes(60), metadata: { b: 1, a: "x" } }),
    toUsage("a", "u1", "3", {
      description: "Chat",
      source: { type: "model", id: null, label: "Model One" },
      project: { id: "p", label: "Project" },
      member: { id: "m", label: "Member" },
      task: { id: "t", label: null },
      price: "price-1",
      quantities: { tokens: "12.5" },
      estimated: true,
      cost: credits("0.5"),
      privateMetadata: { margin: 0.25 },
    }),
  ];
  const create = () => {
    const { changes, state } = decideAll(commands);
    return { entries: changes.entries, grants: state.grants };
  };

  it("accepts what the rules have hashed", () => {
    const { entries, grants } = create();
    checkChain(entries, grants);
  });

  it.each([
    ["title", 0, { title: "Another" }],
    ["credits", 0, { credits: credits("21") }],
    ["description", 1, { facts: { description: "Other" } }],
    ["source", 1, { facts: { source: { type: "model", id: "m-1", label: "Model One" } } }],
    ["source's label", 1, { facts: { source: { type: "model", id: null, label: "Model Two" } } }],
    ["project", 1, { facts: { project: null } }],
    ["member", 1, { facts: { member: { id: "n", label: null } } }],
    ["task", 1, { facts: { task: null } }],
    ["price", 1, { facts: { price: null } }],
    ["quantities", 1, { facts: { quantities: { tokens: "12.6" } } }],
    ["estimate", 1, { facts: { estimated: null } }],
    ["cost", 1, { facts: { cost: null } }],
    ["metadata", 0, { facts: { metadata: { a: "x" } } }],
    ["private metadata", 1, { facts: { privateMetadata: null } }],
    ["salt", 1, { salt: "0".repeat(32) }],
  ])(
    "names an entry with another %s",
    (_name, at, { facts, ...change }: Record<string, object | bigint | string>) => {
      const { entries, grants } = create();
      const forged = entries.map((entry, index) =>
        index === at ? { ...entry, ...change, facts: { ...entry.facts, ...(facts as object) } } : entry,
      );
      expect(() => checkChain(forged, grants)).toThrow(
        `8 (hash chain) is broken: entry ${at + 1} has another`,
      );
    },
  );

  it.each([
    ["priority", { priority: 99 }],
    ["effective time", { effectiveAt: minutes(-1) }],
    ["expiry", { expiresAt: null }],
    ["amount", { credits: credits("19") }],
  ])("names the entry of a grant with another %s", (_name, change) => {
    const { entries, grants } = create();
    const forged = grants.map((grant) => ({ ...grant, ...change }));
    expect(() => checkChain(entries, forged)).toThrow("entry 1 has another hash");
  });

  it("leaves the labels of dimensions out", () => {
    const { entries, grants } = create();
    const unlabelled = entries.map((entry) => {
      const { project, member } = entry.facts;
      const without = {
        project: project && { ...project, label: null },
        member: member && { ...member, label: "x" },
      };
      return { ...entry, facts: { ...entry.facts, ...without } };
    });
    checkChain(unlabelled, grants);
  });
});
