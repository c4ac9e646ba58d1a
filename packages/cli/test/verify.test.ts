import { createLedger } from "@credit-activity/server";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createHostileDatabase } from "../../../tools/hostile-database.js";
import type { Database } from "../../../tools/postgres.js";
import { type Directory, makeDirectory, run } from "./command.js";

let seeded: Database;
let directory: Directory;

/** Facts of usage, each in its own column. */
const FACTS = {
  member: "m",
  task: "t",
  price: "p",
  quantities: { tokens: 5 },
  estimated: true,
  cost: 0.5,
  privateMetadata: { a: 1 },
};

/** Writes a history with grants, groups of usage, a discount, holds, a refund and corrections, on two accounts. */
async function seed(url: string): Promise<void> {
  const ledger = await createLedger({ database: { url } });
  for (const account of ["acme", "other"]) {
    await ledger.putAccount(account);
    await ledger.grant(account, { kind: "purchase", credits: "100" });
    for (const project of ["a", "b", "a"]) {
      await ledger.spend(account, {
        ...FACTS,
        credits: "8",
        originalCredits: "10",
        project,
        description: "d",
      });
    }
    await ledger.refund(account, { entry: 2, credits: "3" });
    await ledger.hold(account, { credits: "5" });
    await ledger.adjust(account, { credits: "-1", description: "x" });
    await ledger.spend(account, { credits: "2" });
  }
  await ledger.close();
}

beforeAll(async () => {
  directory = await makeDirectory();
  seeded = await createHostileDatabase("verify");
  await seed(seeded.url);
});
afterAll(async () => {
  await seeded.drop();
  await directory.remove();
});

const superuser = async (url: string, sql: string) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

/** Copies the seeded database, and changes something there without the ledger. */
async function tamper(sql: string, after = ""): Promise<Database> {
  const name = `tampered_${Math.random().toString(36).slice(2)}`;
  const url = new URL(seeded.url);
  const template = url.pathname.slice(1);
  await superuser(inject("databaseUrl"), `CREATE DATABASE ${name} TEMPLATE ${template}`);
  url.pathname = `/${name}`;
  await superuser(
    url.href,
    `ALTER TABLE credits.entries DISABLE TRIGGER append_only; ${sql};
      ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only; ${after}`,
  );
  const drop = () => superuser(inject("databaseUrl"), `DROP DATABASE ${name} WITH (FORCE)`);
  return { url: url.href, drop };
}

const BALANCES = "each balance is the one before plus the credits";
const ACCOUNTS = "each account stands where its last entry left it";
const SEQS = "entries are seq 1, 2, 3, ... without gaps";
const HASHES = "each entry's hash covers it and all entries before it";
const DRAWS = "the draws of each entry and its debt are its amount";
const GRANTS = "each grant is as its entry opened it, and what remains is its amount less its draws";
const DUE = "each account has what comes due next, and what remains by kind";
const SUMS = "what remains of the grants less the debt is the balance";
const HOLDS = "what is held is the sum of the open holds";
const HOLD_COUNTS = "every hold that was opened is there";
const HOLD_HASHES = "each hold is as it was hashed";
const RECORD_HASHES = "overdraft limits, secret keys and the terms of old grants are as they were hashed";
const DRAWN = "the grant that an account draws on is found by its own row";
const WINDOWS = "each open window can be read, and is of the five minutes of its last entry";
const REFUNDS = "no entry is refunded beyond what it took";
const ROW_CHAIN = "each row's balance is that of the row beneath it plus its credits";
const ROW_SUMS = "each row is the sum of its entries, and every entry is in one row";
const ROW_COUNTS = "rows are numbered 1, 2, 3, ... in each category, and counted on the account";
const STRAYS = "every record belongs to an account that exists";

const entry = (set: string, seq = 3) =>
  `UPDATE credits.entries SET ${set} WHERE account = 'acme' AND seq = ${seq}`;
const row = (set: string, position = 3) =>
  `UPDATE credits.activity_rows SET ${set} WHERE account = 'acme' AND position = ${position}`;
