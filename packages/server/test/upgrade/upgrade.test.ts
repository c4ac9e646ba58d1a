import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../src/db/migrations.js";
import type { Database } from "../../src/db/port.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { sweepDue } from "../../src/jobs/sweep.js";
import { readAccount } from "../../src/queries/account.js";
import { verify } from "../../src/verify/verify.js";
import { credits, toGrant, toHold, toRefund, toSettle, toSpend } from "../commands.js";
import { ENGINES, openEmptyDatabase, openTestDatabase, runScript, type TestDatabase } from "../databases.js";
import { checkAlone } from "../properties/compare.js";
import { readAll } from "../properties/read-all.js";
import { ACCOUNTS, END, type Recorded, record, toPlain, toProject, writeHistory } from "./before-0003.js";

const APPLIED = ["0001_ledger", "0002_access"];

const read = (file: string) => readFile(new URL(file, import.meta.url), "utf8");

/** Restores a database as the version before the migration left it. */
async function restore(database: Database): Promise<void> {
  const schemas = await Promise.all(APPLIED.map((name) => read(`../../sql/${name}.sql`)));
  const sql = [
    "CREATE SCHEMA credits",
    "CREATE TABLE credits.migrations (id integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)",
    ...APPLIED.map(
      (name, at) => `INSERT INTO credits.migrations VALUES (${at + 1}, '${name}', '2020-01-01Z')`,
    ),
    ...schemas,
    await read("before-0003.sql"),
  ];
  await runScript(database, sql.join(";\n"));
}

/** Reads all records of all accounts from tables or views. */
async function readRecords(database: Database, names: readonly string[]): Promise<object[][]> {
  return Promise.all(
    names.map((name) => database.query<object>(`SELECT * FROM credits.${name} ORDER BY 1, 2`)),
  );
}

const pick = (record: object, names: readonly string[]) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name)));

/** Returns what was read without the titles of kinds, which the version before gave to expiries as descriptions. */
function withoutTitles(recorded: Recorded): Recorded {
  const text = JSON.stringify(recorded, (name, value) =>
    name === "description" && value === "Monthly credits granted" ? null : value,
  );
  return JSON.parse(text) as Recorded;
}

function withoutRemaining(recorded: Recorded): Recorded {
  const text = JSON.stringify(recorded, (name, value) => (name === "remaining" ? undefined : value));
  return JSON.parse(text) as Recorded;
}

