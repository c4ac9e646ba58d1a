import {
  type ActivityPage,
  type Amount,
  eachAccount,
  eachEntry,
  eachGrant,
  eachHold,
  eachRowEntry,
  type HoldResult,
  type Ledger,
} from "@credit-activity/client";

/** A value that only a caller without types could give. */
const untyped = (value: unknown) => value as never;

/** Results of earlier steps that later steps need. */
type Memo = { hold: string; second: string; asOf: string; cursor: string };

/** A call of a ledger. */
export interface Step {
  readonly name: string;
  readonly run: (ledger: Ledger, memo: Memo) => Promise<unknown>;
  /** True if the client refuses it before it is sent, in its own words. */
  readonly isUnsendable?: boolean;
}

const A = "a/b c?d#e%2F😀";
const SOURCE = { type: "model", id: "m1", label: "Model" };
const EVENT = { account: A, kind: "ai_usage", credits: "0.5" } as const;

const step = (name: string, run: Step["run"]): Step => ({ name, run });
const unsendable = (name: string, run: Step["run"]): Step => ({ name, run, isUnsendable: true });

async function collect<Item>(items: AsyncIterable<Item>): Promise<{ items: Item[] }> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return { items: collected };
}

const accounts: readonly Step[] = [
  step("putAccount creates", (l) => l.putAccount(A)),
  step("putAccount changes", (l) =>
    l.putAccount(A, {
      name: "Acme",
      timeZone: "Asia/Tokyo",
      overdraftLimit: 2.5,
      metadata: { a: 1, b: true },
    }),
  ),
  step("putAccount with nulls", (l) =>
    l.putAccount(A, { name: null, timeZone: null, overdraftLimit: null, metadata: null }),
  ),
  step("putAccount with wrong settings", (l) =>
    l.putAccount(A, untyped({ timeZone: "Mars", overdraftLimit: "-1", balance: "1" })),
  ),
  step("putAccount with null", (l) => l.putAccount(A, untyped(null))),
  step("putAccount with a long id", (l) => l.putAccount("x".repeat(129))),
  step("getAccount", (l) => l.getAccount(A)),
  step("getAccount of nobody", (l) => l.getAccount("nobody")),
  unsendable("getAccount of an empty id", (l) => l.getAccount("")),
  unsendable("getAccount of ..", (l) => l.getAccount("..")),
  unsendable("getAccount of half a surrogate pair", (l) => l.getAccount("\ud800")),
  unsendable("getAccount of a number", (l) => l.getAccount(untyped(5))),
];

const grants: readonly Step[] = [
  step("grant", (l) => l.grant(A, { kind: "purchase", credits: 10 })),
  step("grant with all fields", (l) =>
    l.grant(
      A,
      {
        ...{ kind: "bonus", credits: "20.50", title: "Welcome", description: "For you", source: SOURCE },
        ...{ effectiveAt: new Date("2026-01-01"), expiresAt: "2199-01-01T05:30:00+05:30", priority: 7 },
        ...{ metadata: { a: "b" }, privateMetadata: { c: 0.5 } },
      },
      { key: "grant-1" },
    ),
  ),
  step("grant again", (l) =>
    l.grant(
      A,
      {
        ...{ kind: "bonus", credits: 20.5, title: "Welcome", description: "For you", source: SOURCE },
        ...{ effectiveAt: "2026-01-01T00:00:00Z", expiresAt: "2199-01-01T00:00:00Z", priority: 7 },
        ...{ metadata: { a: "b" }, privateMetadata: { c: 0.5 } },
      },
      { key: "grant-1" },
    ),
  ),
  step("grant another with its key", (l) => l.grant(A, { kind: "bonus", credits: 1 }, { key: "grant-1" })),
  step("grant a configured kind", (l) => l.grant(A, { kind: "gift", credits: 5 })),
  step("grant an unknown kind", (l) => l.grant(A, { kind: "nothing", credits: 5 })),
  step("grant a kind of another type", (l) => l.grant(A, { kind: "video", credits: 5 })),
  step("grant with another title", (l) => l.grant(A, { kind: "purchase", credits: 1, title: "x" })),
  step("grant nothing", (l) => l.grant(A, { kind: "purchase", credits: 0 })),
  step("grant too much", (l) => l.grant(A, { kind: "purchase", credits: "9223372036854.775807" })),
  step("grant what has expired", (l) =>
    l.grant(A, { kind: "purchase", credits: 1, expiresAt: new Date("2020-01-01") }),
  ),
  step("grant to nobody", (l) => l.grant("nobody", { kind: "purchase", credits: 1 })),
  step("grant with a wrong time", (l) =>
    l.grant(A, { kind: "purchase", credits: 1, effectiveAt: "2026-02-30T00:00:00Z", expiresAt: "soon" }),
  ),
];

