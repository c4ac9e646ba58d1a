import { createCredits, formatCredits, KINDS } from "@credit-activity/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createClock, type Ledger } from "../ledger.js";
import { seed } from "../seed/seed.js";

const ledgers: Ledger[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(ledgers.splice(0).map((ledger) => ledger.close()));
});

/** A ledger in memory, with the clock a seed turns back. */
async function openLedger() {
  const clock = createClock();
  const ledger = await createCredits({ database: {}, now: clock.now });
  ledgers.push(ledger);
  return { ledger, clock };
}

async function rowsOf(ledger: Ledger, account: string) {
  const { rows, total, balance } = await ledger.activity(account, { perPage: 100 });
  expect(rows.length).toBe(total);
  return { rows, total, balance };
}

/** Stands for a process that is killed in the middle: the ledger takes so many commands and no more. */
function dyingAfter(ledger: Ledger, commandsMax: number): Ledger {
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

describe("the demo's seed", () => {
  it("shows every kind of row over several pages, and its books are in order", async () => {
    const { ledger, clock } = await openLedger();
    expect(await seed(ledger, clock)).toBe("seeded");

    const { rows, balance } = await rowsOf(ledger, "acme");
    expect(new Set(rows.map((row) => row.kind))).toEqual(new Set(KINDS));
    expect(rows.length).toBeGreaterThan(8 * 5);
    expect(new Set(rows.map((row) => row.discount))).toEqual(new Set([null, 200, 125]));
    expect(rows.some((row) => row.kind === "adjustment" && row.credits > 0n)).toBe(true);
    expect(rows.some((row) => row.kind === "adjustment" && row.credits < 0n)).toBe(true);
    expect(rows.some((row) => row.kind === "bonus" && row.title === "Welcome bonus")).toBe(true);
    expect(rows.filter((row) => row.entries > 1).length).toBeGreaterThan(30);
    rows.forEach((row, index) => {
      expect(row.balance).toBe((rows[index + 1]?.balance ?? 0n) + row.credits);
      expect(
        row.balance >= 0n,
        `${row.title} of row ${row.position} leaves ${formatCredits(row.balance)}`,
      ).toBe(true);
    });
    expect(rows[0]?.balance).toBe(balance);
    expect((await ledger.verify()).violations).toEqual([]);
    expect((await rowsOf(ledger, "fresh")).total).toBe(0);
  });

  it("adds nothing when it runs again, on the same day or a later one", async () => {
    const { ledger, clock } = await openLedger();
    await seed(ledger, clock);
    const before = await rowsOf(ledger, "acme");
    expect(await seed(ledger, clock)).toBe("present");

    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 9 * 86_400_000 });
    expect(await seed(ledger, clock)).toBe("present");
    expect(await rowsOf(ledger, "acme")).toEqual(before);
  });

  it("completes on a later day what was killed before, wherever it was", async () => {
    const nowMs = Date.parse("2026-11-23T14:20:00Z");
    vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
    const whole = await openLedger();
    await seed(whole.ledger, whole.clock);

    for (const commandsMax of [1, 2, 45, 79]) {
      vi.setSystemTime(nowMs);
      const { ledger, clock } = await openLedger();
      await expect(seed(dyingAfter(ledger, commandsMax), clock)).rejects.toThrow("killed");
      vi.setSystemTime(nowMs + 3 * 86_400_000);
      await seed(ledger, clock);
      expect(await rowsOf(ledger, "acme")).toEqual(await rowsOf(whole.ledger, "acme"));
      const metadata = (await whole.ledger.getAccount("acme"))?.metadata;
      expect((await ledger.getAccount("acme"))?.metadata).toEqual(metadata);
      expect((await ledger.verify()).violations).toEqual([]);
    }
  });
});
