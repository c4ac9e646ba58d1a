import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Entry } from "../../src/core/entry.js";
import { addSeconds, type Instant } from "../../src/core/instant.js";
import { DUE_MAX } from "../../src/core/operations/expire.js";
import type { Database } from "../../src/db/port.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { readAccount } from "../../src/queries/account.js";
import { verify } from "../../src/verify/verify.js";
import { toGrant, toHold, toSpend, toTouch } from "../commands.js";
import { ENGINES, openTestDatabase, putAccount, type TestDatabase } from "../databases.js";
import { readAll } from "../properties/read-all.js";

const NOW = 1_795_341_900_000_000 as Instant;
const LATER = addSeconds(NOW, 3_600);

/** The grants and the holds that come due at once, and the batches that it takes to post them. */
const GRANTS = 6 * DUE_MAX;
const HOLDS = 2 * DUE_MAX;
const BATCHES = 8;

describe.each(ENGINES)("an account with much due on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;
  let now: Instant;
  let tests = 0;
  let much = "";
  /** Accounts of both lanes. */
  let others: string[] = [];

  beforeAll(async () => {
    test = await openTestDatabase(name);
    engine = createEngine({ database: test.database, now: () => now });
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  beforeEach(async () => {
    now = NOW;
    tests += 1;
    much = `${tests}: much`;
    others = [0, 1, 2, 3].map((index) => `${tests}: other ${index}`);
    for (const account of [much, ...others]) {
      await putAccount(test.database, account, {}, NOW);
      await engine.submit(toGrant(account, "kept", "100"));
    }
    // They expire in another order than that in which they were made.
    const grants = Array.from({ length: GRANTS }, (_, index) =>
      toGrant(much, `g-${index}`, "1", { expiresAt: addSeconds(NOW, 60 + ((index * 7_919) % GRANTS) / 10) }),
    );
    const holds = Array.from({ length: HOLDS }, (_, index) =>
      toHold(much, `h-${index}`, "1", { expiresIn: 60 + (index % 300) }),
    );
    await engine.submitAll([...grants, ...holds]);
    now = LATER;
  });

  it("is worked off in batches, between which other accounts have their turn", async () => {
    let isDone = false;
    const spend = engine.submit(toSpend(much, "spend", "1")).then((outcome) => {
      isDone = true;
      return outcome;
    });
    let turns = 0;
    for (; !isDone; turns++) {
      await Promise.all(others.map((account) => engine.submit(toSpend(account, `s-${turns}`, "0.01"))));
    }
    // A turn waits for the batch in flight and for its own.
    expect(turns).toBeGreaterThanOrEqual(BATCHES / 2 - 1);
    expect(await spend).toMatchObject({ refusal: null, entry: { balance: 99_000_000n } });
    const { entries } = await readAll(test.database, much);
    const expiries = entries.filter(({ kind }) => kind === "expiry").map(({ occurredAt }) => occurredAt);
    expect(expiries).toHaveLength(GRANTS);
    expect(expiries).toEqual([...expiries].sort((a, b) => a - b));
    expect(await readAccount(test.database, much, now)).toMatchObject({ balance: 99_000_000n, held: 0n });
    expect((await verify(test.database, {})).violations).toEqual([]);
  });

  it("decides its commands in the order of their arrival, also those that come meanwhile in large batches", async () => {
    const seqs: (number | undefined)[] = [];
    const submitted: Promise<unknown>[] = [];
    let isDone = false;
    const send = (count: number) => {
      for (let index = 0; index < count; index++) {
        const key = `s-${submitted.length}`;
        const place = submitted.length;
        const sent = engine.submit(toSpend(much, key, "0.001")).then((outcome) => {
          isDone = true;
          seqs[place] = ("entry" in outcome ? (outcome.entry as Entry) : undefined)?.seq;
        });
        submitted.push(sent);
      }
    };
    send(1);
    while (!isDone) {
      const spends = Array.from({ length: 150 }, (_, index) =>
        engine.submit(toSpend(others[index % 4] as string, `o-${submitted.length}-${index}`, "0.01")),
      );
      send(100);
      await Promise.all(spends);
    }
    await Promise.all(submitted);
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] as number) + index));
    expect((await verify(test.database, {})).violations).toEqual([]);
  });

  it.each([
    ["first", 1],
    ["last but one", BATCHES - 2],
  ])("decides its commands in their order when its %s batch fails", async (_, failing) => {
    let writes = 0;
    const database: Database = {
      ...test.database,
      write: async (sql, params) => {
        if (sql.startsWith("WITH")) writes += 1;
        if (writes === failing) {
          writes += 1;
          throw new Error("broken");
        }
        return test.database.write(sql, params);
      },
    };
    const failed = createEngine({ database, now: () => now });
    const keys = Array.from({ length: 8 }, (_, index) => `s-${index}`);
    const outcomes = await Promise.all(keys.map((key) => failed.submit(toSpend(much, key, "0.001"))));
    await failed.close();
    expect(writes).toBeGreaterThan(failing);
    const seqs = outcomes.map((outcome) => ("entry" in outcome ? outcome.entry?.seq : undefined));
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] as number) + index));
    expect((await verify(test.database, {})).violations).toEqual([]);
  });

  it("is touched to its end by one touch", async () => {
    await engine.submit(toTouch(much));
    expect(await readAccount(test.database, much, now)).toMatchObject({ balance: 100_000_000n, held: 0n });
    const due = "SELECT due_at FROM credits.accounts WHERE account = $1";
    expect(await test.database.query(due, [much])).toEqual([{ due_at: null }]);
  });

  it("goes on where another server has posted a part", async () => {
    const other = createEngine({ database: test.database, now: () => now });
    await Promise.all([engine.submit(toTouch(much)), other.submit(toTouch(much))]);
    await other.close();
    const { entries } = await readAll(test.database, much);
    expect(entries.filter(({ kind }) => kind === "expiry")).toHaveLength(GRANTS);
    expect((await verify(test.database, {})).violations).toEqual([]);
  });
});
