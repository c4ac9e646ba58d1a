import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Instant } from "../../src/core/instant.js";
import type { Database } from "../../src/db/port.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { verify } from "../../src/verify/verify.js";
import { toGrant, toSpend, toUsage } from "../commands.js";
import { openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;

/** A cached account changes when a batch is decided, and is wrong from then on if the batch is not written. */
describe("an account that was decided and not written", () => {
  let test: TestDatabase;
  let engine: Engine;
  /** Runs once before the next statements. */
  let before: (() => Promise<void>) | null = null;

  beforeEach(async () => {
    test = await openTestDatabase("pglite");
    const database: Database = {
      ...test.database,
      write: async (sql, params) => {
        const runs = before;
        before = null;
        await runs?.();
        return test.database.write(sql, params);
      },
    };
    engine = createEngine({ database, now: () => NOW });
    await putAccount(test.database, "a", {}, NOW);
  });

  afterEach(async () => {
    await engine.close();
    expect((await verify(test.database, {})).violations).toEqual([]);
    await test.drop();
  });

  it("is evicted when the database fails in a way that is not tried again", async () => {
    await engine.submit(toGrant("a", "g", "10"));
    before = () => Promise.reject(new Error("broken"));
    await expect(engine.submit(toUsage("a", "lost", "1"))).rejects.toThrow("broken");
    const { refusal } = await engine.submit(toSpend("a", "s", "10"));
    expect(refusal).toBeNull();
  });

  it("is evicted when another one of its batch can't be read again for a refusal", async () => {
    await putAccount(test.database, "b", {}, NOW);
    for (const account of ["a", "b"]) await engine.submit(toGrant(account, "g", "10"));
    before = () => Promise.reject(new Error("broken"));
    const settled = await Promise.allSettled([
      engine.submit(toUsage("a", "u", "1")),
      engine.submit(toUsage("b", "u", "1")),
      engine.submit(toSpend("b", "too-much", "1000")),
    ]);
    // The batch is tried again in parts, so that the failure harms no other.
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    for (const account of ["a", "b"]) await engine.submit(toSpend(account, "s", "1"));
    const balances = await test.database.query("SELECT balance FROM credits.accounts");
    expect(balances).toEqual([{ balance: 8_000_000n }, { balance: 8_000_000n }]);
  });

  it("is evicted when it is gone as it is read again", async () => {
    // It is cached as it was created, at the very version that it has when it is created again.
    await engine.submit(toSpend("a", "s0", "1"));
    before = async () => {
      await runScript(test.database, "DELETE FROM credits.accounts");
    };
    const lost = await Promise.all([
      engine.submit(toUsage("a", "u1", "1")),
      engine.submit(toSpend("a", "s", "1000")),
    ]);
    expect(lost.map(({ refusal }) => refusal?.code)).toEqual(["account_not_found", "account_not_found"]);
    await putAccount(test.database, "a", {}, NOW);
    expect(await engine.submit(toUsage("a", "u2", "1"))).toMatchObject({ entry: { seq: 1 } });
  });

  it("is not read again for commands that are all refused, except for their keys", async () => {
    await engine.submit(toGrant("a", "g", "10"));
    let statements = 0;
    const counting: Database = {
      ...test.database,
      write: (sql, params) => {
        statements += 1;
        return test.database.write(sql, params);
      },
    };
    const other = createEngine({ database: counting, now: () => NOW });
    await other.submit(toUsage("a", "u", "1"));
    statements = 0;
    expect((await other.submit(toSpend("a", "s", "1000"))).refusal?.code).toBe("insufficient_credits");
    // Two look up the key, among entries and among holds, and one checks that the account is as it was cached.
    expect(statements).toBe(3);
    await other.close();
  });
});