const account = (set: string) => `UPDATE credits.accounts SET ${set} WHERE account = 'acme'`;

const openWindow = (path: string, value: string) =>
  account(`open_window = jsonb_set(open_window::jsonb, '${path}', '${value}')::text`);

describe("verify", () => {
  it("passes a correct database, and prints how much it checked", async () => {
    const all = await run(["verify"], { DATABASE_URL: seeded.url });
    expect(all).toMatchObject({ code: 0, stderr: "" });
    expect(all.stdout).toMatch(/Checked 2 accounts, 14 entries, 2 grants, 12 activity rows in \d/);
    for (const check of [BALANCES, SEQS, HASHES, GRANTS, ROW_CHAIN])
      expect(all.stdout).toContain(`ok    ${check}`);
    const one = await run(["verify", "--account", "acme", "--database-url", seeded.url]);
    expect(one.code).toBe(0);
    expect(one.stdout).toMatch(/Checked 1 account, 7 entries/);
    const none = await run(["verify", "--account", "nobody", "--database-url", seeded.url]);
    expect(none.code).toBe(1);
    expect(none.stdout).toMatch(/The account "nobody" does not exist, so nothing was checked/);
  });

  it("checks an empty embedded database, and refuses a directory without one", async () => {
    const missing = await run(["verify"], { DATA_DIR: `${directory.path}/mistyped` });
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toMatch(/There is no embedded database in ".*mistyped"/);
    await run(["migrate"], { DATA_DIR: directory.path });
    const result = await run(["verify"], { DATA_DIR: directory.path });
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/Checked 0 accounts, 0 entries/);
  });
});

