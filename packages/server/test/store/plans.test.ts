import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Command } from "../../src/ledger/command.js";
import { credits } from "../../src/ledger/credits.js";
import { WINDOW_MICROS } from "../../src/ledger/group.js";
import { type Instant, parseInstant } from "../../src/ledger/instant.js";
import { CATEGORIES } from "../../src/ledger/kinds.js";
import { digestOf, isKnownKey } from "../../src/store/access.js";
import { listDueAccounts, putAccount, readAccount } from "../../src/store/accounts.js";
import { type AsOf, listRowEntries, readActivity } from "../../src/store/activity.js";
import type { Database } from "../../src/store/database.js";
import { listEntries, listGrants } from "../../src/store/lists.js";
import { createMemory } from "../../src/store/memory.js";
import { runLocked, runRemembered } from "../../src/store/run-batch.js";
import { createWriter } from "../../src/writer/writer.js";
import { grantOf, spendOf, usageOf } from "../commands.js";
import { openTestDatabase, type TestDatabase } from "../databases.js";
import { holdOf } from "./before-0003.js";
import {
  blocksTouched,
  explainRead,
  explainWrite,
  type Node,
  nodesOf,
  type Planning,
  planText,
  recorder,
  rowsRead,
  type Statement,
} from "./plans.js";

/** The tables that grow with use. */
const TABLES = ["accounts", "entries", "activity_rows", "grants", "holds", "api_keys"];
const PAGE = 8;
const BLOCKS_MAX = 60;

const WINDOWS = 200;
const ROWS = 10;
/** The entries of one window, which lie between those of one of its rows, too. */
const WINDOW_ENTRIES = 100;
const START = parseInstant("2026-11-01T00:00:00Z");
const END = (START + WINDOWS * WINDOW_MICROS) as Instant;
const LATER = (END + 7_200_000_000) as Instant;

/** What the account "big" does in a window: a grant, a writeoff, and usage of several rows by turns. */
function windowOf(window: number): Command[] {
  const usage = Array.from({ length: WINDOW_ENTRIES }, (_, index) => ({
    ...usageOf("big", `u-${window}-${index}`, "0.1", (START + window * WINDOW_MICROS + index) as Instant),
    project: `project ${index % ROWS}`,
  }));
  const off = { op: "writeoff", account: "big", key: `off-${window}`, credits: credits("0.5") } as const;
  return [
    grantOf("big", `grant-${window}`, "10.5"),
    { ...off, description: "off", metadata: {}, source: null },
    ...usage,
  ];
}

/** What other accounts do, so that no table is so small that it is best read whole. */
function otherHistory(account: string): Command[] {
  const expiresAt = (END + 3_600_000_000) as Instant;
  const holds = Array.from({ length: 8 }, (_, index) => `h${index}`);
  return [
    ...["g1", "g2", "g3"].map((key) => ({ ...grantOf(account, key, "5"), expiresAt })),
    spendOf(account, "s", "1"),
    ...holds.map((key) => holdOf(account, key, "1", 60)),
    ...holds
      .slice(1)
      .map((key) => ({ op: "release" as const, account, key: `release-${key}`, hold: `hold-${key}` })),
  ];
}

const currentMoment = async (database: Database) => {
  const found = await readActivity(database, "big", { filter: "all", offset: 0, limit: 1, asOf: null });
  if (found === null) throw new Error("There is no such account.");
  return found.asOf;
};