const spending: readonly Step[] = [
  step("spend a number", (l) => l.spend(A, { credits: 0.75 })),
  step("spend with all fields", (l) =>
    l.spend(
      A,
      {
        ...{ kind: "build_usage", credits: "3", originalCredits: 4, description: "Build", source: SOURCE },
        ...{ project: { id: "p", label: "Project" }, member: "m", task: { id: "t", label: "Task" } },
        ...{ price: "v1", quantities: { steps: 12, "GB hours": "0.50" }, estimated: true, cost: 0.125 },
        ...{ metadata: { a: 1 }, privateMetadata: { b: "c" } },
      },
      { key: "spend-1" },
    ),
  ),
  step("spend again", (l) =>
    l.spend(
      A,
      {
        ...{ kind: "build_usage", credits: 3, originalCredits: "4.0", description: "Build", source: SOURCE },
        ...{ project: { id: "p", label: "Project" }, member: "m", task: { id: "t", label: "Task" } },
        ...{ price: "v1", quantities: { steps: "12", "GB hours": 0.5 }, estimated: true, cost: "0.125" },
        ...{ metadata: { a: 1 }, privateMetadata: { b: "c" } },
      },
      { key: "spend-1" },
    ),
  ),
  step("spend with nulls", (l) =>
    l.spend(A, {
      ...{ kind: null, credits: 1, originalCredits: null, description: null, source: null, project: null },
      ...{ member: null, task: null, price: null, quantities: null, estimated: null, cost: null },
      ...{ metadata: null, privateMetadata: null },
    }),
  ),
  step("spend another with its key", (l) => l.spend(A, { credits: 3 }, { key: "spend-1" })),
  step("spend a configured kind", (l) => l.spend(A, { kind: "video", credits: 1 })),
  step("spend a kind that is reserved", (l) => l.spend(A, { kind: "refund", credits: 1 })),
  step("spend an inexact number", (l) => l.spend(A, { credits: 0.1 + 0.2 })),
  step("spend what is not an amount", (l) => l.spend(A, { credits: "1e3" as Amount })),
  step("spend too many decimals", (l) => l.spend(A, { credits: "0.0000001" })),
  unsendable("spend NaN", (l) => l.spend(A, { credits: Number.NaN })),
  unsendable("spend a bigint", (l) => l.spend(A, { credits: untyped(5n) })),
  step("spend more than there is", (l) => l.spend(A, { credits: 1000 })),
  step("spend a negative amount", (l) => l.spend(A, { credits: -1 })),
  step("spend nothing at all", (l) => l.spend(A, untyped({}))),
  step("spend with unknown fields", (l) => l.spend(A, untyped({ credits: 1, a: 1, original_credits: 2 }))),
  step("spend with wrong fields", (l) =>
    l.spend(A, {
      ...{
        credits: 1,
        description: untyped(5),
        project: untyped({ label: "a" }),
        quantities: untyped({ a: "x" }),
      },
      ...{
        metadata: untyped({ a: [] }),
        source: untyped({ type: "", label: "b" }),
        estimated: untyped("yes"),
      },
    }),
  ),
  unsendable("spend with an unknown option", (l) => l.spend(A, { credits: 1 }, untyped({ kye: "k" }))),
  unsendable("spend with an empty key", (l) => l.spend(A, { credits: 1 }, { key: "" })),
  unsendable("spend with a long key", (l) => l.spend(A, { credits: 1 }, { key: "x".repeat(256) })),
];

