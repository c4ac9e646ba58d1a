import { describe, expect, it, vi } from "vitest";
import type { Instant } from "../../src/core/instant.js";
import { createEngine } from "../../src/engine/engine.js";
import { OverloadedError } from "../../src/engine/lane.js";
import { toSpend, toUsage } from "../commands.js";
import { openTestDatabase, putAccount } from "../databases.js";
import { readAll } from "../properties/read-all.js";

const NOW = 1_795_341_900_000_000 as Instant;

describe("an engine with too much in flight", () => {
  it("takes all commands of a call or none, and writes all that it took", async () => {
    const test = await openTestDatabase("pglite");
    const engine = createEngine({ database: test.database, now: () => NOW });
    await putAccount(test.database, "a", {}, NOW);
    const many = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => toUsage("a", `${name}-${index}`, "1"));
    const taken = engine.submitAll(many("first", 9_000));
    const rest = [1, 2, 3, 4].map((part) => engine.submitAll(many(`part-${part}`, 10_000)));
    const refused = engine.submitAll(many("too-much", 1_001));
    await expect(refused).rejects.toThrow(OverloadedError);
    await expect(refused).rejects.toThrow(
      "The ledger is busy with 49000 commands and did nothing of this. Send it again in a second.",
    );
    const fits = engine.submitAll(many("fits", 1_000));
    expect(engine.isFull).toBe(true);
    const outcomes = (await Promise.all([taken, ...rest, fits])).flat();
    expect(outcomes).toHaveLength(50_000);
    const { entries } = await readAll(test.database, "a");
    expect(entries).toHaveLength(50_000);
    expect(entries.some((entry) => entry.key?.startsWith("too-much"))).toBe(false);
    const later = await engine.submit(toUsage("a", "later", "1"));
    expect(later.refusal).toBeNull();
    await engine.close();
    await test.drop();
  }, 120_000);

  it.each([
    ["description", (text: string) => ({ description: text })],
    ["metadata", (text: string) => ({ metadata: { text } })],
    ["private metadata", (text: string) => ({ privateMetadata: { text } })],
    ["quantities", (text: string) => ({ quantities: { [text]: "1" } })],
  ])("counts the %s of a command", async (_name, toFields) => {
    const test = await openTestDatabase("pglite");
    const engine = createEngine({ database: test.database, now: () => NOW });
    const fill = engine.submit(toSpend("a", "first", "1", toFields("x".repeat(64_000_000))));
    await expect(engine.submit(toSpend("a", "second", "1"))).rejects.toThrow(OverloadedError);
    await fill;
    expect((await engine.submit(toSpend("a", "third", "1"))).refusal?.code).toBe("account_not_found");
    await engine.close();
    await test.drop();
  });

  it("is full while what waits takes more than two seconds, judged by the last batch", async () => {
    const test = await openTestDatabase("pglite");
    await putAccount(test.database, "a", {}, NOW);
    let nowMs = 1_000;
    const now = vi.spyOn(performance, "now").mockImplementation(() => nowMs);
    const engine = createEngine({
      database: {
        ...test.database,
        async write(sql, params) {
          nowMs += 300;
          return test.database.write(sql, params);
        },
      },
      now: () => NOW,
    });
    const send = (name: string, count: number) =>
      engine.submitAll(Array.from({ length: count }, (_, index) => toUsage("a", `${name}-${index}`, "1")));
    // Each batch of 1,000 takes 300 ms.
    const calls = [send("first", 9_000)];
    expect(engine.isFull).toBe(false);
    await vi.waitFor(() => expect(engine.isFull).toBe(true));
    const full = nowMs;
    await vi.waitFor(() => expect(engine.isFull).toBe(false));
    expect(nowMs - full).toBeLessThan(900);
    calls.push(send("second", 7_000));
    expect(engine.isFull).toBe(true);
    await Promise.all(calls);
    expect(engine.isFull).toBe(false);
    // A lane that was slow before may be quick now.
    await new Promise(setImmediate);
    calls.push(send("third", 9_000));
    expect(engine.isFull).toBe(false);
    await Promise.all(calls);
    now.mockRestore();
    await engine.close();
    await test.drop();
  });

  it("is full while a batch hangs and more waits than is written in time", async () => {
    const test = await openTestDatabase("pglite");
    await putAccount(test.database, "a", {}, NOW);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isHanging = false;
    const write: typeof test.database.write = async (sql, params) => {
      isHanging = true;
      await released;
      return test.database.write(sql, params);
    };
    const engine = createEngine({ database: { ...test.database, write }, now: () => NOW });
    const send = (name: string, count: number) =>
      engine.submitAll(Array.from({ length: count }, (_, index) => toUsage("a", `${name}-${index}`, "1")));
    const startMs = performance.now();
    const now = vi.spyOn(performance, "now").mockReturnValue(startMs);
    const calls = [send("first", 1_000)];
    await vi.waitFor(() => expect(isHanging).toBe(true));
    calls.push(send("second", 1_500));
    now.mockReturnValue(startMs + 1_000);
    expect(engine.isFull).toBe(false);
    now.mockReturnValue(startMs + 4_000);
    expect(engine.isFull).toBe(true);
    now.mockRestore();
    release();
    await Promise.all(calls);
    expect(engine.isFull).toBe(false);
    await engine.close();
    await test.drop();
  });

  it("counts the bytes of commands, not only their number", async () => {
    const test = await openTestDatabase("pglite");
    const engine = createEngine({ database: test.database, now: () => NOW });
    await putAccount(test.database, "a", {}, NOW);
    const heavy = (key: string) => toUsage("a", key, "1", { metadata: { text: "x".repeat(4_000) } });
    const calls = Array.from({ length: 20 }, (_, call) =>
      engine.submitAll(Array.from({ length: 1_000 }, (_, index) => heavy(`${call}-${index}`))),
    );
    const settled = await Promise.allSettled(calls);
    const refused = settled.filter((one) => one.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ reason }) => reason instanceof OverloadedError)).toBe(true);
    const { entries } = await readAll(test.database, "a");
    expect(entries).toHaveLength((settled.length - refused.length) * 1_000);
    await engine.close();
    await test.drop();
  }, 120_000);
});
