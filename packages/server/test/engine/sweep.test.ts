import { expect, it } from "vitest";
import { addSeconds, type Instant } from "../../src/core/instant.js";
import { createEngine } from "../../src/engine/engine.js";
import { sweepDue } from "../../src/jobs/sweep.js";
import { toGrant } from "../commands.js";
import { openTestDatabase, putAccount, runScript } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;
const LATER = addSeconds(NOW, 3_600);

it("a sweep touches all accounts but those that can't be touched, which it names", async () => {
  const test = await openTestDatabase("pglite");
  const before = createEngine({ database: test.database, now: () => NOW });
  const names = Array.from({ length: 40 }, (_, index) => `account-${index}`);
  for (const account of names) {
    await putAccount(test.database, account, {}, NOW);
    await before.submit(toGrant(account, "g", "1", { expiresAt: addSeconds(NOW, 60) }));
  }
  await before.close();
  await runScript(
    test.database,
    "UPDATE credits.accounts SET open_window = '[' WHERE account IN ('account-0', 'account-7')",
  );
  const engine = createEngine({ database: test.database, now: () => LATER });
  const sweep = () => sweepDue(test.database, engine, LATER);
  await expect(sweep()).rejects.toThrow(/^2 due accounts could not be touched: account-\d, account-\d\.$/);
  const due = () =>
    test.database.query("SELECT account FROM credits.accounts WHERE due_at IS NOT NULL ORDER BY 1");
  expect(await due()).toEqual([{ account: "account-0" }, { account: "account-7" }]);
  await runScript(test.database, "UPDATE credits.accounts SET open_window = NULL");
  expect(await sweep()).toBe(2);
  expect(await sweep()).toBe(0);
  await engine.close();
  await test.drop();
});
