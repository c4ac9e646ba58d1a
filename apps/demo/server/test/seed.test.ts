import { addAmounts, compareAmounts, type Ledger } from "@credit-activity/client";
import { createLedger, type LocalLedger } from "@credit-activity/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createClock } from "../clock.js";
import { seed } from "../seed/seed.js";

const ledgers: LocalLedger[] = [];

/** The built-in kinds. */
const KINDS = [
  ...["monthly_grant", "purchase", "bonus", "manual_grant"],
  ...["ai_usage", "build_usage", "runtime_usage"],
  ...["refund", "adjustment", "writeoff", "expiry"],
];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(ledgers.splice(0).map((ledger) => ledger.close()));
});

/** Opens a ledger in memory, with the clock that a seed turns back. */
async function openLedger() {
  const clock = createClock();
  const ledger = await createLedger({ database: { memory: true }, now: clock.now });
  ledgers.push(ledger);
  return { ledger, clock };
}

async function readRows(ledger: Ledger, account: string) {
  const { rows, total, balance } = await ledger.activity(account, { perPage: 100 });
  expect(rows.length).toBe(total);
  return { rows, total, balance };
}

/** Makes a ledger fail after a number of commands, as if the process were killed. */
function failAfter(ledger: Ledger, commandsMax: number): Ledger {
  const commands = new Set<PropertyKey>(["putAccount", "grant", "usage", "refund", "adjust", "writeOff"]);
  let count = 0;
  return new Proxy(ledger, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (!commands.has(name) || typeof value !== "function") return value;
      return (...args: unknown[]) => {
        count += 1;
        if (count > commandsMax) return Promise.reject(new Error("killed"));
        return value.apply(target, args);
      };
    },
  });
}

describe("the seed", () => {
  it("writes every kind of row over several pages, and passes verify", async () => {
    const { ledger, clock } = await openLedger();
    expect(await seed(ledger, clock)).toBe("seeded");

    const { rows, balance } = await readRows(ledger, "acme");
    expect(new Set(rows.map((row) => row.kind))).toEqual(new Set(KINDS));
    expect(rows.length).toBeGreaterThan(8 * 5);
    expect(new Set(rows.map((row) => row.discountPercent))).toEqual(new Set([null, 20, 12.5]));
    expect(rows.some((row) => row.kind === "adjustment" && compareAmounts(row.credits, "0") > 0)).toBe(true);
    expect(rows.some((row) => row.kind === "adjustment" && compareAmounts(row.credits, "0") < 0)).toBe(true);
    expect(rows.some((row) => row.kind === "bonus" && row.title === "Welcome bonus")).toBe(true);
    expect(rows.filter((row) => row.entries > 1).length).toBeGreaterThan(30);
    rows.forEach((row, index) => {
      expect(row.balance).toBe(addAmounts(rows[index + 1]?.balance ?? "0", row.credits));
      expect(
        compareAmounts(row.balance, "0") >= 0,
        `${row.title} of row ${row.position} leaves ${row.balance}`,
      ).toBe(true);
    });
    expect(rows[0]?.balance).toBe(balance);
    expect((await ledger.verify()).violations).toEqual([]);
    expect((await readRows(ledger, "fresh")).total).toBe(0);
  });

  it("adds nothing when it runs again, on the same day or a later one", async () => {
    const { ledger, clock } = await openLedger();
    await seed(ledger, clock);
    const before = await readRows(ledger, "acme");
    expect(await seed(ledger, clock)).toBe("present");

    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 9 * 86_400_000 });
    expect(await seed(ledger, clock)).toBe("present");
    expect(await readRows(ledger, "acme")).toEqual(before);
  });

  it("completes on a later day a history that was killed at any step", async () => {
    const nowMs = Date.parse("2026-11-23T14:20:00Z");
    vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
    const whole = await openLedger();
    await seed(whole.ledger, whole.clock);

    for (const commandsMax of [1, 2, 45, 79]) {
      vi.setSystemTime(nowMs);
      const { ledger, clock } = await openLedger();
      await expect(seed(failAfter(ledger, commandsMax), clock)).rejects.toThrow("killed");
      vi.setSystemTime(nowMs + 3 * 86_400_000);
      await seed(ledger, clock);
      expect(await readRows(ledger, "acme")).toEqual(await readRows(whole.ledger, "acme"));
      const { metadata } = await whole.ledger.getAccount("acme");
      expect((await ledger.getAccount("acme")).metadata).toEqual(metadata);
      expect((await ledger.verify()).violations).toEqual([]);
    }
  });
});
