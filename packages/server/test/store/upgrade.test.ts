import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { credits } from "../../src/ledger/credits.js";
import { sweepDue } from "../../src/service/sweep.js";
import { readAccount } from "../../src/store/accounts.js";
import type { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrate.js";
import { verify } from "../../src/store/verify/verify.js";
import { createWriter, type Writer } from "../../src/writer/writer.js";
import { grantOf, spendOf } from "../commands.js";
import { ENGINES, openEmptyDatabase, openTestDatabase, type TestDatabase } from "../databases.js";
import { readAll } from "../properties/read-all.js";
import { type Answers, answersOf, END, holdOf, plain, writeHistory } from "./before-0003.js";

const APPLIED = ["0001_ledger", "0002_access"];

const read = (file: string) => readFile(new URL(file, import.meta.url), "utf8");

/** Makes a database as the version before the migration made and filled it. */
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
  await database.transaction((connection) => database.script(connection, sql.join(";\n")), "migration");
}

/** All lines of all accounts, from the tables or views that have them. */
async function allLines(database: Database, names: readonly string[]): Promise<object[][]> {
  return Promise.all(
    names.map((name) => database.query<object>(`SELECT * FROM credits.${name} ORDER BY 1, 2`)),
  );
}

describe.each(ENGINES)("a database from before the migration 0003 on %s", (engine) => {
  let test: TestDatabase;
  let writer: Writer;
  let answered: Answers;
  let earlier: string;

  beforeAll(async () => {
    test = await openEmptyDatabase(engine);
    await restore(test.database);
    answered = JSON.parse(await read("before-0003.json")) as Answers;
    earlier = answered.acme?.asOf ?? "";
    writer = createWriter({ database: test.database, now: () => END });
  });

  afterAll(async () => {
    await writer.close();
    await test.drop();
  });

  const violations = async () => (await verify(test.database, {})).violations;

  it("is upgraded once, and keeps every line", async () => {
    const before = await allLines(test.database, ["entries", "holds", "activity_rows", "grants"]);
    expect(before.map((lines) => lines.length)).toEqual([37, 6, 32, 12]);
    expect(await migrate(test.database)).toEqual(["0003_account_state"]);
    expect(await migrate(test.database)).toEqual([]);
    expect(await allLines(test.database, ["entries", "holds", "activity", "grants_now"])).toEqual(before);
  });

  it("has nothing to complain of", async () => {
    expect(await violations()).toEqual([]);
  });

  it("answers what the version before answered, also to a token that version gave", async () => {
    expect(await answersOf(test.database, earlier)).toEqual(answered);
  });

  it("answers what it would if this version had written it", async () => {
    const fresh = await openTestDatabase(engine);
    const token = await writeHistory(fresh.database);
    expect(token).toBe(earlier);
    expect(await answersOf(fresh.database, token)).toEqual(answered);
    await fresh.drop();
  });

  it("lets a spend join a row of the window that was open", async () => {
    const source = { type: "model", id: null, label: "Opus, large" };
    await writer.submit({ ...spendOf("acme", "new", "0.25"), source, project: "site" });
    const { rows, entries } = await readAll(test.database, "acme");
    expect(entries.at(-1)).toMatchObject({ seq: 23, position: 13 });
    expect(plain(rows[12])).toMatchObject({
      entries: 4,
      credits: "-5250000",
      lastSeq: 23,
      description: null,
    });
    expect(rows).toHaveLength(17);
  });

  it("settles the hold that was open, and knows those that were closed", async () => {
    const settle = { op: "settle", account: "acme", description: null, metadata: {} } as const;
    const amounts = { credits: credits("3"), originalCredits: null };
    const settled = await writer.submit({ ...settle, ...amounts, key: "settle-open", hold: "hold-open" });
    expect(settled).toMatchObject({ refusal: null, entry: { kind: "ai_usage", credits: credits("-3") } });
    const refused = await Promise.all(
      ["hold-h1", "hold-h2", "hold-h3"].map((hold) =>
        writer.submit({ ...settle, ...amounts, key: `again-${hold}`, hold }),
      ),
    );
    expect(refused.map((outcome) => outcome.refusal?.code)).toEqual(Array(3).fill("hold_closed"));
    expect(await readAccount(test.database, "acme", END)).toMatchObject({ held: 0n });
  });

  it("refunds an entry of before, and no more than it took", async () => {
    const refund = { op: "refund", account: "acme", entry: 5, source: null } as const;
    const said = { description: null, metadata: {} };
    const over = await writer.submit({ ...refund, ...said, key: "over", credits: credits("3.000001") });
    expect(over.refusal?.code).toBe("refund_exceeds_entry");
    const rest = await writer.submit({ ...refund, ...said, key: "rest", credits: null });
    expect(rest).toMatchObject({ refusal: null, entry: { credits: credits("3"), refundOf: 5 } });
  });

  it("repeats the first answers of keys that were used before", async () => {
    const { entries } = await readAll(test.database, "acme");
    const spent = await writer.submit(spendOf("acme", "s1", "3"));
    expect(spent).toMatchObject({ refusal: null, repeated: true, entry: entries[3] });
    const granted = await writer.submit(grantOf("acme", "purchase", "200"));
    expect(granted).toMatchObject({ refusal: null, repeated: true, entry: entries[2] });
    const held = await writer.submit(holdOf("acme", "h3", "7", 60));
    expect(held).toMatchObject({ refusal: null, repeated: true, hold: { hold: "hold-h3", status: "open" } });
  });

  it.each(["s2", "h1", "open", "release-h2", "settle-h1"])(
    "refuses %s as the key of another command",
    async (key) => {
      const outcome = await writer.submit(spendOf("acme", key, "0.5"));
      expect(outcome.refusal?.code).toBe("key_conflict");
    },
  );

  it("refuses to spend what is not effective yet, and draws on what is", async () => {
    const refused = await writer.submit(spendOf("pending", "too-much", "15.000001"));
    expect(refused.refusal?.code).toBe("insufficient_credits");
    const spent = await writer.submit(spendOf("pending", "all", "15"));
    expect(spent).toMatchObject({ refusal: null, entry: { draws: [{ grant: 3, credits: credits("15") }] } });
  });

  it("lets a grant pay the debt", async () => {
    await writer.submit(grantOf("debt", "pays", "30"));
    expect((await readAll(test.database, "debt")).account).toMatchObject({
      debt: 0n,
      balance: credits("6.5"),
    });
  });

  it("posts what had come due while nobody touched the account", async () => {
    expect(await sweepDue(test.database, writer, END)).toBe(1);
    const { entries, holds, account } = await readAll(test.database, "overdue");
    expect(entries.at(-1)).toMatchObject({ seq: 4, kind: "expiry", credits: credits("-39") });
    expect(holds).toMatchObject([{ status: "expired" }]);
    expect(account).toMatchObject({ balance: credits("6"), held: 0n });
  });

  it("still has nothing to complain of", async () => {
    expect(await violations()).toEqual([]);
  });
});