const usage: readonly Step[] = [
  step("usage", (l) =>
    l.usage([
      { ...EVENT, id: "u1", occurredAt: new Date("2026-11-22T09:59:00.250Z") },
      { ...EVENT, id: "u2", occurredAt: "2026-11-22T18:59:30.123456+09:00", project: "p" },
      { ...EVENT, id: "u1", occurredAt: "2026-11-22T09:59:00.25Z" },
      { ...EVENT, id: "u1" },
      { ...EVENT, id: "u3", account: "nobody" },
      { ...EVENT, id: "u4", kind: "nothing" },
      { ...EVENT, id: "u5", credits: 0.1 + 0.2 },
      { ...EVENT, id: "u6", occurredAt: "2150-01-01T00:00:00Z" },
      { ...EVENT, id: "u7", credits: -1 },
      untyped({ ...EVENT, id: "u8", surprise: 1 }),
      untyped(null),
      untyped("u9"),
      untyped({ id: 5 }),
      { ...EVENT, id: "" },
      { ...EVENT, id: "u10", kind: "video", credits: 100, task: { id: "t", label: "Renamed" } },
    ]),
  ),
  step("usage without events", (l) => l.usage([])),
  step("usage that is not an array", (l) => l.usage(untyped({}))),
  step("usage of too many events", (l) => l.usage(Array(10_001).fill({ ...EVENT, id: "u" }))),
  unsendable("usage with a key", (l) => l.usage([{ ...EVENT, id: "u" }], untyped({ key: "k" }))),
  step("grant what pays the debt", (l) => l.grant(A, { kind: "manual_grant", credits: 100 })),
];

const holds: readonly Step[] = [
  step("hold", async (l, memo) => {
    const result: HoldResult = await l.hold(
      A,
      {
        ...{
          kind: "build_usage",
          credits: 5,
          expiresIn: 60,
          description: "Site",
          source: SOURCE,
          project: "p",
        },
        ...{ metadata: { a: 1 }, privateMetadata: { b: 2 } },
      },
      { key: "hold-1" },
    );
    memo.hold = result.hold.id;
    return result;
  }),
  step("hold again", (l) =>
    l.hold(
      A,
      {
        ...{
          kind: "build_usage",
          credits: 5,
          expiresIn: 60,
          description: "Site",
          source: SOURCE,
          project: "p",
        },
        ...{ metadata: { a: 1 }, privateMetadata: { b: 2 } },
      },
      { key: "hold-1" },
    ),
  ),
  step("hold with little", async (l, memo) => {
    const result = await l.hold(A, { credits: 2 });
    memo.second = result.hold.id;
    return result;
  }),
  step("hold more than there is", (l) => l.hold(A, { credits: 1000 })),
  step("hold for too long", (l) => l.hold(A, { credits: 1, expiresIn: 1e9 })),
  step("getAccount with holds", (l) => l.getAccount(A)),
  step("settle too much", (l, { hold }) => l.settle(A, hold, { credits: 1000 })),
  step("settle", (l, { hold }) =>
    l.settle(
      A,
      hold,
      { credits: 4, originalCredits: 5, quantities: { steps: 3 }, cost: 1 },
      { key: "settle-1" },
    ),
  ),
  step("settle again", (l, { hold }) =>
    l.settle(
      A,
      hold,
      { credits: 4, originalCredits: 5, quantities: { steps: 3 }, cost: 1 },
      { key: "settle-1" },
    ),
  ),
  step("settle what is settled", (l, { hold }) => l.settle(A, hold, { credits: 1 })),
  step("settle a hold that does not exist", (l) => l.settle(A, "hold_x", { credits: 1 })),
  unsendable("settle an empty id", (l) => l.settle(A, "", { credits: 1 })),
  step("release", (l, { second }) => l.release(A, second, { key: "release-1" })),
  step("release again", (l, { second }) => l.release(A, second, { key: "release-1" })),
  step("release what is released", (l, { second }) => l.release(A, second)),
  step("release a hold that does not exist", (l) => l.release(A, "hold_x")),
  unsendable("release with an unknown option", (l) => l.release(A, "hold_x", untyped({ kye: 1 }))),
];

