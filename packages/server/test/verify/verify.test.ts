import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Instant } from "../../src/core/instant.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { verify } from "../../src/verify/verify.js";
import {
  credits,
  toAdjust,
  toGrant,
  toHold,
  toRefund,
  toSettle,
  toSpend,
  toTouch,
  toUsage,
} from "../commands.js";
import { minutes, NOW } from "../core/rules.js";
import { ENGINES, openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";
import { checkAlone } from "../properties/compare.js";
import { readAll } from "../properties/read-all.js";

const HASHES = "each entry's hash covers it and all entries before it";

const FACTS = {
  description: 'Chat about "Ada"',
  source: { type: "model", id: "m-1", label: "Model One" },
  project: { id: "p", label: "Project" },
  member: { id: "ada", label: "Ada" },
  task: { id: "t", label: null },
  metadata: { b: 1.5, a: "x" },
  privateMetadata: { margin: 0.25 },
};
const MEASURES = { price: "price-1", quantities: { tokens: "12.5" }, estimated: true, cost: credits("0.1") };

/** The entry of the history that has all facts. */
const FULL = 3;

describe.each(ENGINES)("verify on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;
  let now: Instant = NOW;
  let accounts = 0;

  beforeAll(async () => {
    test = await openTestDatabase(name);
    engine = createEngine({ database: test.database, now: () => now });
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  /** Writes a history on a new account, whose last entry closes the window. */
  async function write(): Promise<string> {
    accounts += 1;
    const account = `account-${accounts}`;
    now = NOW;
    await putAccount(test.database, account, {}, NOW);
    const { project: _project, member: _member, task: _task, ...described } = FACTS;
    for (const command of [
      toGrant(account, "g1", "50", { ...described, kind: "bonus", title: "Welcome", expiresAt: minutes(60) }),
      toGrant(account, "g2", "20", { priority: 5, effectiveAt: minutes(-1) }),
      toSpend(account, "s", "3", { ...FACTS, ...MEASURES, originalCredits: credits("4") }),
      toUsage(account, "u", "1"),
      toHold(account, "h", "2", FACTS),
      toSettle(account, "t", "hold-h", "2"),
      toRefund(account, "r", FULL, { credits: credits("1"), description: "Too much" }),
    ]) {
      const { refusal } = await engine.submit(command);
      if (refusal !== null) throw new Error(refusal.detail);
    }
    now = minutes(61);
    await engine.submit(toTouch(account));
    await engine.submit(toAdjust(account, "a", "1"));
    return account;
  }

  /** Changes records of an account as a superuser who disables the trigger does. */
  const tamper = (account: string, ...updates: readonly string[]) =>
    runScript(
      test.database,
      [
        "ALTER TABLE credits.entries DISABLE TRIGGER append_only",
        ...updates.map((update) => update.replace("$1", `'${account}'`)),
        "ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only",
      ].join(";\n"),
    );
  const find = async (account: string) => (await verify(test.database, { account })).violations;

  it("finds nothing wrong in what the engine wrote", async () => {
    const account = await write();
    expect(await find(account)).toEqual([]);
    const all = await readAll(test.database, account);
    expect(all.entries.map(({ kind }) => kind)).toEqual([
      ...["bonus", "purchase", "ai_usage", "ai_usage", "ai_usage", "refund", "expiry", "adjustment"],
    ]);
    checkAlone(all);
  });

  it("names an entry whose free text was erased without a record of it", async () => {
    const account = await write();
    const kept = await write();
    const before = (await readAll(test.database, account)).entries;
    await tamper(
      account,
      `UPDATE credits.entries SET title = NULL, description = NULL, source_label = NULL, member = NULL, cost = NULL,
        metadata = '{}', private_metadata = NULL, salt = NULL WHERE account = $1`,
      "UPDATE credits.grants SET title = NULL, description = NULL, source_label = NULL WHERE account = $1",
      `UPDATE credits.activity_rows SET title = NULL, description = NULL, source_label = NULL, member = NULL
        WHERE account = $1`,
      "DELETE FROM credits.labels WHERE account = $1",
    );
    expect(await find(account)).toEqual([
      {
        account,
        check: "each entry's hash covers it and all entries before it",
        record: "entry 1",
        problem: "is not what was hashed: it, its grant, or an entry before it was changed",
      },
    ]);
    expect(await find(kept)).toEqual([]);
    const after = (await readAll(test.database, account)).entries;
    expect(after.map(({ hash, digest }) => [hash, digest])).toEqual(
      before.map(({ hash, digest }) => [hash, digest]),
    );
  });

  it.each([
    "title = 'Other'",
    "description = 'Chat about \"Bob\"'",
    "description = NULL",
    "source_type = 'plan'",
    "source_id = NULL",
    "source_label = 'Model Two'",
    "project = NULL",
    "member = 'bob'",
    "member = NULL",
    "task = 'other'",
    "price = 'price-2'",
    "price = NULL",
    'quantities = \'{"tokens": "12.6"}\'',
    "quantities = NULL",
    "estimated = false",
    "estimated = NULL",
    "cost = cost + 1",
    "cost = NULL",
    'metadata = \'{"a": "x"}\'',
    "metadata = '{}'",
    "private_metadata = NULL",
    "private_metadata = '{\"margin\": 0.5}'",
    "kind = 'build_usage'",
    "type = 'correction'",
    "credits = credits - 1",
    "original_credits = NULL",
    "balance = balance + 1",
    "occurred_at = occurred_at - interval '1 microsecond'",
    "recorded_at = recorded_at + interval '1 microsecond'",
    "key = 'other'",
    "key = NULL",
    "fingerprint = NULL",
    "draw_credits = '{}', draw_grants = '{}'",
    "debt = 1",
    "refund_of = 1",
    "digest = NULL",
    "salt = decode(repeat('00', 16), 'hex')",
    "salt = NULL",
    "salt = NULL, description = 'Other'",
    "version = 1, type = NULL",
    "version = 3",
  ])("names an entry after SET %s", async (set) => {
    const account = await write();
    await tamper(account, `UPDATE credits.entries SET ${set} WHERE account = $1 AND seq = ${FULL}`);
    expect(await find(account)).toContainEqual({
      check: HASHES,
      account,
      record: `entry ${FULL}`,
      problem: "is not what was hashed: it, its grant, or an entry before it was changed",
    });
  });

  it.each([
    "title = 'A title'",
    "description = ''",
    "source_type = 'model', source_label = 'Model'",
    "project = 'p'",
    "member = 'bob'",
    "task = 't'",
    "price = 'price'",
    "quantities = '{}'",
    "estimated = false",
    "cost = 0",
    "metadata = '{\"a\": 1}'",
    "private_metadata = '{}'",
    "original_credits = credits - 1",
  ])("names an entry without facts after SET %s", async (set) => {
    const account = await write();
    await tamper(account, `UPDATE credits.entries SET ${set} WHERE account = $1 AND seq = ${FULL + 1}`);
    expect(await find(account)).toContainEqual(
      expect.objectContaining({ check: HASHES, record: `entry ${FULL + 1}` }),
    );
  });

  it.each([
    "priority = 99",
    "effective_at = effective_at - interval '1 second'",
    "expires_at = expires_at + interval '1 second'",
    "expires_at = NULL",
    "credits = credits + 1",
  ])("names the entry of a grant after SET %s", async (set) => {
    const account = await write();
    await tamper(account, `UPDATE credits.grants SET ${set} WHERE account = $1 AND seq = 1`);
    expect(await find(account)).toContainEqual(expect.objectContaining({ check: HASHES, record: "entry 1" }));
  });

  it.each([
    "kind = 'purchase'",
    "title = 'Other'",
    "description = NULL",
    "source_id = NULL",
    "source_label = 'Other'",
    "recorded_at = recorded_at - interval '1 second'",
  ])("names a grant that its entry did not open so, after SET %s", async (set) => {
    const account = await write();
    await tamper(account, `UPDATE credits.grants SET ${set} WHERE account = $1 AND seq = 1`);
    expect(await find(account)).toContainEqual(
      expect.objectContaining({ record: "grant 1", problem: "is not what the entry that opened it states" }),
    );
  });

  it.each([
    "member = 'bob'",
    "task = NULL",
    "project = 'q'",
    "category = 'adjustments', category_position = 99",
  ])("names a row after SET %s", async (set) => {
    const account = await write();
    await tamper(
      account,
      `UPDATE credits.activity_rows SET ${set} WHERE account = $1 AND first_seq = ${FULL}`,
    );
    const violations = await find(account);
    expect(violations.map(({ record }) => record)).toContain("row 3");
  });

  describe("of windows", () => {
    /** Writes usage of more groups than a window has room for, and then a backlog that closes a part of a window. */
    async function writeWindows(): Promise<string> {
      accounts += 1;
      const account = `account-${accounts}`;
      now = NOW;
      await putAccount(test.database, account, {}, NOW);
      const source = (id: number) => ({ type: "model", id: `${id}`, label: `Model ${id}` });
      const usage = Array.from({ length: 300 }, (_, index) =>
        toUsage(account, `u${index}`, "1", { source: source(index % 70), project: FACTS.project }),
      );
      const backlog = Array.from({ length: 150 }, (_, index) =>
        toUsage(account, `b${index}`, "1", { occurredAt: minutes(-5 * (1 + (index % 75))) }),
      );
      await engine.submitAll([...usage, toGrant(account, "g", "1"), ...backlog, toGrant(account, "g2", "1")]);
      return account;
    }

    it("finds nothing wrong in what the engine wrote", async () => {
      const account = await writeWindows();
      expect(await find(account)).toEqual([]);
      const all = await readAll(test.database, account);
      checkAlone(all);
      expect(all.rows.filter(({ various }) => various.length > 0)).toMatchObject([{ entries: 24 }]);
      const [one] = await test.database.query<{ states: bigint }>(
        "SELECT count(*) AS states FROM credits.window_states WHERE account = $1",
        [account],
      );
      expect(one).toEqual({ states: 1n });
    });

    it.each([
      ["row 65", "activity_rows SET various = '[]' WHERE position = 65"],
      ["row 65", 'activity_rows SET various = \'["source","project"]\' WHERE position = 65'],
      ["row 65", "activity_rows SET source_type = 'model', source_label = 'Model' WHERE position = 65"],
      ["row 65", "activity_rows SET project = NULL WHERE position = 65"],
      ["row 64", "activity_rows SET various = '[\"source\"]' WHERE position = 64"],
      ["row 64", "activity_rows SET discount = 500, original_credits = -8 WHERE position = 64"],
      ["state 256", "window_states SET position = 2 WHERE seq = 256"],
      ["state 256", "window_states SET seq = 255 WHERE seq = 256"],
      ["state 256", "window_states SET open_window = replace(open_window, '\"-4000000\"', '\"-4000001\"')"],
      ["state 256", "window_states SET open_window = replace(open_window, 'Model 12', 'Model 13')"],
      ["state 256", "window_states SET open_window = replace(open_window, '[0,\"0\"', '[0,\"1\"')"],
    ])("names %s after SET %s", async (record, update) => {
      const account = await writeWindows();
      const where = update.includes("WHERE") ? "AND account = $1" : "WHERE account = $1";
      await tamper(account, `UPDATE credits.${update} ${where}`);
      const expected = update.includes("seq = 255") ? "state 255" : record;
      expect((await find(account)).map((violation) => violation.record)).toContain(expected);
    });

    it.each([
      ["in two windows", "recorded_at = recorded_at + interval '5 minutes' WHERE seq = 141"],
      ["with two kinds", "kind = 'build_usage' WHERE seq = 141"],
    ])("names a row %s", async (_, update) => {
      const account = await writeWindows();
      await tamper(account, `UPDATE credits.entries SET ${update} AND account = $1`);
      expect((await find(account)).map((violation) => violation.record)).toContain("row 1");
    });

    it("names a row that groups share before a window is full", async () => {
      const account = await writeWindows();
      // Two rows of the window become one, right in all its sums.
      await tamper(
        account,
        "UPDATE credits.activity_rows SET various = '[\"source\"]', source_type = NULL, source_id = NULL, source_label = NULL, entries = 9, last_seq = 282, credits = -9000000 WHERE account = $1 AND position = 1",
        "UPDATE credits.entries SET position = 1 WHERE account = $1 AND position = 2",
      );
      const violations = await find(account);
      expect(violations).toContainEqual({
        check: "groups share a row only after a window is full",
        ...{ account, record: "row 1" },
        problem: "has several groups or windows, and is row 1 of its window",
      });
    });
  });

  it("names labels of an account that does not exist", async () => {
    await runScript(
      test.database,
      "INSERT INTO credits.labels (account, dimension, id, label) VALUES ('stray', 'project', 'p', 'Project')",
    );
    expect(await find("stray")).toMatchObject([{ record: "labels" }]);
    await runScript(test.database, "DELETE FROM credits.labels WHERE account = 'stray'");
  });
});