describe("the plans of what reads", () => {
  let test: TestDatabase;
  let longAgo: AsOf;
  let justNow: AsOf;
  let isAnalyzed = false;

  beforeAll(async () => {
    test = await openTestDatabase("postgres");
    const { database } = test;
    // Statistics come when the test says so.
    for (const table of TABLES) {
      await database.query(`ALTER TABLE credits.${table} SET (autovacuum_enabled = false)`);
    }
    const others = Array.from({ length: 200 }, (_, index) => `account-${index}`);
    await Promise.all(["big", ...others].map((account) => putAccount(database, account, {}, START)));
    const writer = createWriter({ database, now: () => END });
    const halfOf = WINDOW_ENTRIES / 2;
    const windows = Array.from({ length: WINDOWS }, (_, index) => windowOf(index));
    const [first, second] = [windows.slice(0, WINDOWS / 2).flat(), windows.slice(WINDOWS / 2).flat()];
    await writer.submitAll(first.slice(0, -halfOf));
    longAgo = await currentMoment(database);
    await writer.submitAll([...first.slice(-halfOf), ...second.slice(0, -halfOf)]);
    justNow = await currentMoment(database);
    await writer.submitAll(second.slice(-halfOf));
    await writer.submitAll(others.flatMap(otherHistory));
    await writer.submitAll([
      grantOf("big", "last", "10"),
      holdOf("big", "h", "1", 60),
      ...windowOf(WINDOWS).slice(2, 2 + halfOf),
    ]);
    await writer.close();
    await database.query(
      `INSERT INTO credits.api_keys (id, name, hint, hash, created_at)
      SELECT n, 'key', 'hint', sha256(n::text::bytea), now() FROM generate_series(1, 3000) AS n`,
    );
  });

  afterAll(() => test.drop());

  /** Runs what reads, and checks the plans of all it has sent, with and without statistics. */
  async function check(read: (database: Database) => Promise<unknown>, rowsMax: number): Promise<void> {
    const { database, statements } = recorder(test.database);
    await read(database);
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements) {
      for (const planning of ["force_custom_plan", "force_generic_plan"] as const) {
        await checkPlan(statement, planning, rowsMax);
      }
    }
  }

  async function checkPlan(statement: Statement, planning: Planning, rowsMax: number): Promise<void> {
    const plan = await explainRead(test.database, statement, planning);
    const said = `${planning}${statement.sql}\n${planText(plan)}\nblocks: ${blocksTouched(plan)}`;
    for (const node of nodesOf(plan)) {
      const table = node["Relation Name"];
      if (table === undefined || !TABLES.includes(table)) continue;
      expect.soft(["Index Scan", "Index Only Scan"], said).toContain(node["Node Type"]);
      expect.soft(String(node["Index Cond"]), said).toMatch(/\b(account|due_at|hash) (=|<=)/);
      expect.soft(rowsRead(node), said).toBeLessThanOrEqual(rowsMax);
    }
    expect.soft(blocksTouched(plan), said).toBeLessThanOrEqual(BLOCKS_MAX);
  }

  describe.each(["before", "after"])("%s ANALYZE", (when) => {
    beforeAll(async () => {
      if (when === "before" || isAnalyzed) return;
      await test.database.query("ANALYZE");
      isAnalyzed = true;
    });

    it("of an account", () => check((database) => readAccount(database, "big", START), 1));

    it("of an account on which something is due", () =>
      check((database) => readAccount(database, "account-7", LATER), PAGE));

    it("of an account with many grants on which something is due", () =>
      check((database) => readAccount(database, "big", LATER), PAGE));

    it.each(["all", ...CATEGORIES] as const)("of pages of %s", async (filter) => {
      for (const asOf of [null, longAgo, justNow]) {
        const total = (asOf ?? (await currentMoment(test.database))).totals[filter];
        for (const offset of [0, Math.floor(total / 2), Math.max(0, total - PAGE)]) {
          // Rows of a window that was open then are put together from the window's entries.
          const rowsMax = asOf === null ? PAGE : WINDOW_ENTRIES;
          await check(
            (database) => readActivity(database, "big", { filter, offset, limit: PAGE, asOf }),
            rowsMax,
          );
        }
      }
    });

    // Between the entries of a row are others of its window, and no others.
    it("of the entries of a complete row", () =>
      check(
        (database) => listRowEntries(database, "big", longAgo.windowPosition - 20, 0, PAGE),
        WINDOW_ENTRIES,
      ));

    it("of the entries of an open row", async () => {
      const { totals } = await currentMoment(test.database);
      await check((database) => listRowEntries(database, "big", totals.all - 1, 0, PAGE), WINDOW_ENTRIES);
    });

    it.each(["asc", "desc"] as const)("of entries in order %s", async (order) => {
      for (const from of [1, 10_000, 1_000_000]) {
        await check((database) => listEntries(database, "big", order, from, PAGE), PAGE);
      }
    });

    it("of grants", async () => {
      for (const from of [1_000_000, 10_000]) {
        await check((database) => listGrants(database, "big", from, PAGE), PAGE);
      }
    });

    it("of accounts that are due", () => check((database) => listDueAccounts(database, LATER, PAGE), PAGE));

    it("of a secret key", () => check((database) => isKnownKey(database, digestOf("unknown")), 1));
  });
});