describe("after tampering, verify finds the record", () => {
  it.concurrent.each<[name: string, sql: string, check: string, record: string]>([
    ["an entry's credits", entry("credits = credits + 1"), BALANCES, "entry 3"],
    ["an entry's balance", entry("balance = balance - 1"), BALANCES, "entry 3"],
    ["an entry's description", entry("description = 'forged'"), HASHES, "entry 3"],
    ["an entry's project", entry("project = 'forged'"), HASHES, "entry 3"],
    ["an entry's metadata", entry(`metadata = '{"a": 1}'`), HASHES, "entry 3"],
    ["an entry's type", entry("type = 'grant'"), HASHES, "entry 3"],
    ["an entry's member", entry("member = 'forged'"), HASHES, "entry 3"],
    ["an entry's task", entry("task = 'forged'"), HASHES, "entry 3"],
    ["an entry's price", entry("price = 'forged'"), HASHES, "entry 3"],
    ["an entry's quantities", entry(`quantities = '{"tokens": "6"}'`), HASHES, "entry 3"],
    ["an estimate", entry("estimated = false"), HASHES, "entry 3"],
    ["an entry's cost", entry("cost = 1"), HASHES, "entry 3"],
    ["an entry's private metadata", entry("private_metadata = NULL"), HASHES, "entry 3"],
    ["an entry's salt", entry("salt = decode(repeat('ab', 16), 'hex')"), HASHES, "entry 3"],
    [
      "an entry's description without its salt",
      entry("description = 'forged', salt = NULL"),
      HASHES,
      "entry 3",
    ],
    ["an entry's digest", entry("digest = NULL"), HASHES, "entry 3"],
    ["an entry's time", entry("occurred_at = occurred_at + interval '1 microsecond'"), HASHES, "entry 3"],
    ["an entry's key", entry("key = 'forged'"), HASHES, "entry 3"],
    ["an entry's original amount", entry("original_credits = NULL"), HASHES, "entry 3"],
    ["an entry's hash", entry("hash = decode(repeat('ab', 32), 'hex')"), HASHES, "entry 3"],
    ["the last entry's hash", entry("hash = decode(repeat('ab', 32), 'hex')", 7), ACCOUNTS, "account"],
    ["an entry's draws", entry("draw_credits = ARRAY[1::bigint]"), DRAWS, "entry 3"],
    ["an entry's debt", entry("debt = 1"), DRAWS, "entry 3"],
    ["which entry was refunded", entry("refund_of = 6", 5), REFUNDS, "entry 6"],
    ["an entry's row", entry("position = 2"), ROW_SUMS, "row 2"],
    [
      "an entry that is gone",
      "DELETE FROM credits.entries WHERE account = 'acme' AND seq = 3",
      SEQS,
      "entry 4",
    ],
    [
      "the last entry gone",
      "DELETE FROM credits.entries WHERE account = 'acme' AND seq = 7",
      ACCOUNTS,
      "account",
    ],
    [
      "a grant's remaining",
      `${account("drawn_grant = NULL, drawn_remaining = NULL")}; UPDATE credits.grants SET remaining = 1 WHERE account = 'acme'`,
      GRANTS,
      "grant 1",
    ],
    [
      "what remains of the grant that is drawn on",
      account("drawn_remaining = drawn_remaining - 1"),
      GRANTS,
      "grant 1",
    ],
    ["what remains by kind", account("remaining = '{}'"), DUE, "account"],
    ["what is pending", account("pending = 1"), DUE, "account"],
    ["that there were holds", account("has_held = false"), HOLD_COUNTS, "account"],
    ["the number of holds", account("holds = 0"), HOLD_COUNTS, "account"],
    ["an overdraft limit", account("overdraft_limit = 1000000"), RECORD_HASHES, "account"],
    [
      "a hold's key",
      "UPDATE credits.holds SET key = 'forged' WHERE account = 'acme'",
      HOLD_HASHES,
      "hold HOLD",
    ],
    [
      "a hold's description",
      "UPDATE credits.holds SET description = 'x' WHERE account = 'acme'",
      HOLD_HASHES,
      "hold HOLD",
    ],
    [
      "the grant that is drawn on",
      "UPDATE credits.grants SET remaining = 0 WHERE account = 'acme'",
      DRAWN,
      "grant 1",
    ],
    ["an open row's discount", openWindow("{2,0,3}", "100"), ROW_SUMS, "row 6"],
    ["the open window's cell", openWindow("{0}", "1800000000000001"), WINDOWS, "open window"],
    ["an open window that is not JSON", account("open_window = '[1,'"), WINDOWS, "open window"],
    ["an open window of another form", account("open_window = '[]'"), WINDOWS, "open window"],
    ["remaining credits that are not JSON", account("remaining = 'x'"), DUE, "account"],
    ["a draw without a grant", entry("draw_credits = draw_credits || 0::bigint"), DRAWS, "entry 3"],
    ["a row's discount", row("discount = discount + 1"), ROW_SUMS, "row 3"],
    [
      "a grant's kind",
      "UPDATE credits.grants SET kind = 'bonus' WHERE account = 'acme' AND seq = 1",
      GRANTS,
      "grant 1",
    ],
    ["what is due next", account("due_at = due_at + interval '1 second'"), DUE, "account"],
    ["nothing is due", account("due_at = NULL"), DUE, "account"],
    ["the open window's balance", openWindow("{1}", '"1"'), ROW_CHAIN, "row 6"],
    ["an open row's credits", openWindow("{2,0,10}", '"-1"'), ROW_SUMS, "row 6"],
    ["an open row's project", openWindow("{2,0,2}", '"forged"'), ROW_SUMS, "row 6"],
    ["an open row's member", openWindow("{2,0,12}", '"forged"'), ROW_SUMS, "row 6"],
    ["the open window gone", account("open_window = NULL"), ROW_COUNTS, "account"],
    ["a row's description", row("description = 'forged'"), ROW_SUMS, "row 3"],
    ["a row's member", row("member = 'forged'"), ROW_SUMS, "row 3"],
    ["a row's task", row("task = NULL"), ROW_SUMS, "row 3"],
    ["a row's source", row("source_type = 'x', source_label = 'forged'"), ROW_SUMS, "row 3"],
    ["a grant that is gone", "DELETE FROM credits.grants WHERE account = 'acme'", GRANTS, "grant 1"],
    ["a hold's amount", "UPDATE credits.holds SET credits = 1 WHERE account = 'acme'", HOLDS, "account"],
    ["a row's balance", row("balance = balance + 1"), ROW_CHAIN, "row 3"],
    ["a row's credits", row("credits = credits + 1"), ROW_CHAIN, "row 3"],
    [
      "a row's credits and all balances from it",
      `${row("credits = credits + 1")}; UPDATE credits.activity_rows SET balance = balance + 1 WHERE account = 'acme' AND position >= 3`,
      ROW_SUMS,
      "row 3",
    ],
    ["a row's position", row("position = 99"), ROW_CHAIN, "row 4"],
    ["a row's number of entries", row("entries = 9"), ROW_SUMS, "row 3"],
    ["a row's original amount", row("original_credits = NULL"), ROW_SUMS, "row 3"],
    ["a row's times", row("ended_at = ended_at + interval '1 hour'"), ROW_SUMS, "row 3"],
    ["a row's place in its category", row("category_position = 99"), ROW_COUNTS, "row 3"],
    [
      "a row that is gone",
      "DELETE FROM credits.activity_rows WHERE account = 'acme' AND position = 3",
      ROW_CHAIN,
      "row 4",
    ],
    ["an account's balance", account("balance = balance + 1"), ACCOUNTS, "account"],
    ["an account's seq", account("seq = seq + 1"), ACCOUNTS, "account"],
    ["an account's hash", account("hash = decode(repeat('ab', 32), 'hex')"), ACCOUNTS, "account"],
    ["an account's debt", account("debt = 1"), SUMS, "account"],
    ["an account's held", account("held = held + 1"), HOLDS, "account"],
    [
      "an account's counter",
      account("rows_used = rows_used + 1, rows_all = rows_all + 1"),
      ROW_COUNTS,
      "account",
    ],
    ["an account that is gone", "DELETE FROM credits.accounts WHERE account = 'acme'", STRAYS, "entries"],
  ])("%s", async (_, sql, check, record) => {
    const database = await tamper(sql);
    const ledger = await createLedger({ database: { url: database.url } });
    try {
      const { violations } = await ledger.verify();
      const found = violations.find((violation) => violation.check === check);
      expect(found, JSON.stringify(violations)).toMatchObject({
        account: "acme",
        record: record === "hold HOLD" ? expect.stringMatching(/^hold hold_/) : record,
      });
    } finally {
      await ledger.close();
      await database.drop();
    }
  });

  it("that the database no longer refuses changes", async () => {
    const database = await tamper("SELECT 1", "ALTER TABLE credits.entries DISABLE TRIGGER append_only");
    try {
      const { code, stdout } = await run(["verify"], { DATABASE_URL: database.url });
      expect(stdout).toContain(
        "WRONG tables, triggers, functions, views and indexes are what the migrations make\n      trigger append_only",
      );
      expect(stdout).toContain("1 of 27 checks failed.");
      expect(code).toBe(1);
    } finally {
      await database.drop();
    }
  });

  it.concurrent.each([
    ["an entry's description", entry("description = 'forged'"), HASHES, "entry 3"],
    ["a row's balance", row("balance = balance + 1"), ROW_CHAIN, "row 3"],
    ["an account's counter", account("rows_used = 9, rows_all = 12"), ROW_COUNTS, "account"],
  ])("%s, also on the command line with an exit code", async (_, sql, check, record) => {
    const database = await tamper(sql);
    try {
      for (const args of [["verify"], ["verify", "--account", "acme"]]) {
        const { code, stdout } = await run(args, { DATABASE_URL: database.url });
        const lines = stdout.split("\n");
        const at = lines.indexOf(`WRONG ${check}`);
        expect(at, stdout).toBeGreaterThanOrEqual(0);
        expect(lines[at + 1], stdout).toMatch(new RegExp(`^ {6}account "acme", ${record}: `));
        expect(stdout).toMatch(/^\d+ of 27 checks failed\.$/m);
        expect(code).toBe(1);
      }
      const other = await run(["verify", "--account", "other"], { DATABASE_URL: database.url });
      expect(other.code).toBe(0);
    } finally {
      await database.drop();
    }
  });
});
