import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Instant } from "../../src/ledger/instant.js";
import { putAccount } from "../../src/store/accounts.js";
import { verify } from "../../src/store/verify/verify.js";
import { createWriter, type Writer } from "../../src/writer/writer.js";
import { ENGINES, openTestDatabase, type TestDatabase } from "../databases.js";
import { histories } from "../model/histories.js";
import type { Outcome as Predicted } from "../model/model.js";
import { play } from "../model/play.js";
import { checkAccount, checkOutcome } from "./compare.js";
import { readAll } from "./read-all.js";
import { named, runs } from "./seed.js";

/** How many histories each engine is put through: the embedded one is slower at it. */
const HISTORIES = { pglite: 150, postgres: 250 };

describe.each(ENGINES)("random histories through the store on %s", (engine) => {
  let test: TestDatabase;
  let writer: Writer;
  let now = 0 as Instant;

  beforeAll(async () => {
    test = await openTestDatabase(engine);
    writer = createWriter({ database: test.database, now: () => now });
  });

  afterAll(async () => {
    await writer.close();
    await test.drop();
  });

  it(named(`${HISTORIES[engine]} come to what the naive model says, commands of a step sent at once`), {
    timeout: 300_000,
  }, async () => {
    let played = 0;
    await fc.assert(
      fc.asyncProperty(histories(), async (history) => {
        played++;
        const nameOf = (index: number) => `history ${played}, account ${index}`;
        await Promise.all(
          history.accounts.map(({ overdraftLimit }, index) =>
            putAccount(test.database, nameOf(index), { overdraftLimit }, history.start),
          ),
        );
        for (const step of play(history, nameOf)) {
          now = step.now;
          const outcomes = await Promise.all(step.commands.map((command) => writer.submit(command)));
          outcomes.forEach((outcome, index) => {
            checkOutcome(outcome, step.outcomes[index] as Predicted);
          });
          const touched = new Set(step.commands.map((command) => command.account));
          for (const { account, model } of step.players) {
            if (touched.has(account)) checkAccount(await readAll(test.database, account), model);
          }
        }
      }),
      runs(HISTORIES[engine]),
    );
  });

  it("leave a database that verifies", async () => {
    const { violations, accounts, entries } = await verify(test.database, {});
    expect(violations).toEqual([]);
    expect(accounts).toBeGreaterThan(HISTORIES[engine]);
    expect(entries).toBeGreaterThan(accounts);
  });
});
