import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Category } from "../../src/core/kinds.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import {
  type ActivityRange,
  type ActivityResult,
  type AsOf,
  readActivity,
} from "../../src/queries/activity.js";
import { credits, toGrant, toUsage } from "../commands.js";
import { minutes, NOW } from "../core/rules.js";
import { ENGINES, openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";

describe.each(ENGINES)("the activity of an account on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;

  beforeAll(async () => {
    test = await openTestDatabase(name);
    engine = createEngine({ database: test.database, now: () => NOW });
    for (const account of ["a", "busy", "older"]) await putAccount(test.database, account, {}, NOW);
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  const readFrom = async (account: string, range: Partial<ActivityRange>) => {
    const whole = { filter: "all", offset: 0, limit: 100, asOf: null, ...range } as const;
    const found = await readActivity(test.database, account, whole, NOW);
    if (found === null) throw new Error("The account does not exist.");
    return found;
  };
  const read = (asOf: AsOf | null = null, filter: Category | "all" = "all") =>
    readFrom("a", { filter, limit: 8, asOf });

  /** Makes usage of many sources, in turns, part of it late. The facts of shared rows agree at first. */
  const toBusy = (account: string, from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => {
      const number = from + index;
      const id = `${number % 70}`;
      return toUsage(account, `u${number}`, "1", {
        occurredAt: minutes((number % 3) - 1),
        source: { type: "model", id, label: `Model ${id}` },
        task: number > 300 ? { id, label: null } : null,
        description: number > 200 ? "Chat" : null,
        originalCredits: number > 400 && number % 2 === 0 ? credits("2") : null,
      });
    });

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

  it("at any moment of a busy window has its rows as they were then", async () => {
    const then: ActivityResult[] = [];
    await engine.submit(toGrant("busy", "g", "10"));
    let sent = 0;
    for (const count of [1, 63, 64, 65, 150, 255, 256, 257, 350, 512, 700, 1_300]) {
      await engine.submitAll(toBusy("busy", sent, count));
      sent = count;
      then.push(await readFrom("busy", {}));
    }
    expect(then.at(-1)?.rows[0]).toMatchObject({ various: ["source", "task", "discount"] });
    expect(then[5]?.rows[0]).toMatchObject({ various: ["source"] });
    const expectSame = async () => {
      for (const page of then) {
        expect(await readFrom("busy", { asOf: page.asOf })).toEqual(page);
        const part = await readFrom("busy", { asOf: page.asOf, filter: "used", offset: 3, limit: 5 });
        expect(part.rows).toEqual(page.rows.filter(({ category }) => category === "used").slice(3, 8));
      }
    };
    await expectSame();
    await engine.submit(toGrant("busy", "g2", "10"));
    await expectSame();
    const [last] = then.slice(-1);
    if (last === undefined) throw new Error("No moment was read.");
    for (const change of [{ windowPosition: 1 }, { windowPosition: 40 }, { seq: 40 }]) {
      const found = await readFrom("busy", { asOf: { ...last.asOf, ...change } });
      expect(found, JSON.stringify(change)).toMatchObject({ isUnknown: true, rows: [] });
    }
  });

  it("at a moment of a window without states has its rows, unless that takes a long read", async () => {
    await engine.submitAll(toBusy("older", 0, 900));
    const near = await readFrom("older", {});
    await engine.submitAll(toBusy("older", 900, 1_100));
    const far = await readFrom("older", {});
    await engine.submit(toUsage("older", "last", "1"));
    await runScript(test.database, "DELETE FROM credits.window_states WHERE account = 'older'");
    expect(await readFrom("older", { asOf: near.asOf })).toEqual(near);
    expect(await readFrom("older", { asOf: far.asOf })).toMatchObject({ isUnknown: true, rows: [] });
  });
});