const corrections: readonly Step[] = [
  step("refund a part", (l) => l.refund(A, { entry: 5, credits: "0.5" }, { key: "refund-1" })),
  step("refund a part again", (l) => l.refund(A, { entry: 5, credits: 0.5 }, { key: "refund-1" })),
  step("refund the rest", (l) => l.refund(A, { entry: 5, description: "Failed", privateMetadata: { a: 1 } })),
  step("refund too much", (l) => l.refund(A, { entry: 5, credits: 1 })),
  step("refund a grant", (l) => l.refund(A, { entry: 1 })),
  step("refund what does not exist", (l) => l.refund(A, { entry: 999 })),
  step("refund without an entry", (l) => l.refund(A, untyped({ credits: 1 }))),
  step("adjust up", (l) => l.adjust(A, { credits: 1.5, description: "Counted twice", source: SOURCE })),
  step("adjust down", (l) => l.adjust(A, { credits: "-0.000001", description: "Rounded" })),
  step("adjust with a configured kind", (l) =>
    l.adjust(A, { kind: "goodwill", credits: 1, description: "Sorry" }),
  ),
  step("adjust nothing", (l) => l.adjust(A, { credits: 0, description: "x" })),
  step("adjust without a description", (l) => l.adjust(A, untyped({ credits: 1 }))),
  step("writeOff", (l) => l.writeOff(A, { credits: 1, description: "Closed", metadata: { a: 1 } })),
  step("writeOff too much", (l) => l.writeOff(A, { credits: 1000, description: "Closed" })),
];

