import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Category } from "../../src/core/kinds.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { type AsOf, readActivity } from "../../src/queries/activity.js";
import { credits, toGrant, toUsage } from "../commands.js";
import { minutes, NOW } from "../core/rules.js";
import { ENGINES, openTestDatabase, putAccount, type TestDatabase } from "../databases.js";

describe.each(ENGINES)("the activity of an account on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;

  beforeAll(async () => {
    test = await openTestDatabase(name);
    engine = createEngine({ database: test.database, now: () => NOW });
    await putAccount(test.database, "a", {}, NOW);
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  const read = async (asOf: AsOf | null = null, filter: Category | "all" = "all") => {
    const found = await readActivity(test.database, "a", { filter, offset: 0, limit: 8, asOf }, NOW);
    if (found === null) throw new Error("The account does not exist.");
    return found;
  };

  it("at an earlier moment has each row as it was then, while its window is open and later", async () => {
    let keys = 0;
    const facts = {
      member: { id: "m", label: "Member" },
      task: { id: "t", label: null },
      description: "Chat",
      originalCredits: credits("2"),
    };
    const submit = (minute: number, change: object = {}) =>
      engine.submit(toUsage("a", `u${keys++}`, "1", { ...facts, occurredAt: minutes(minute), ...change }));
    await engine.submit(toGrant("a", "g", "10"));
    await submit(1);
    await submit(2, { member: null, originalCredits: null });
    await submit(2);
    const then = await read();
    expect(then.rows).toMatchObject([
      { credits: credits("-1"), originalCredits: null, discount: null, member: null, entries: 1 },
      {
        credits: credits("-2"),
        originalCredits: credits("4"),
        discount: 500,
        member: { id: "m" },
        task: { id: "t" },
        description: "Chat",
        entries: 2,
      },
      { kind: "purchase" },
    ]);
    await submit(0, { description: "Other" });
    await submit(3);
    await submit(3, { member: null, originalCredits: null, description: "Other" });
    expect((await read()).rows).toMatchObject([
      { entries: 2, credits: credits("-2") },
      { entries: 4, credits: credits("-4"), originalCredits: credits("8"), description: null },
      { kind: "purchase" },
    ]);
    expect(await read(then.asOf)).toEqual(then);
    expect((await read(then.asOf, "used")).rows).toEqual(then.rows.slice(0, 2));
    await engine.submit(toGrant("a", "g2", "10"));
    expect(await read(then.asOf)).toEqual(then);
  });
});
