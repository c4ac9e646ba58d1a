import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Operation } from "../../src/core/command.js";
import type { Instant } from "../../src/core/instant.js";
import type { Database } from "../../src/db/port.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { verify } from "../../src/verify/verify.js";
import { toGrant, toSpend, toUsage } from "../commands.js";
import { ENGINES, openTestDatabase, putAccount, type TestDatabase } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;

/** The commands that are worth two batches, one of which is decided while the other is in flight. */
const MANY = 256;

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe.each(ENGINES)("a batch that is decided ahead on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;
  /** Runs before the writes to come, one each. */
  let hooks: (() => Promise<void>)[] = [];
  let writes = 0;
  let decided = 0;
  let locked = 0;

  beforeEach(async () => {
    test = await openTestDatabase(name);
    const database: Database = {
      ...test.database,
      write: async (sql, params) => {
        if (!sql.startsWith("WITH")) return test.database.write(sql, params);
        writes += 1;
        await hooks.shift()?.();
        return test.database.write(sql, params);
      },
      transaction: (mode, work) => {
        locked += 1;
        return test.database.transaction(mode, work);
      },
    };
    const now = () => {
      decided += 1;
      return NOW;
    };
    engine = createEngine({ database, now });
    await putAccount(test.database, "a", {}, NOW);
    await engine.submit(toGrant("a", "g", "1000"));
    // From the first large batch on, the lane overlaps batches.
    await Promise.all(range(MANY).map((index) => engine.submit(toUsage("a", `first-${index}`, "1"))));
    hooks = [];
    writes = 0;
    decided = 0;
    locked = 0;
  });

  afterEach(async () => {
    await engine.close();
    expect((await verify(test.database, {})).violations).toEqual([]);
    await test.drop();
  });

  const keysOf = async () => {
    const sql = "SELECT key FROM credits.entries WHERE account = 'a' AND seq > $1 ORDER BY seq";
    return (await test.database.query<{ key: string }>(sql, [MANY + 1])).map(({ key }) => key);
  };

  it("is sent once the batch before is written", async () => {
    let release = () => {};
    hooks = [() => new Promise((resolve) => (release = resolve))];
    const outcomes = Promise.all(range(MANY).map((index) => engine.submit(toUsage("a", `u-${index}`, "1"))));
    await turns(20);
    const seen = { writes, decided };
    release();
    expect(seen).toEqual({ writes: 1, decided: 2 });
    expect((await outcomes).map((outcome) => "entry" in outcome && outcome.entry?.seq)).toEqual(
      range(MANY).map((index) => MANY + 2 + index),
    );
    expect({ writes, decided }).toEqual({ writes: 2, decided: 2 });
    expect(await keysOf()).toEqual(range(MANY).map((index) => `u-${index}`));
  });

  it("is decided again, in the order of arrival, when the batch before fails", async () => {
    hooks = [
      async () => {
        await turns(20);
        throw new Error("broken");
      },
    ];
    const outcomes = await Promise.all(
      range(MANY).map((index) => engine.submit(toUsage("a", `u-${index}`, "1"))),
    );
    expect(outcomes.every(({ refusal }) => refusal === null)).toBe(true);
    expect(await keysOf()).toEqual(range(MANY).map((index) => `u-${index}`));
    // Had it been sent as it was decided, the account would have looked as if another server wrote to it.
    expect(locked).toBe(0);
  });

  it("is written after the batch before also when its own first try fails", async () => {
    hooks = [() => Promise.resolve(), () => Promise.reject(new Error("broken"))];
    await Promise.all(range(MANY).map((index) => engine.submit(toUsage("a", `u-${index}`, "1"))));
    expect(await keysOf()).toEqual(range(MANY).map((index) => `u-${index}`));
  });

  it("returns the first responses of keys that were in flight", async () => {
    const send = () => range(MANY / 2).map((index) => engine.submit(toUsage("a", `u-${index}`, "1")));
    const [first, second] = [send(), send()];
    const entries = (await Promise.all(first)).map((outcome) => "entry" in outcome && outcome.entry?.seq);
    const again = await Promise.all(second);
    expect(again.every((outcome) => outcome.refusal === null && outcome.repeated)).toBe(true);
    expect(again.map((outcome) => "entry" in outcome && outcome.entry?.seq)).toEqual(entries);
    expect(await keysOf()).toHaveLength(MANY / 2);
  });

  it("refuses nothing whose key was in flight", async () => {
    // They take 742.4 of the 744 that are left, so that no second payment is covered.
    const send = (key: string, amount: string) => engine.submit(toSpend("a", key, amount));
    const first = range(MANY / 2).map((index) => send(`s-${index}`, "5.8"));
    const second = range(MANY / 2).map((index) => send(`s-${index}`, "5.8"));
    const third = send("s-other", "500");
    expect((await Promise.all(first)).every(({ refusal }) => refusal === null)).toBe(true);
    const again = await Promise.all(second);
    expect(again.every((outcome) => outcome.refusal === null && outcome.repeated)).toBe(true);
    expect((await third).refusal?.code).toBe("insufficient_credits");
  });

  it("fails a command alone that can't be decided", async () => {
    const usage = toUsage("a", "odd", "1");
    const operation: Operation = {
      ...usage.operation,
      decide: () => {
        throw new Error("odd");
      },
    };
    const before = range(MANY).map((index) => engine.submit(toUsage("a", `u-${index}`, "1")));
    const odd = engine.submit({ ...usage, operation });
    await expect(odd).rejects.toThrow("odd");
    expect((await Promise.all(before)).every(({ refusal }) => refusal === null)).toBe(true);
    expect(await keysOf()).toEqual(range(MANY).map((index) => `u-${index}`));
  });
});
