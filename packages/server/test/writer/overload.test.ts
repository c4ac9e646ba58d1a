import { describe, expect, it } from "vitest";
import type { Instant } from "../../src/ledger/instant.js";
import { putAccount } from "../../src/store/accounts.js";
import { OverloadedError } from "../../src/writer/lane.js";
import { createWriter } from "../../src/writer/writer.js";
import { usageOf } from "../commands.js";
import { openTestDatabase } from "../databases.js";
import { readAll } from "../properties/read-all.js";

const NOW = 1_795_341_900_000_000 as Instant;

describe("a writer that has too much to do", () => {
  it("takes all commands of a call or none, and all it took are written", async () => {
    const test = await openTestDatabase("pglite");
    const writer = createWriter({ database: test.database, now: () => NOW });
    await putAccount(test.database, "a", {}, NOW);
    const many = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => usageOf("a", `${name}-${index}`, "1"));
    const taken = writer.submitAll(many("first", 9_000));
    const rest = [1, 2, 3, 4].map((part) => writer.submitAll(many(`part-${part}`, 10_000)));
    const refused = writer.submitAll(many("too-much", 1_001));
    await expect(refused).rejects.toThrow(OverloadedError);
    await expect(refused).rejects.toThrow(/49000 commands are waiting already. Nothing of this was taken/);
    const fits = writer.submitAll(many("fits", 1_000));
    const outcomes = (await Promise.all([taken, ...rest, fits])).flat();
    expect(outcomes).toHaveLength(50_000);
    const { entries } = await readAll(test.database, "a");
    expect(entries).toHaveLength(50_000);
    expect(entries.some((entry) => entry.key?.startsWith("too-much"))).toBe(false);
    const later = await writer.submit(usageOf("a", "later", "1"));
    expect(later.refusal).toBeNull();
    await writer.close();
    await test.drop();
  }, 120_000);

  it("counts what commands carry, not only how many there are", async () => {
    const test = await openTestDatabase("pglite");
    const writer = createWriter({ database: test.database, now: () => NOW });
    await putAccount(test.database, "a", {}, NOW);
    const heavy = (key: string) => ({ ...usageOf("a", key, "1"), metadata: { text: "x".repeat(4_000) } });
    const calls = Array.from({ length: 20 }, (_, call) =>
      writer.submitAll(Array.from({ length: 1_000 }, (_, index) => heavy(`${call}-${index}`))),
    );
    const settled = await Promise.allSettled(calls);
    const refused = settled.filter((one) => one.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ reason }) => reason instanceof OverloadedError)).toBe(true);
    const { entries } = await readAll(test.database, "a");
    expect(entries).toHaveLength((settled.length - refused.length) * 1_000);
    await writer.close();
    await test.drop();
  }, 120_000);
});