const reads: readonly Step[] = [
  step("activity", async (l, memo) => {
    const page: ActivityPage = await l.activity(A, { perPage: 3 });
    memo.asOf = page.asOf;
    return page;
  }),
  step("activity of the next page", (l, { asOf }) => l.activity(A, { perPage: 3, page: 2, asOf })),
  step("activity of one filter", (l) => l.activity(A, { filter: "adjustments" })),
  step("activity without a query", (l) => l.activity(A)),
  step("activity with nulls", (l) =>
    l.activity(A, untyped({ filter: null, page: null, perPage: null, asOf: null })),
  ),
  step("activity with an unknown parameter", (l) => l.activity(A, untyped({ per_page: 3 }))),
  step("activity with wrong parameters", (l) =>
    l.activity(A, { filter: untyped("x"), page: 0, perPage: 101.5, asOf: "x".repeat(201) }),
  ),
  step("activity with a number that is a string", (l) => l.activity(A, { page: untyped("x") })),
  step("activity with an infinite page", (l) => l.activity(A, { page: Number.POSITIVE_INFINITY })),
  step("activity with a forged asOf", (l) => l.activity(A, { asOf: "forged" })),
  step("activity of nobody", (l) => l.activity("nobody")),
  step("activityEntries", (l) => l.activityEntries(A, 1)),
  step("activityEntries of a group", (l) => collect(eachRowEntry(l, A, 4, { limit: 1 }))),
  step("activityEntries of a row that does not exist", (l) => l.activityEntries(A, 999)),
  step("activityEntries of no position", (l) => l.activityEntries(A, 0)),
  step("activityEntries of half a position", (l) => l.activityEntries(A, 1.5)),
  step("activityEntries with an order", (l) => l.activityEntries(A, 1, untyped({ order: "asc" }))),
  step("entries", async (l, memo) => {
    const list = await l.entries(A, { limit: 3 });
    memo.cursor = list.nextCursor as string;
    return list;
  }),
  step("entries of the next part", (l, { cursor }) => l.entries(A, { limit: 3, cursor })),
  step("entries in ascending order", (l) => collect(eachEntry(l, A, { order: "asc", limit: 7 }))),
  step("entries with wrong parameters", (l) =>
    l.entries(A, { limit: 1001, order: untyped("up"), cursor: "x".repeat(201) }),
  ),
  step("entries with a forged cursor", (l) => l.entries(A, { cursor: "forged" })),
  unsendable("entries with a key", (l) => l.entries(A, {}, untyped({ key: "k" }))),
  step("grants", (l) => collect(eachGrant(l, A, { limit: 2 }))),
  step("grants of nobody", (l) => l.grants("nobody")),
  step("grants with an order", (l) => l.grants(A, untyped({ order: "asc" }))),
  step("accounts", (l) => collect(eachAccount(l, { limit: 1 }))),
  step("accounts with a prefix", (l) => l.accounts({ prefix: A.slice(0, 4), limit: 1 })),
  step("accounts with wrong parameters", (l) =>
    l.accounts({ prefix: "x".repeat(129), limit: 0, cursor: "x" }),
  ),
  step("getEntry", (l) => l.getEntry(A, 4)),
  step("getEntry that does not exist", (l) => l.getEntry(A, 999)),
  step("getEntry of nobody", (l) => l.getEntry("nobody", 1)),
  step("getEntry of no seq", (l) => l.getEntry(A, 0)),
  step("entries of a key", (l) => l.entries(A, { key: "spend-1" })),
  step("entries of an unknown key", (l) => l.entries(A, { key: "nothing" })),
  step("entries of a key and a kind", (l) => l.entries(A, { key: "spend-1", kind: "build_usage" })),
  step("entries of a kind and task", (l) => l.entries(A, { kind: "build_usage", task: "t", source: "m1" })),
  step("entries of a span", (l) =>
    l.entries(A, { from: new Date("2026-11-22T10:00:00Z"), to: "2026-11-22T10:00:00.000001Z", project: "p" }),
  ),
  step("entries of a span that ends before it begins", (l) =>
    l.entries(A, { from: "2026-11-22T10:00:00Z", to: "2026-11-22T09:59:59Z" }),
  ),
  unsendable("entries from an invalid Date", (l) => l.entries(A, { from: new Date(Number.NaN) })),
  step("entries of the cursor of another list", (l, { cursor }) =>
    l.entries(A, { kind: "ai_usage", cursor }),
  ),
  // Holds of one instant are in the order of their ids, which are random.
  step("holds", async (l) => {
    const { items } = await collect(eachHold(l, A, { limit: 1 }));
    return { items: items.sort((a, b) => Number(a.credits) - Number(b.credits)) };
  }),
  step("holds of a status", (l) => l.holds(A, { status: "released" })),
  step("holds of no status", (l) => l.holds(A, { status: untyped("closed") })),
  step("holds of nobody", (l) => l.holds("nobody")),
  step("getHold", (l, { second }) => l.getHold(A, second)),
  step("getHold that does not exist", (l) => l.getHold(A, "hold_x")),
  unsendable("getHold of an empty id", (l) => l.getHold(A, "")),
  step("balance", (l) => l.balance(A)),
  step("balance at a time", (l) => l.balance(A, { at: new Date("2026-11-22T09:00:00Z") })),
  step("balance after an entry", (l) => l.balance(A, { seq: 2 })),
  step("balance after an entry that does not exist", (l) => l.balance(A, { seq: 999 })),
  step("balance at a time and after an entry", (l) => l.balance(A, { seq: 1, at: "2026-11-22T09:00:00Z" })),
  step("balance of nobody", (l) => l.balance("nobody")),
  ...(["day", "kind", "source", "project", "member"] as const).map((by) =>
    step(`totals by ${by}`, (l) => l.totals(A, { by })),
  ),
  step("totals by day of a span in a time zone", (l) =>
    l.totals(A, { by: "day", from: "2026-11-22T00:00:00Z", timeZone: "Asia/Tokyo" }),
  ),
  step("totals by nothing", (l) => l.totals(A, untyped({}))),
  step("totals by kind in a time zone", (l) => l.totals(A, { by: "kind", timeZone: "Asia/Tokyo" })),
  step("totals in no time zone", (l) => l.totals(A, { by: "day", timeZone: "Mars" })),
  step("totals of nobody", (l) => l.totals("nobody", { by: "kind" })),
  step("createToken", (l) => l.createToken(A)),
  step("createToken for a minute", (l) => l.createToken(A, { expiresIn: 60 })),
  step("createToken for too long", (l) => l.createToken(A, { expiresIn: 86_401 })),
  step("createToken with an unknown field", (l) => l.createToken(A, untyped({ expires_in: 60 }))),
  step("createToken of nobody", (l) => l.createToken("nobody")),
  step("getAccount at the end", (l) => l.getAccount(A)),
];

