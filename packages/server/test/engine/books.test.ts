import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { micros } from "../../src/core/amount.js";
import type { AnyCommand } from "../../src/core/command.js";
import type { Instant } from "../../src/core/instant.js";
import { toByKind, toSums } from "../../src/core/sums.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { assertBooks, BooksError } from "../../src/engine/persist.js";
import { toGrant, toHold, toRelease, toSpend, toUsage, toVoidGrant } from "../commands.js";
import { decideAll, toCodes, toEmptyAccount } from "../core/rules.js";
import { ENGINES, openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";
import { readAll } from "../properties/read-all.js";

const NOW = 1_795_341_900_000_000 as Instant;

const NO_CHANGES = { grants: [], reservations: [] };

describe("the books of an account", () => {
  const commands = [
    toGrant("a", "g", "10"),
    toUsage("a", "u", "12"),
    toGrant("a", "h", "5"),
    toHold("a", "h1", "1"),
  ];

  it("are sound after any commands", () => {
    const { state, changes } = decideAll(commands);
    expect(() => assertBooks(toEmptyAccount(), NO_CHANGES)).not.toThrow();
    expect(() => assertBooks(state, changes)).not.toThrow();
    // The sums that were kept are those of the grants and holds as they are.
    const { reserved, held, setAside } = toSums(state.grants, state.holds.values());
    expect(state.sums).toMatchObject({ reserved, held, setAside });
  });

  it("are sound with few and with many grants, whatever is refused", () => {
    const toGrants = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) =>
        toGrant("a", `${name}-${index}`, "3", { kind: index % 2 === 0 ? "bonus" : "purchase" }),
      );
    let state = toEmptyAccount();
    const decide = (...some: readonly AnyCommand[]) => {
      const decided = decideAll(some, state);
      state = decided.state;
      expect(() => assertBooks(state, decided.changes)).not.toThrow();
      const fresh = toSums(state.grants, state.holds.values());
      expect(toByKind(state)).toEqual(toByKind({ grants: state.grants, sums: fresh }));
      return toCodes(decided);
    };
    decide(...toGrants("first", 15));
    for (let round = 0; round < 5; round++) {
      decide(...toGrants(`round-${round}`, 2));
      expect(
        decide(
          toSpend("a", `s-${round}`, "7"),
          toSpend("a", `r-${round}`, "1000"),
          toHold("a", `h-${round}`, "2"),
          toVoidGrant("a", `v-${round}`, round + 1),
        ),
      ).toContain("insufficient_credits");
    }
    expect(state.grants.length).toBeGreaterThan(16);
    expect(state.sums.byKind).not.toBeNull();
  });

  it.each([
    [
      "balance",
      /^The grants of account "a" have 3 remaining, which less the debt 0 is not the balance 3.000001\. Run/,
    ],
    [
      "debt",
      /^The grants of account "a" have 3 remaining, which less the debt 0.000001 is not the balance 3\. Run/,
    ],
    [
      "held",
      /^The open holds of account "a" are 1, which is not the 1.000001 held\. Run verify on the account\.$/,
    ],
  ] as const)("are not sound with another %s", (name, message) => {
    const { state } = decideAll(commands);
    state[name] = micros(state[name] + 1n);
    expect(() => assertBooks(state, NO_CHANGES)).toThrow(BooksError);
    expect(() => assertBooks(state, NO_CHANGES)).toThrow(message);
  });
});

describe.each(ENGINES)("an account with wrong books on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;
  let accounts = 0;
  let wrong: string;
  let sound: string;

  beforeAll(async () => {
    test = await openTestDatabase(name);
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  beforeEach(async () => {
    engine = createEngine({ database: test.database, now: () => NOW });
    accounts += 1;
    wrong = `wrong-${accounts}`;
    sound = `sound-${accounts}`;
    for (const account of [wrong, sound]) {
      await putAccount(test.database, account, {}, NOW);
      await engine.submit(toGrant(account, "g", "10"));
      await engine.submit(toHold(account, "h", "2"));
    }
  });

  const falsify = (set: string) =>
    runScript(
      test.database,
      `UPDATE credits.accounts SET ${set}, version = version + 1 WHERE account = '${wrong}'`,
    );

  /** Submits commands on both accounts at once, and expects that only those on the wrong one fail. */
  async function expectFailure(by: Engine): Promise<void> {
    const before = await readAll(test.database, wrong);
    const settled = await Promise.allSettled([
      by.submit(toSpend(wrong, "s1", "1")),
      by.submit(toSpend(sound, "s1", "1")),
      by.submit(toRelease(wrong, "r", "hold-h")),
      by.submit(toUsage(sound, "u1", "1")),
      by.submit(toSpend(wrong, "too-much", "1000")),
    ]);
    expect(settled.map(({ status }) => status)).toEqual([
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
    ]);
    for (const one of settled) if (one.status === "rejected") expect(one.reason).toBeInstanceOf(BooksError);
    expect(await readAll(test.database, wrong)).toEqual(before);
    const after = await readAll(test.database, sound);
    expect(after.entries.map(({ key }) => key)).toEqual(["g", "s1", "u1"]);
    expect(after.account.balance).toBe(8_000_000n);
  }

  it.each([
    ["balance", "balance = balance + 1"],
    ["debt", "debt = debt + 1"],
    ["held credits", "held = held + 1"],
  ])("fails loudly for its %s, writes nothing, and harms no other account", async (_name, set) => {
    await falsify(set);
    await expectFailure(createEngine({ database: test.database, now: () => NOW }));
  });

  it("fails loudly when another server has falsified it, and its accounts are locked", async () => {
    await falsify("balance = balance - 1");
    await expectFailure(engine);
  });

  it("takes commands again once its books are corrected", async () => {
    await falsify("balance = balance + 1");
    await expectFailure(engine);
    await falsify("balance = balance - 1");
    expect((await engine.submit(toSpend(wrong, "s1", "1"))).refusal).toBeNull();
    expect((await readAll(test.database, wrong)).account.balance).toBe(9_000_000n);
  });
});
