import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Command } from "../../src/core/command.js";
import type { Instant } from "../../src/core/instant.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { verify } from "../../src/verify/verify.js";
import { toGrant, toHold, toRefund, toRelease, toSettle, toSpend, toUsage } from "../commands.js";
import { ENGINES, openTestDatabase, putAccount, type TestDatabase } from "../databases.js";
import { readAll } from "../properties/read-all.js";

const NOW = 1_795_341_900_000_000 as Instant;

const project = (label: string | null, id = "p") => ({ project: { id, label } });

describe.each(ENGINES)("labels on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;
  let accounts = 0;
  let account: string;

  beforeAll(async () => {
    test = await openTestDatabase(name);
    engine = createEngine({ database: test.database, now: () => NOW });
  });

  afterAll(async () => {
    expect((await verify(test.database, {})).violations).toEqual([]);
    await engine.close();
    await test.drop();
  });

  beforeEach(async () => {
    accounts += 1;
    account = `account-${accounts}`;
    await putAccount(test.database, account, {}, NOW);
    await engine.submit(toGrant(account, "g", "100"));
  });

  const run = async (...commands: readonly Command[]) => {
    for (const command of commands) await engine.submit(command);
  };
  const read = async (of = account) => {
    const { labels } = await readAll(test.database, of);
    return labels.map(({ dimension, id, label }) => [dimension, id, label]);
  };

  it("are kept once per account, dimension and id, and the latest wins", async () => {
    const all = (label: string) => ({
      ...project(label, "same"),
      member: { id: "same", label: `member ${label}` },
      task: { id: "same", label: `task ${label}` },
    });
    await run(toSpend(account, "1", "1", all("first")), toUsage(account, "2", "1", all("second")));
    expect(await read()).toEqual([
      ["member", "same", "member second"],
      ["project", "same", "second"],
      ["task", "same", "task second"],
    ]);
    await run(toHold(account, "3", "1", all("third")), toSpend(account, "4", "1", project("other", "other")));
    expect(await read()).toEqual([
      ["member", "same", "member third"],
      ["project", "other", "other"],
      ["project", "same", "third"],
      ["task", "same", "task third"],
    ]);
  });

  it("stay when a command names the id alone", async () => {
    await run(toSpend(account, "1", "1", project("first")), toSpend(account, "2", "1", project(null)));
    expect(await read()).toEqual([["project", "p", "first"]]);
  });

  it("of another account stay as they are", async () => {
    const other = `${account}-other`;
    await putAccount(test.database, other, {}, NOW);
    await engine.submit(toUsage(other, "1", "1", project("theirs")));
    const before = await readAll(test.database, other);
    await run(toSpend(account, "1", "1", project("ours")));
    expect(await read()).toEqual([["project", "p", "ours"]]);
    expect(await readAll(test.database, other)).toEqual(before);
  });

  it("of one batch are kept in the order of its commands", async () => {
    await Promise.all([
      engine.submit(toHold(account, "hold", "1", project("held"))),
      engine.submit(toSpend(account, "1", "1", project("first"))),
      engine.submit(toSpend(account, "2", "1", project("second"))),
    ]);
    expect(await read()).toEqual([["project", "p", "second"]]);
  });

  it("come from commands, and not from what these refer to", async () => {
    await run(
      toHold(account, "h1", "1", project("held")),
      toHold(account, "h2", "1", project("held")),
      toSpend(account, "1", "1", project("first")),
      toSpend(account, "2", "1", project("renamed")),
      toSettle(account, "3", "hold-h1", "1"),
      toRelease(account, "4", "hold-h2"),
      toRefund(account, "5", 2),
    );
    expect(await read()).toEqual([["project", "p", "renamed"]]);
    // In one batch the entry to return still has its label.
    await Promise.all([
      engine.submit(toSpend(account, "6", "1", project("early"))),
      engine.submit(toSpend(account, "7", "1", project("late"))),
      engine.submit(toRefund(account, "8", 6)),
    ]);
    expect(await read()).toEqual([["project", "p", "late"]]);
  });

  it("of refused and repeated commands are not kept", async () => {
    const first = toSpend(account, "1", "1", project("first"));
    await run(first, toSpend(account, "2", "1", project("second")));
    expect(await engine.submit(first)).toMatchObject({ repeated: true });
    expect(await read()).toEqual([["project", "p", "second"]]);
    const refused = await engine.submit(toSpend(account, "3", "1000", project("refused", "q")));
    expect(refused.refusal?.code).toBe("insufficient_credits");
    expect(await read()).toEqual([["project", "p", "second"]]);
  });

  it("are not part of entries, so a renamed project keeps its row", async () => {
    await run(toSpend(account, "1", "1", project("first")), toSpend(account, "2", "1", project("second")));
    const { entries, rows } = await readAll(test.database, account);
    expect(entries.slice(1).map(({ facts }) => facts.project)).toEqual([
      { id: "p", label: null },
      { id: "p", label: null },
    ]);
    expect(rows.slice(1)).toMatchObject([{ entries: 2, project: { id: "p", label: null } }]);
  });
});