const endings: readonly Step[] = [
  step("putAccount to close", (l) => l.putAccount("closing")),
  step("grant for some kinds", (l) =>
    l.grant("closing", { kind: "bonus", credits: 10, only: ["ai_usage"], expiresAt: "2198-01-01T00:00:00Z" }),
  ),
  step("grant for a kind that is none", (l) =>
    l.grant("closing", { kind: "bonus", credits: 1, only: ["bonus"] }),
  ),
  step("hold to extend", async (l, memo) => {
    const result = await l.hold("closing", { credits: 4 }, { key: "hold-2" });
    memo.second = result.hold.id;
    return result;
  }),
  step("extend", (l, { second }) => l.extend("closing", second, { expiresIn: 60 }, { key: "extend-1" })),
  step("extend again", (l, { second }) =>
    l.extend("closing", second, { expiresIn: 60 }, { key: "extend-1" }),
  ),
  step("extend a hold that does not exist", (l) => l.extend("closing", "hold_x")),
  step("extendGrant", (l) => l.extendGrant("closing", { grant: 1, expiresAt: null }, { key: "extend-2" })),
  step("extendGrant that never expires", (l) => l.extendGrant("closing", { grant: 1, expiresAt: null })),
  step("voidGrant", (l) => l.voidGrant("closing", { grant: 1, description: "Charged back" })),
  step("voidGrant again", (l) => l.voidGrant("closing", { grant: 1, description: "Charged back" })),
  step("voidGrant of none", (l) => l.voidGrant("closing", { grant: 9, description: "Charged back" })),
  step("anonymizeAccount that is open", (l) => l.anonymizeAccount("closing")),
  step("closeAccount", (l) => l.closeAccount("closing", { description: "Left" })),
  step("spend on a closed account", (l) => l.spend("closing", { credits: 1 })),
  step("putAccount of a closed account", (l) => l.putAccount("closing", { name: "Open" })),
  step("anonymizeAccount", (l) => l.anonymizeAccount("closing", { key: "anonymize-1" })),
  step("getAccount that is closed", (l) => l.getAccount("closing")),
];

/** Calls of every method of a ledger, with all results and errors that they can have. */
export const SCRIPT: readonly Step[] = [
  ...accounts,
  ...grants,
  ...spending,
  ...usage,
  ...holds,
  ...corrections,
  ...reads,
  ...endings,
];
