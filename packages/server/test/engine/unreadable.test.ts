import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnyCommand } from "../../src/core/command.js";
import type { Instant } from "../../src/core/instant.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { toGrant, toUsage } from "../commands.js";
import { ENGINES, openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;

/** Changes after which the records of an account can't be read, and the reasons that are given. */
const CHANGES = [
  ["UPDATE credits.accounts SET due_at = 'infinity'", /"infinity" is not a time/],
  ["UPDATE credits.grants SET expires_at = 'infinity'", /"infinity" is not a time/],
  ["UPDATE credits.accounts SET open_window = '[1,'", /JSON.*Run verify on the account/],
  ["UPDATE credits.accounts SET open_window = '{}'", /not iterable.*Run verify on the account/],
] as const;

describe.each(ENGINES)("an account that can't be read on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;

  beforeAll(async () => {
    test = await openTestDatabase(name);
    engine = createEngine({ database: test.database, now: () => NOW });
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  /** Returns the message of each command that failed, and null for each other one. */
  async function submitAll(commands: readonly AnyCommand[]): Promise<(string | null)[]> {
    const outcomes = await engine.submitAll(commands);
    return outcomes.map((outcome) => (outcome instanceof Error ? outcome.message : null));
  }

  it.each(CHANGES)("fails alone, and is named, after %s", async (change, reason) => {
    const [bad, ...sound] = ["bad", "a", "b", "c"].map((account) => `${account} ${change}`);
    const accounts = [bad as string, ...sound];
    for (const account of accounts) {
      await putAccount(test.database, account, {}, NOW);
      await engine.submit(toGrant(account, "g", "1"));
      engine.evict(account);
    }
    await runScript(test.database, `${change} WHERE account = '${bad?.replaceAll("'", "''")}'`);
    for (const part of ["first", "second"]) {
      const commands = Array.from({ length: 400 }, (_, index) =>
        toUsage(accounts[index % 4] as string, `${part}-${index}`, "1"),
      );
      const messages = await submitAll(commands);
      expect(messages.filter((message) => message === null)).toHaveLength(300);
      const failed = new Set(messages.filter((message) => message !== null));
      expect([...failed]).toEqual([expect.stringMatching(reason)]);
      expect([...failed][0]).toContain(`The records of account "${bad}" can't be read: `);
    }
    await runScript(
      test.database,
      `UPDATE credits.accounts SET due_at = NULL, open_window = NULL; UPDATE credits.grants SET expires_at = NULL`,
    );
    await expect(submitAll([toUsage(bad as string, "third", "1")])).resolves.toEqual([null]);
  });
});