describe.each(ENGINES)("a database from before the migration 0003 on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;
  let recorded: Recorded;
  let earlier: string;

  beforeAll(async () => {
    test = await openEmptyDatabase(name);
    await restore(test.database);
    recorded = JSON.parse(await read("before-0003.json")) as Recorded;
    earlier = recorded.acme?.asOf ?? "";
    engine = createEngine({ database: test.database, now: () => END });
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  const violations = async () => (await verify(test.database, {})).violations;

  it("is upgraded once, and keeps every record", async () => {
    const before = await readRecords(test.database, ["entries", "holds", "activity_rows", "grants"]);
    expect(before.map((records) => records.length)).toEqual([37, 6, 32, 12]);
    expect(await migrate(test.database)).toEqual([
      "0003_account_state",
      "0004_facts",
      "0005_reservations",
      "0008_windows",
    ]);
    expect(await migrate(test.database)).toEqual([]);
    const after = await readRecords(test.database, ["entries", "holds", "activity", "grants_now"]);
    const known = after.map((records, table) =>
      records.map((one, at) => pick(one, Object.keys(before[table]?.[at] ?? {}))),
    );
    expect(known).toEqual(before);
    const [entries = [], holds = []] = after;
    for (const entry of entries)
      expect(entry).toMatchObject({ version: 1, type: null, salt: null, digest: null });
    for (const hold of holds) expect(hold).toMatchObject({ member: null, metadata: null, salt: null });
  });

  it("verifies", async () => {
    expect(await violations()).toEqual([]);
    for (const account of ACCOUNTS) checkAlone(await readAll(test.database, account));
  });

  it("reads as the version before has read, also at a moment which that version gave", async () => {
    expect(await record(test.database, earlier)).toEqual(recorded);
  });

  it("reads as if this version had written it", async () => {
    const fresh = await openTestDatabase(name);
    const moment = await writeHistory(fresh.database);
    expect(moment).toBe(earlier);
    const read = await record(fresh.database, moment);
    const before = withoutTitles(recorded);
    // The open hold now keeps 4 credits of the bonus, which later spends then took.
    const remaining = { bonus: "4000000", purchase: "182500000" };
    expect(before).toMatchObject({ acme: { account: { remaining: { purchase: "186500000" } } } });
    expect(read).toMatchObject({ acme: { account: { remaining } } });
    expect(withoutRemaining(read)).toEqual(withoutRemaining(before));
    expect((await verify(fresh.database, {})).violations).toEqual([]);
    await fresh.drop();
  });

  it("lets a spend join a row of the window that was open", async () => {
    const source = { type: "model", id: null, label: "Opus, large" };
    await engine.submit(toSpend("acme", "new", "0.25", { source, ...toProject("site") }));
    const { rows, entries } = await readAll(test.database, "acme");
    expect(entries.at(-1)).toMatchObject({ seq: 23, position: 13 });
    expect(toPlain(rows[12])).toMatchObject({
      entries: 4,
      credits: "-5250000",
      lastSeq: 23,
      description: null,
    });
    expect(rows).toHaveLength(17);
  });

  it("settles the hold that was open, and finds those that were closed", async () => {
    const settle = (hold: string, key: string) => engine.submit(toSettle("acme", key, hold, "3"));
    const settled = await settle("hold-open", "settle-open");
    expect(settled).toMatchObject({ refusal: null, entry: { kind: "ai_usage", credits: credits("-3") } });
    const refused = await Promise.all(
      ["hold-h1", "hold-h2", "hold-h3"].map((hold) => settle(hold, `again-${hold}`)),
    );
    expect(refused.map((outcome) => outcome.refusal?.code)).toEqual(Array(3).fill("hold_closed"));
    expect(await readAccount(test.database, "acme", END)).toMatchObject({ held: 0n });
  });

  it("refunds an earlier entry, and no more than it took", async () => {
    const over = await engine.submit(toRefund("acme", "over", 5, { credits: credits("3.000001") }));
    expect(over.refusal?.code).toBe("refund_exceeds_entry");
    const rest = await engine.submit(toRefund("acme", "rest", 5));
    expect(rest).toMatchObject({ refusal: null, entry: { credits: credits("3"), refundOf: 5 } });
  });

  it("repeats the first responses of keys that were used before", async () => {
    const { entries } = await readAll(test.database, "acme");
    const spent = await engine.submit(toSpend("acme", "s1", "3"));
    expect(spent).toMatchObject({ refusal: null, repeated: true, entry: entries[3] });
    const granted = await engine.submit(toGrant("acme", "purchase", "200"));
    expect(granted).toMatchObject({ refusal: null, repeated: true, entry: entries[2] });
    const held = await engine.submit(toHold("acme", "h3", "7", { expiresIn: 60 }));
    expect(held).toMatchObject({ refusal: null, repeated: true, hold: { id: "hold-h3", status: "open" } });
  });

  it("repeats every command of the history", async () => {
    const count = async () =>
      (await test.database.query<{ count: bigint }>("SELECT count(*) FROM credits.entries"))[0]?.count;
    const before = await count();
    await writeHistory(test.database);
    expect(await count()).toBe(before);
    expect(await violations()).toEqual([]);
  });

  it("refuses a key that was used before with facts which that version did not have", async () => {
    const facts = [
      { member: { id: "m", label: null } },
      { task: { id: "t", label: null } },
      { price: "price-1" },
      { quantities: { tokens: "1" } },
      { estimated: false },
      { cost: credits("0") },
      { privateMetadata: { a: 1 } },
    ];
    for (const fact of facts) {
      const { refusal } = await engine.submit(toSpend("acme", "s1", "3", fact));
      expect(refusal?.code).toBe("key_conflict");
    }
  });

  it.each(["s2", "h1", "open", "release-h2", "settle-h1"])(
    "refuses %s as the key of another command",
    async (key) => {
      const outcome = await engine.submit(toSpend("acme", key, "0.5"));
      expect(outcome.refusal?.code).toBe("key_conflict");
    },
  );

  it("refuses to spend what is not effective yet, and draws on what is", async () => {
    const refused = await engine.submit(toSpend("pending", "too-much", "15.000001"));
    expect(refused.refusal?.code).toBe("insufficient_credits");
    const spent = await engine.submit(toSpend("pending", "all", "15"));
    expect(spent).toMatchObject({ refusal: null, entry: { draws: [{ grant: 3, credits: credits("15") }] } });
  });

  it("lets a grant pay the debt", async () => {
    await engine.submit(toGrant("debt", "pays", "30"));
    expect((await readAll(test.database, "debt")).account).toMatchObject({
      debt: 0n,
      balance: credits("6.5"),
    });
  });

  it("posts what came due while the account was not touched", async () => {
    expect(await sweepDue(test.database, engine, END)).toBe(1);
    const { entries, holds, account } = await readAll(test.database, "overdue");
    expect(entries.at(-1)).toMatchObject({ seq: 4, kind: "expiry", credits: credits("-39") });
    expect(holds).toMatchObject([{ status: "expired" }]);
    expect(account).toMatchObject({ balance: credits("6"), held: 0n });
  });

  it("still verifies, with entries of both versions in one chain", async () => {
    expect(await violations()).toEqual([]);
    for (const account of ACCOUNTS) checkAlone(await readAll(test.database, account));
    const { entries } = await readAll(test.database, "acme");
    expect(new Set(entries.map(({ version }) => version))).toEqual(new Set([1, 2]));
  });

  it.each([
    "description = 'other'",
    "project = 'other'",
    "metadata = '{\"a\": 1}'",
    "member = 'm'",
    "task = 't'",
    "price = 'price'",
    "quantities = '{}'",
    "estimated = true",
    "cost = 1",
    "private_metadata = '{}'",
    "salt = decode(repeat('00', 16), 'hex')",
  ])("names an entry of version 1 after SET %s", async (set) => {
    const saved =
      "CREATE TABLE public.saved AS SELECT * FROM credits.entries WHERE account = 'sealed' AND seq = 2";
    const alter = (...statements: readonly string[]) =>
      runScript(
        test.database,
        [
          "ALTER TABLE credits.entries DISABLE TRIGGER append_only",
          ...statements,
          "ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only",
        ].join(";\n"),
      );
    await alter(saved, `UPDATE credits.entries SET ${set} WHERE account = 'sealed' AND seq = 2`);
    const found = (await verify(test.database, { account: "sealed" })).violations;
    await alter(
      "DELETE FROM credits.entries WHERE account = 'sealed' AND seq = 2",
      "INSERT INTO credits.entries SELECT * FROM public.saved",
      "DROP TABLE public.saved",
    );
    expect(found).toContainEqual(expect.objectContaining({ account: "sealed", record: "entry 2" }));
    expect(await violations()).toEqual([]);
  });
});
