import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Micros } from "../../src/core/amount.js";
import { NO_FACTS } from "../../src/core/facts.js";
import {
  addSeconds,
  formatInstant,
  type Instant,
  instantFromMillis,
  parseInstant,
} from "../../src/core/instant.js";
import { ClosedError, createEngine, type Engine } from "../../src/engine/engine.js";
import { listDueAccounts, readAccount } from "../../src/queries/account.js";
import { credits, toGrant, toHold, toSpend, toTouch, toUsage } from "../commands.js";
import { ENGINES, openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";
import { checkAlone } from "../properties/compare.js";
import { readAll } from "../properties/read-all.js";

const NOW = parseInstant("2026-11-22T10:05:00.123457Z");

describe.each(ENGINES)("the engine on %s", (database) => {
  let test: TestDatabase;
  let engine: Engine;
  let now: Instant = NOW;

  beforeAll(async () => {
    test = await openTestDatabase(database);
    engine = createEngine({ database: test.database, now: () => now });
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  async function accountWith(name: string, amount: string): Promise<void> {
    await putAccount(test.database, name, {}, NOW);
    await engine.submit(toGrant(name, "start", amount));
  }

  it("posts exactly those of 64 concurrent spends that the balance covers", async () => {
    await accountWith("spenders", "32");
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, index) => engine.submit(toSpend("spenders", `spend-${index}`, "1"))),
    );
    const refused = outcomes.filter((outcome) => outcome.refusal !== null);
    expect(refused).toHaveLength(32);
    expect(new Set(refused.map((outcome) => outcome.refusal?.code))).toEqual(
      new Set(["insufficient_credits"]),
    );
    expect((await readAccount(test.database, "spenders", now))?.balance).toBe(0n);
  });

  it.each([
    "UPDATE credits.entries SET credits = credits + 1 WHERE account = 'kept'",
    "UPDATE credits.entries SET description = NULL, salt = NULL",
    "DELETE FROM credits.entries WHERE account = 'kept'",
    "TRUNCATE credits.entries",
  ])("refuses %s", async (sql) => {
    await putAccount(test.database, "kept", {}, NOW);
    await engine.submit(toGrant("kept", "kept", "5"));
    const before = await readAll(test.database, "kept");
    await expect(runScript(test.database, sql)).rejects.toThrow(/append-only/);
    expect(await readAll(test.database, "kept")).toEqual(before);
  });

  it("keeps microseconds", async () => {
    await accountWith("micros", "5");
    const occurredAt = parseInstant("2026-11-22T10:04:59.999999Z");
    await engine.submit(toUsage("micros", "u", "1", { occurredAt }));
    const { entries, rows } = await readAll(test.database, "micros");
    expect(entries.map((entry) => formatInstant(entry.occurredAt))).toEqual([
      "2026-11-22T10:05:00.123457Z",
      "2026-11-22T10:04:59.999999Z",
    ]);
    expect(entries[1]?.recordedAt).toBe(NOW);
    expect(rows[1]?.startedAt).toBe(occurredAt);
  });

  it("returns strings, numbers and amounts as they were hashed", async () => {
    await putAccount(test.database, "facts", {}, NOW);
    const facts = {
      description: "\"quoted\" \\ back\n{1,2} 'x' \u{1F4B3} \u2028 \u007f",
      source: { type: "mod,el", id: "", label: "NULL" },
      project: { id: "null", label: null },
      member: { id: "\\N", label: null },
      task: { id: "{}", label: null },
      price: "'",
      quantities: { "10": "1.5", "9": "-0.000001", ü: "9223372036854.775807" },
      estimated: false,
      metadata: { "a b": 1e21, z: -0.1, a: true, '"': "\\", long: 0.1 + 0.2 },
      privateMetadata: { "10": 1e-7, "9": "nine" },
    };
    const usage = toUsage("facts", "ключ \u{1F511}", "9223372036854.775807", {
      ...facts,
      cost: -9223372036854775807n as Micros,
    });
    await engine.submit(usage);
    const repeated = await engine.submit(usage);
    expect(repeated).toMatchObject({
      refusal: null,
      repeated: true,
      entry: { facts: { ...facts, cost: -9223372036854775807n }, credits: -9223372036854775807n },
    });
    checkAlone(await readAll(test.database, "facts"));
  });

  it("returns the facts of a hold as they were given", async () => {
    await putAccount(test.database, "hold-facts", { overdraftLimit: credits("5") }, NOW);
    const facts = {
      description: '"quoted" \\ back \u2028',
      source: { type: "a", id: null, label: "b" },
      project: { id: "null", label: null },
      member: { id: "{}", label: null },
      task: { id: "'", label: null },
      metadata: { z: 0.1 + 0.2, "10": true, "9": "\\" },
      privateMetadata: { margin: -0.1 },
    };
    const hold = toHold("hold-facts", "h", "5", facts);
    await engine.submit(hold);
    expect(await engine.submit(hold)).toMatchObject({ repeated: true, hold: { facts } });
    const bare = toHold("hold-facts", "bare", "0.000001");
    await putAccount(test.database, "hold-facts", { overdraftLimit: credits("10") }, NOW);
    await engine.submit(bare);
    expect(await engine.submit(bare)).toMatchObject({ repeated: true, hold: { facts: NO_FACTS } });
  });

  it("refuses what would leave the range of its columns, and writes nothing", async () => {
    await putAccount(test.database, "range", {}, NOW);
    await engine.submit(toUsage("range", "1", "9223372036854.775807"));
    const outcome = await engine.submit(toUsage("range", "2", "0.000001"));
    expect(outcome.refusal?.code).toBe("amount_out_of_range");
    expect((await readAll(test.database, "range")).entries).toHaveLength(1);
  });

  it("finds what is due by its time, and a touch posts it at the instant of its expiry", async () => {
    await putAccount(test.database, "due", {}, NOW);
    const expiresAt = (NOW + 1_000_000) as Instant;
    await engine.submit(toGrant("due", "g", "5", { expiresAt }));
    expect(await listDueAccounts(test.database, NOW, 10)).toEqual([]);
    now = (expiresAt + 5_000_000) as Instant;
    expect(await listDueAccounts(test.database, now, 10)).toEqual(["due"]);
    expect(await readAccount(test.database, "due", now)).toMatchObject({
      balance: 5_000_000n,
      available: 0n,
    });
    await engine.submit(toTouch("due"));
    expect(await listDueAccounts(test.database, now, 10)).toEqual([]);
    const { entries } = await readAll(test.database, "due");
    expect(entries[1]).toMatchObject({ kind: "expiry", occurredAt: expiresAt, recordedAt: now, balance: 0n });
    now = NOW;
  });

  it.each([
    [
      "a debt, and a grant for some kinds only",
      [
        ["debt", "5"],
        ["scoped", "10"],
      ],
      "-5",
    ],
    [
      "a debt, and grants of both sorts",
      [
        ["debt", "5"],
        ["scoped", "10"],
        ["pending", "8"],
      ],
      "0",
    ],
    [
      "a hold on a grant for some kinds only",
      [
        ["scoped", "10"],
        ["hold", "4"],
        ["debt", "5"],
      ],
      "-5",
    ],
    [
      "a hold on grants of both sorts",
      [
        ["scoped", "10"],
        ["open", "3"],
        ["hold", "12"],
        ["debt", "5"],
      ],
      "-4",
    ],
    [
      "holds that ended",
      [
        ["scoped", "10"],
        ["open", "3"],
        ["short hold", "12"],
        ["debt", "5"],
      ],
      "-2",
    ],
  ] as const)("reads what is due as it will be posted: %s", async (name, steps, available) => {
    await putAccount(test.database, name, {}, NOW);
    const expiresAt = addSeconds(NOW, 60);
    const toCommand = {
      debt: (amount: string) => toUsage(name, "debt", amount, { kind: "build_usage" }),
      scoped: (amount: string) => toGrant(name, "scoped", amount, { expiresAt, only: ["ai_usage"] }),
      open: (amount: string) => toGrant(name, "open", amount, { expiresAt }),
      pending: (amount: string) =>
        toGrant(name, "pending", amount, { expiresAt, effectiveAt: addSeconds(NOW, 30) }),
      hold: (amount: string) => toHold(name, "hold", amount, { expiresIn: 600 }),
      "short hold": (amount: string) => toHold(name, "hold", amount, { expiresIn: 30 }),
    };
    for (const [step, amount] of steps) {
      expect(await engine.submit(toCommand[step](amount))).toMatchObject({ refusal: null });
    }
    now = addSeconds(NOW, 90);
    const before = await readAccount(test.database, name, now);
    await engine.submit(toTouch(name));
    const after = await readAccount(test.database, name, now);
    now = NOW;
    expect(before).toMatchObject({ available: after?.available, pending: after?.pending });
    expect(after?.available).toBe(credits(available));
  });

  it("posts a batch larger than one transaction takes, in the order of arrival", async () => {
    await accountWith("large", "1");
    await Promise.all(
      Array.from({ length: 2_500 }, (_, index) => engine.submit(toUsage("large", `u-${index}`, "0.001"))),
    );
    const { entries } = await readAll(test.database, "large");
    expect(entries.slice(1).map((entry) => entry.key)).toEqual(
      Array.from({ length: 2_500 }, (_, index) => `u-${index}`),
    );
  });

  it("is not harmed by a command the database can't take", async () => {
    await accountWith("harm", "5");
    const outcomes = await Promise.allSettled([
      engine.submit(toSpend("harm", "good-1", "1")),
      engine.submit(toSpend("harm", "bad", "1", { description: "\u0000" })),
      engine.submit(toSpend("harm", "good-2", "1")),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const { entries } = await readAll(test.database, "harm");
    expect(entries.map((entry) => entry.key)).toEqual(["start", "good-1", "good-2"]);
  });

  it("takes nothing more once it is closed, and finishes what it took", async () => {
    await accountWith("closing", "5");
    const own = createEngine({ database: test.database, now: () => instantFromMillis(Date.now()) });
    const taken = own.submit(toSpend("closing", "taken", "1"));
    const closed = own.close();
    await expect(own.submit(toSpend("closing", "late", "1"))).rejects.toThrow(ClosedError);
    await closed;
    expect((await taken).refusal).toBeNull();
  });
});
