import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Instant } from "../../src/core/instant.js";
import type { Reader } from "../../src/db/port.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { createLabels } from "../../src/queries/labels.js";
import { toUsage } from "../commands.js";
import { openTestDatabase, putAccount, type TestDatabase } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;

const none = { project: null, member: null, task: null };
const named = (id: string, label: string | null = null) => ({ id, label });

describe("the labels of a reader", () => {
  let test: TestDatabase;
  let engine: Engine;
  let queries = 0;

  beforeAll(async () => {
    test = await openTestDatabase("pglite");
    engine = createEngine({ database: test.database, now: () => NOW });
    for (const account of ["a", "b"]) await putAccount(test.database, account, {}, NOW);
    await engine.submit(
      toUsage("a", "1", "1", { project: named("x", "Project X"), member: named("x", "Member X") }),
    );
    await engine.submit(toUsage("b", "1", "1", { project: named("x", "Project of b") }));
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  let aheadMs = 0;

  beforeEach(() => {
    queries = 0;
    aheadMs = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() + aheadMs);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const create = () => {
    const reader: Reader = {
      ...test.database,
      query: (sql, params) => {
        queries += 1;
        return test.database.query(sql, params);
      },
    };
    return createLabels(reader);
  };

  it("are those of the account and the dimension, or the id where none was given", async () => {
    const labels = create();
    const rows = [
      { ...none, project: named("x"), member: named("x"), task: named("x") },
      { ...none, project: named("unknown") },
    ];
    const toLabel = await labels.read("a", rows);
    expect(toLabel("project", "x")).toBe("Project X");
    expect(toLabel("member", "x")).toBe("Member X");
    expect(toLabel("task", "x")).toBe("x");
    expect(toLabel("project", "unknown")).toBe("unknown");
    expect(queries).toBe(1);
    expect((await labels.read("b", rows))("project", "x")).toBe("Project of b");
  });

  it("are not read where there is nothing to label", async () => {
    await create().read("a", [none]);
    expect(queries).toBe(0);
  });

  it("are cached for five seconds", async () => {
    const labels = create();
    const row = { ...none, task: named("later") };
    expect((await labels.read("a", [row]))("task", "later")).toBe("later");
    await engine.submit(toUsage("a", "2", "1", { task: named("later", "Named") }));
    expect((await labels.read("a", [row]))("task", "later")).toBe("later");
    expect(queries).toBe(1);
    aheadMs = 5_001;
    // The cache reads the clock at most once per millisecond.
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await labels.read("a", [row]))("task", "later")).toBe("Named");
  });

  it("that this server has written are read at once", async () => {
    const labels = create();
    const row = { ...none, task: named("noted") };
    await labels.read("a", [row]);
    for (const input of [{ task: named("noted", "Noted") }, none, { project: named("x") }])
      labels.note("a", { ...none, ...input });
    const toLabel = await labels.read("a", [row, { ...none, project: named("x") }]);
    expect(toLabel("task", "noted")).toBe("Noted");
    expect(toLabel("project", "x")).toBe("Project X");
  });
});