describe("the plans of what writes", () => {
  const statements = new Map<string, Statement>();

  beforeAll(record);

  /** Runs every kind of command on several accounts, given in no order, to see all statements there are. */
  async function record(): Promise<void> {
    const { database, drop } = await openTestDatabase("postgres");
    const watched = recorder(database);
    const memory = createMemory(1);
    const names = ["c", "a", "d", "b"];
    const batchOf = (commandsOf: (account: string) => Command[]) =>
      names.map((account) => ({ account, commands: commandsOf(account) }));
    const run = (commandsOf: (account: string) => Command[]) =>
      runRemembered(watched.database, memory, batchOf(commandsOf), END, false);
    for (const account of names) await putAccount(database, account, {}, START);
    await run((account) => [grantOf(account, "g1", "5"), grantOf(account, "g2", "5")]);
    await run((account) => [spendOf(account, "s", "6"), holdOf(account, "h", "1", 60)]);
    await run((account) => [
      { op: "release", account, key: "r", hold: "hold-h" },
      {
        ...{ op: "refund", account, key: "refund", entry: 3, credits: null, source: null },
        ...{ description: null, metadata: {} },
      },
    ]);
    await run((account) => [spendOf(account, "refused", "1000")]);
    const locked = batchOf((account) => [spendOf(account, "locked", "1")]);
    await runLocked(watched.database, locked, END);
    await drop();
    for (const statement of watched.statements) statements.set(statement.sql, statement);
  }

  /** The only recorded statement with a text in it. */
  function the(text: string): Statement {
    const [found, ...more] = [...statements.values()].filter(({ sql }) => sql.includes(text));
    if (found === undefined || more.length > 0)
      throw new Error(`${more.length} more statements have "${text}".`);
    return found;
  }

  it("are of all statements there are", () => {
    expect(statements.size).toBe(14);
  });

  describe.each([0, 1, 10_000])("with %i accounts", (accounts) => {
    let test: TestDatabase;

    beforeAll(async () => {
      test = await openTestDatabase("postgres");
      await test.database.query("ALTER TABLE credits.accounts SET (autovacuum_enabled = false)");
      await test.database.query(
        `INSERT INTO credits.accounts (account, created_at, updated_at)
        SELECT 'account-' || n, now(), now() FROM generate_series(1, $1::integer) AS n`,
        [accounts],
      );
    });

    afterAll(() => test.drop());

    describe.each(["before", "after"])("%s ANALYZE", (when) => {
      beforeAll(async () => {
        if (when === "after") await test.database.query("ANALYZE credits.accounts");
      });

      // A table with at most one line may be walked first. It is walked by its key, so the order of locks is the same, and
      // the plan is gone with its connection, ten minutes later at most.
      const isTiny = (node: Node) =>
        accounts < 2 &&
        when === "after" &&
        node["Index Name"] === "accounts_pkey" &&
        node["Index Cond"] === undefined;

      it("find each line by an index", async () => {
        for (const statement of statements.values()) {
          const plan = await explainWrite(test.database, statement);
          const said = `${statement.sql}\n${planText(plan)}`;
          for (const node of nodesOf(plan)) {
            expect.soft(node["Node Type"], said).not.toMatch(/Hash Join|Merge Join/);
            if (node["Relation Name"] === undefined || node["Node Type"] === "ModifyTable") continue;
            expect.soft(["Index Scan", "Index Only Scan"], said).toContain(node["Node Type"]);
            if (!isTiny(node)) expect.soft(String(node["Index Cond"]), said).toMatch(/\baccount = /);
          }
        }
      });

      it("update accounts, and so lock them, one after the other in the order of their ids", async () => {
        const plan = await explainWrite(test.database, the("UPDATE credits.accounts"));
        const said = planText(plan);
        const loop = nodesOf(plan).find((node) => node.Operation === "Update")?.Plans?.[0];
        expect(loop?.["Node Type"], said).toBe("Nested Loop");
        const [given, found, ...more] = loop?.Plans ?? [];
        expect(more, said).toEqual([]);
        if (given !== undefined && isTiny(given)) return;
        const outer = given && nodesOf(given).map((node) => [node["Node Type"], node["Sort Key"]]);
        expect(outer, said).toEqual([
          ["Subquery Scan", undefined],
          ["Sort", ['given.account COLLATE "C"']],
          ["Function Scan", undefined],
        ]);
        expect(found, said).toMatchObject({ "Node Type": "Index Scan", "Relation Name": "accounts" });
        expect(String(found?.["Index Cond"]), said).toMatch(/^\(account = \(?n\.account/);
      });

      it("lock accounts in the order of their ids where nothing is remembered of them", async () => {
        const plan = await explainWrite(test.database, the("FOR UPDATE"));
        expect(plan["Node Type"], planText(plan)).toBe("LockRows");
        // Before version 17 the server does not know that it reads the index in its order, and sorts.
        const [below] = plan.Plans ?? [];
        if (below?.["Node Type"] === "Sort") expect(below["Sort Key"]).toEqual(["accounts.account"]);
        else expect(below, planText(plan)).toMatchObject({ "Index Name": "accounts_pkey" });
      });
    });
  });
});
