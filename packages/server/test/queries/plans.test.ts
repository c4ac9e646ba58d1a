import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import type { AnyCommand } from "../../src/core/command.js";
import { parseInstant } from "../../src/core/instant.js";
import { migrate } from "../../src/db/migrations.js";
import { openPostgres } from "../../src/db/postgres/open.js";
import { createEngine } from "../../src/engine/engine.js";
import { toGrant, toHold, toRefund, toRelease, toSpend, toTouch } from "../commands.js";
import { openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";
import { explainWrite, formatPlan, type Node, type Statement, toNodes, toRecorder } from "./plans.js";

const START = parseInstant("2026-11-01T00:00:00Z");

describe("the plans of statements that write", () => {
  const statements = new Map<string, Statement>();

  beforeAll(record);

  /** Runs every kind of command on several accounts, given in no order, to record all statements there are. */
  async function record(): Promise<void> {
    const { url, drop } = await createHostileDatabase("plans");
    const database = openPostgres({ url });
    await migrate(database);
    const recorder = toRecorder(database);
    const engine = createEngine({ database: { ...recorder.database, concurrency: 1 }, now: () => START });
    const other = createEngine({ database, now: () => START });
    const names = ["c", "a", "d", "b"];
    const run = (toCommands: (account: string) => AnyCommand[], by = engine) =>
      by.submitAll(names.flatMap(toCommands));
    for (const account of names) await putAccount(recorder.database, account, {}, START);
    await run((account) => [toGrant(account, "g1", "5"), toGrant(account, "g2", "5")]);
    await run((account) => [
      toSpend(account, "s", "6", { project: { id: "p", label: "Project" } }),
      toHold(account, "h", "1", { expiresIn: 60, task: { id: "t", label: "Task" } }),
    ]);
    await run((account) => [toRelease(account, "r", "hold-h"), toRefund(account, "refund", 3)]);
    await run((account) => [toSpend(account, "refused", "1000")]);
    await run((account) => [toTouch(account)]);
    // Another engine makes the accounts contended, so they are locked.
    await run((account) => [toSpend(account, "other", "1")], other);
    await run((account) => [toSpend(account, "locked", "1")]);
    await lockOut(url, () => run((account) => [toSpend(account, "blocked", "1")]));
    await engine.close();
    await other.close();
    await database.close();
    await drop();
    for (const statement of recorder.statements) statements.set(statement.sql, statement);
  }

  /** Does work while another session has an account locked, and expects that some of it fails. */
  async function lockOut(url: string, work: () => Promise<readonly unknown[]>): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("BEGIN; SELECT FROM credits.accounts WHERE account = 'a' FOR UPDATE");
    const failed = (await work()).filter((outcome) => outcome instanceof Error);
    expect(failed).toMatchObject([{ message: expect.stringContaining("locked by another session") }]);
    await client.query("ROLLBACK");
    await client.end();
  }

  /** Returns the recorded statements that have a string in them. */
  function findAll(string: string): Statement[] {
    return [...statements.values()].filter(({ sql }) => sql.includes(string));
  }

  /** Returns the only recorded statement that has a string in it. */
  function find(string: string): Statement {
    const [found, ...more] = findAll(string);
    if (found === undefined || more.length > 0)
      throw new Error(`${more.length} more statements have "${string}".`);
    return found;
  }

  it("are of all statements there are", () => {
    expect(statements.size).toBe(26);
  });

  describe.each([0, 1, 10_000])("with %i accounts", (accounts) => {
    let test: TestDatabase;

    beforeAll(async () => {
      test = await openTestDatabase("postgres");
      await runScript(
        test.database,
        `ALTER TABLE credits.accounts SET (autovacuum_enabled = false);
        INSERT INTO credits.accounts (account, created_at, updated_at)
        SELECT 'account-' || n, now(), now() FROM generate_series(1, ${accounts}) AS n`,
      );
    });

    afterAll(() => test.drop());

    describe.each(["before", "after"])("%s ANALYZE", (when) => {
      beforeAll(async () => {
        if (when === "after") await runScript(test.database, "ANALYZE credits.accounts");
      });

      // A table with at most one row may be walked first. It is walked by its key, so the order of locks is the same, and
      // the plan ends with its connection, ten minutes later at most.
      const isTiny = (node: Node) =>
        accounts < 2 &&
        when === "after" &&
        node["Index Name"] === "accounts_pkey" &&
        node["Index Cond"] === undefined;

      it("find each row by an index", async () => {
        for (const statement of statements.values()) {
          const plan = await explainWrite(test.database, statement);
          const text = `${statement.sql}\n${formatPlan(plan)}`;
          for (const node of toNodes(plan)) {
            expect.soft(node["Node Type"], text).not.toMatch(/Hash Join|Merge Join/);
            if (node["Relation Name"] === undefined || node["Node Type"] === "ModifyTable") continue;
            expect.soft(["Index Scan", "Index Only Scan"], text).toContain(node["Node Type"]);
            // Rows are found by their account. The schema's version is found by the ids beyond it, of which there are none.
            const condition = node["Relation Name"] === "migrations" ? /^\(id > / : /\baccount = /;
            if (!isTiny(node)) expect.soft(String(node["Index Cond"]), text).toMatch(condition);
          }
        }
      });

      it("update accounts, and so lock them, one after the other in the order of their ids", async () => {
        const updates = findAll("UPDATE credits.accounts a SET version");
        expect(updates.length).toBeGreaterThan(1);
        for (const statement of updates) {
          const plan = await explainWrite(test.database, statement);
          const text = formatPlan(plan);
          const isUpdate = (node: Node) =>
            node.Operation === "Update" && node["Relation Name"] === "accounts";
          const loop = toNodes(plan).find(isUpdate)?.Plans?.[0];
          expect(loop?.["Node Type"], text).toBe("Nested Loop");
          const [given, found, ...more] = loop?.Plans ?? [];
          expect(more, text).toEqual([]);
          if (given !== undefined && isTiny(given)) continue;
          const outer = given && toNodes(given).map((node) => [node["Node Type"], node["Sort Key"]]);
          expect(outer, text).toEqual([
            ["Subquery Scan", undefined],
            // Other parts of the statement name their arrays "given" too.
            ["Sort", [expect.stringMatching(/^given(_\d+)?\.account COLLATE "C"$/)]],
            ["Function Scan", undefined],
          ]);
          expect(found, text).toMatchObject({ "Node Type": "Index Scan", "Relation Name": "accounts" });
          expect(String(found?.["Index Cond"]), text).toMatch(/^\(account = \(?n(_\d+)?\.account/);
        }
      });

      it("lock accounts in the order of their ids where they are not cached", async () => {
        const plan = await explainWrite(test.database, find("ORDER BY account FOR UPDATE"));
        expect(plan["Node Type"], formatPlan(plan)).toBe("LockRows");
        // Before version 17 the server sorts, although it reads the index in its order.
        const [below] = plan.Plans ?? [];
        if (below?.["Node Type"] === "Sort") expect(below["Sort Key"]).toEqual(["accounts.account"]);
        else expect(below, formatPlan(plan)).toMatchObject({ "Index Name": "accounts_pkey" });
      });
    });
  });
});
