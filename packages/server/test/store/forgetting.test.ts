import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Instant } from "../../src/ledger/instant.js";
import { putAccount } from "../../src/store/accounts.js";
import type { Database } from "../../src/store/database.js";
import { verify } from "../../src/store/verify/verify.js";
import { createWriter, type Writer } from "../../src/writer/writer.js";
import { grantOf, spendOf, usageOf } from "../commands.js";
import { openTestDatabase, type TestDatabase } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;

/** What is remembered is changed when a batch is decided, and is wrong from then on if the batch is not written. */
describe("an account that was decided and not written", () => {
  let test: TestDatabase;
  let writer: Writer;
  /** What happens before the next statements run, once. */
  let before: (() => Promise<void>) | null = null;

  beforeEach(async () => {
    test = await openTestDatabase("pglite");
    const database: Database = {
      ...test.database,
      run: async (steps) => {
        const happens = before;
        before = null;
        await happens?.();
        return test.database.run(steps);
      },
    };
    writer = createWriter({ database, now: () => NOW });
    await putAccount(test.database, "a", {}, NOW);
  });

  afterEach(async () => {
    await writer.close();
    expect((await verify(test.database, {})).violations).toEqual([]);
    await test.drop();
  });

  it("is forgotten when the database fails in a way that is not tried again", async () => {
    await writer.submit(grantOf("a", "g", "10"));
    before = () => Promise.reject(new Error("out of luck"));
    await expect(writer.submit(usageOf("a", "lost", "1"))).rejects.toThrow("out of luck");
    const { refusal } = await writer.submit(spendOf("a", "s", "10"));
    expect(refusal).toBeNull();
  });

  it("is forgotten when another one of its batch can't be read anew for a refusal", async () => {
    await putAccount(test.database, "b", {}, NOW);
    for (const account of ["a", "b"]) await writer.submit(grantOf(account, "g", "10"));
    before = () => Promise.reject(new Error("out of luck"));
    const settled = await Promise.allSettled([
      writer.submit(usageOf("a", "u", "1")),
      writer.submit(usageOf("b", "u", "1")),
      writer.submit(spendOf("b", "too-much", "1000")),
    ]);
    // The batch is tried again in parts, so that the failure harms no other.
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    for (const account of ["a", "b"]) await writer.submit(spendOf(account, "s", "1"));
    const balances = await test.database.query("SELECT balance FROM credits.accounts");
    expect(balances).toEqual([{ balance: 8_000_000n }, { balance: 8_000_000n }]);
  });

  it("is forgotten when it is gone as it is read anew", async () => {
    // It is remembered as it was made, at the very version it will have when it is made once more.
    await writer.submit(spendOf("a", "s0", "1"));
    before = async () => {
      await test.database.query("DELETE FROM credits.accounts");
    };
    const lost = await Promise.all([
      writer.submit(usageOf("a", "u1", "1")),
      writer.submit(spendOf("a", "s", "1000")),
    ]);
    expect(lost.map(({ refusal }) => refusal?.code)).toEqual(["account_not_found", "account_not_found"]);
    await putAccount(test.database, "a", {}, NOW);
    expect(await writer.submit(usageOf("a", "u2", "1"))).toMatchObject({ entry: { seq: 1 } });
  });

  it("is not read again for commands that are all refused, but for their keys", async () => {
    await writer.submit(grantOf("a", "g", "10"));
    let statements = 0;
    const counting: Database = {
      ...test.database,
      run: (steps) => {
        statements += steps.length;
        return test.database.run(steps);
      },
    };
    const other = createWriter({ database: counting, now: () => NOW });
    await other.submit(usageOf("a", "u", "1"));
    statements = 0;
    expect((await other.submit(spendOf("a", "s", "1000"))).refusal?.code).toBe("insufficient_credits");
    // Two look up the key, among entries and among holds, and one checks that the account is as remembered.
    expect(statements).toBe(3);
    await other.close();
  });
});
