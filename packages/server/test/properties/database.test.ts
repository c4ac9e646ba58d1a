import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Instant } from "../../src/core/instant.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { verify } from "../../src/verify/verify.js";
import { openTestDatabase, putAccount, type TestDatabase } from "../databases.js";
import { histories } from "../model/histories.js";
import type { Outcome as Predicted } from "../model/model.js";
import { play } from "../model/play.js";
import { checkAccount, checkOutcome } from "./compare.js";
import { readAll } from "./read-all.js";
import { toParameters, withSeed } from "./seed.js";
import { translate } from "./translate.js";

/** The histories per database, and the servers that take turns with their steps. The embedded one takes longer. */
const RUNS = [
  ["pglite", { servers: 1, histories: 150 }],
  ["postgres", { servers: 1, histories: 200 }],
  ["postgres", { servers: 2, histories: 100 }],
] as const;

describe.each(RUNS)(
  "random histories through the engine on %s, %o",
  (name, { servers, histories: count }) => {
    let test: TestDatabase;
    let engines: Engine[];
    let now = 0 as Instant;

    beforeAll(async () => {
      test = await openTestDatabase(name);
      engines = Array.from({ length: servers }, () =>
        createEngine({ database: test.database, now: () => now }),
      );
    });

    afterAll(async () => {
      await Promise.all(engines.map((engine) => engine.close()));
      await test.drop();
    });

    it(withSeed(`${count} are what the naive model predicts, commands of a step sent at once`), {
      timeout: 300_000,
    }, async () => {
      let played = 0;
      await fc.assert(
        fc.asyncProperty(histories(), async (history) => {
          played++;
          const toAccount = (index: number) => `history ${played}, account ${index}`;
          await Promise.all(
            history.accounts.map(({ overdraftLimit }, index) =>
              putAccount(test.database, toAccount(index), { overdraftLimit }, history.start),
            ),
          );
          let steps = 0;
          for (const step of play(history, toAccount)) {
            now = step.now;
            const engine = engines[steps++ % servers] as Engine;
            const outcomes = await Promise.all(
              step.commands.map((command) => engine.submit(translate(command))),
            );
            outcomes.forEach((outcome, index) => {
              checkOutcome(outcome, step.outcomes[index] as Predicted);
            });
            const touched = new Set(step.commands.map((command) => command.account));
            for (const { account, model } of step.players) {
              if (touched.has(account)) checkAccount(await readAll(test.database, account), model);
            }
          }
        }),
        toParameters(count),
      );
    });

    it("leave a database that verifies", async () => {
      const { violations, accounts, entries } = await verify(test.database, {});
      expect(violations).toEqual([]);
      expect(accounts).toBeGreaterThan(count);
      expect(entries).toBeGreaterThan(accounts);
    });
  },
);
