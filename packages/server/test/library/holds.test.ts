import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalLedger } from "../../src/index.js";
import { ENGINES } from "../databases.js";
import { minutes, useLedger } from "./clocked.js";
import { type LibraryLedger, openLibrary } from "./ledger.js";

describe.each(ENGINES)("holds on %s", (engine) => {
  const { ledger, setTime, restart } = useLedger(engine, "each test");

  beforeEach(() => ledger.putAccount("a"));

  /** Returns the balance, what is held and what is available, as they are read. */
  async function readBalances() {
    const { balance, held, available } = await ledger.getAccount("a");
    return [balance, held, available];
  }

  async function listEntries() {
    const { entries } = await ledger.entries("a");
    return entries.map(({ kind, credits, balance, occurredAt }) => [kind, credits, balance, occurredAt]);
  }

  it.each([true, false])(
    "keep what they set aside of a grant that expires (%s: swept before)",
    async (isSwept) => {
      await ledger.grant("a", { kind: "bonus", credits: 100, expiresAt: minutes(10) });
      const { hold } = await ledger.hold("a", { credits: 40, expiresIn: 3_600 });
      await restart();
      setTime(minutes(20));
      expect(await readBalances()).toEqual(["100", "100", "0"]);
      if (isSwept) {
        expect(await ledger.sweep()).toBe(1);
        expect(await ledger.sweep()).toBe(0);
        expect(await readBalances()).toEqual(["40", "40", "0"]);
        expect((await ledger.verify()).violations).toEqual([]);
      }
      await expect(ledger.spend("a", { credits: 1 })).rejects.toThrow("has 0 credits available");
      await restart();
      setTime(minutes(30));
      const { entry } = await ledger.settle("a", hold.id, { credits: 30 });
      expect(entry).toMatchObject({ credits: "-30", balance: "10" });
      expect(await readBalances()).toEqual(["0", "0", "0"]);
      expect(await listEntries()).toEqual([
        ["expiry", "-10", "0", minutes(30).toISOString().replace("Z", "000Z")],
        ["ai_usage", "-30", "10", minutes(30).toISOString().replace("Z", "000Z")],
        ["expiry", "-60", "40", minutes(10).toISOString().replace("Z", "000Z")],
        ["bonus", "100", "100", minutes(0).toISOString().replace("Z", "000Z")],
      ]);
    },
  );

  it("let what they leave expire when they are released or end", async () => {
    await ledger.grant("a", { kind: "bonus", credits: 100, expiresAt: minutes(10) });
    const released = await ledger.hold("a", { credits: 30, expiresIn: 3_600 });
    await ledger.hold("a", { credits: 20, expiresIn: 1_800 });
    setTime(minutes(20));
    await ledger.release("a", released.hold.id);
    expect(await readBalances()).toEqual(["20", "20", "0"]);
    await restart();
    setTime(minutes(40));
    expect(await readBalances()).toEqual(["20", "20", "0"]);
    expect(await ledger.sweep()).toBe(1);
    expect(await readBalances()).toEqual(["0", "0", "0"]);
    expect((await listEntries()).map(([kind, credits, , occurredAt]) => [kind, credits, occurredAt])).toEqual(
      [
        ["expiry", "-20", "2026-11-22T10:30:00.000000Z"],
        ["expiry", "-30", "2026-11-22T10:20:00.000000Z"],
        ["expiry", "-50", "2026-11-22T10:10:00.000000Z"],
        ["bonus", "100", "2026-11-22T10:00:00.000000Z"],
      ],
    );
  });

  it("draw on the grants that they reserved, whatever is granted later", async () => {
    const first = await ledger.grant("a", { kind: "purchase", credits: 10 });
    const { hold } = await ledger.hold("a", { credits: 10 });
    const second = await ledger.grant("a", { kind: "bonus", credits: 10, priority: 0 });
    await ledger.usage([{ id: "u", account: "a", kind: "ai_usage", credits: 4 }]);
    await restart();
    await ledger.settle("a", hold.id, { credits: 7 });
    const remaining = (await ledger.grants("a")).grants.map((grant) => [grant.seq, grant.remaining]);
    expect(remaining).toEqual([
      [second.entry.seq, "6"],
      [first.entry.seq, "3"],
    ]);
  });

  it("keep their credits from usage, which leaves a debt instead", async () => {
    await ledger.grant("a", { kind: "purchase", credits: 10 });
    const { hold } = await ledger.hold("a", { credits: 8 });
    await ledger.usage([{ id: "u", account: "a", kind: "ai_usage", credits: 5 }]);
    expect(await readBalances()).toEqual(["5", "8", "-3"]);
    await restart();
    await ledger.settle("a", hold.id, { credits: 8 });
    expect(await readBalances()).toEqual(["-3", "0", "-3"]);
    await ledger.grant("a", { kind: "purchase", credits: 4 });
    expect(await readBalances()).toEqual(["1", "0", "1"]);
  });

  it.each([
    [9, "release", "-5", "0"],
    [11, "release", "-5", "0"],
    [9, "settle", "0", "0"],
    [11, "settle", "0", "0"],
  ] as const)("leave first what a debt claims (minute %i, %s)", async (minute, end, expired, balance) => {
    await ledger.grant("a", { kind: "bonus", credits: 10, expiresAt: minutes(10) });
    const { hold } = await ledger.hold("a", { credits: 10, expiresIn: 3_600 });
    await ledger.usage([{ id: "u", account: "a", kind: "ai_usage", credits: 5 }]);
    setTime(minutes(minute));
    if (end === "release") await ledger.release("a", hold.id);
    else await ledger.settle("a", hold.id, { credits: 5 });
    setTime(minutes(20));
    const due = await ledger.getAccount("a");
    await ledger.sweep();
    const posted = await ledger.getAccount("a");
    expect(due.available).toBe(posted.available);
    expect(posted).toMatchObject({ balance, held: "0", available: balance });
    const expiries = (await ledger.entries("a")).entries.filter(({ kind }) => kind === "expiry");
    expect(expiries.map(({ credits }) => credits)).toEqual(end === "settle" && minute === 9 ? [] : [expired]);
  });

  it("are released by a settlement of nothing, which says so", async () => {
    await ledger.grant("a", { kind: "bonus", credits: 10, expiresAt: minutes(10) });
    const { hold } = await ledger.hold("a", { credits: 4, expiresIn: 3_600 });
    setTime(minutes(20));
    const released = await ledger.settle("a", hold.id, { credits: 0 }, { key: "s" });
    expect(released).toEqual({ entry: null, hold: { ...hold, status: "released" }, repeated: false });
    await restart();
    const again = await ledger.settle("a", hold.id, { credits: 0 }, { key: "s" });
    expect(again).toEqual({ ...released, repeated: true });
    await expect(ledger.settle("a", hold.id, { credits: 1 }, { key: "s" })).rejects.toMatchObject({
      code: "key_conflict",
    });
    await expect(ledger.release("a", hold.id, { key: "s" })).rejects.toMatchObject({ code: "key_conflict" });
    await expect(ledger.settle("a", hold.id, { credits: 0 })).rejects.toMatchObject({ code: "hold_closed" });
    expect((await listEntries()).map(([kind, credits]) => [kind, credits])).toEqual([
      ["expiry", "-4"],
      ["expiry", "-6"],
      ["bonus", "10"],
    ]);
    const free = await ledger.hold("a", { credits: 0.000001 }).catch((error: { code: string }) => error.code);
    expect(free).toBe("insufficient_credits");
  });

  it("take what is covered, or leave a debt, where a settlement beyond them asks for that", async () => {
    await ledger.grant("a", { kind: "purchase", credits: 12 });
    const hold = async () => (await ledger.hold("a", { credits: 5 })).hold.id;
    const first = await hold();
    await expect(ledger.settle("a", first, { credits: 20 })).rejects.toMatchObject({
      code: "insufficient_credits",
      facts: { available: "7", required: "15" },
    });
    const inconsistent = { credits: 20, originalCredits: 30, excess: "cap" } as const;
    await expect(ledger.settle("a", first, inconsistent)).rejects.toThrow(
      "excess is not possible with originalCredits. Leave one of them out.",
    );
    const within = await ledger.settle("a", first, { credits: 6, excess: "cap" });
    expect(within.entry?.credits).toBe("-6");
    const second = await hold();
    const capped = { credits: 20, excess: "cap" } as const;
    const { entry } = await ledger.settle("a", second, capped, { key: "capped" });
    expect(entry).toMatchObject({ credits: "-6", balance: "0" });
    const again = await ledger.settle("a", second, capped, { key: "capped" });
    expect(again).toEqual({ entry, hold: null, repeated: true });
    await expect(ledger.settle("a", second, { credits: 20 }, { key: "capped" })).rejects.toMatchObject({
      code: "key_conflict",
    });
    await ledger.grant("a", { kind: "purchase", credits: 5 });
    const third = await hold();
    await ledger.settle("a", third, { credits: 20, excess: "debt" });
    expect(await readBalances()).toEqual(["-15", "0", "-15"]);
  });

  it("are prolonged by extensions, each once per key", async () => {
    await ledger.grant("a", { kind: "bonus", credits: 100, expiresAt: minutes(15) });
    const first = await ledger.hold("a", { credits: 40, expiresIn: 600 }, { key: "h" });
    setTime(minutes(5));
    const { id } = first.hold;
    const extended = await ledger.extend("a", id, { expiresIn: 1_200 }, { key: "x" });
    expect(extended.hold).toMatchObject({ id, status: "open", expiresAt: "2026-11-22T10:25:00.000000Z" });
    await restart();
    setTime(minutes(8));
    // An extension never shortens.
    const shorter = await ledger.extend("a", id, { expiresIn: 60 }, { key: "y" });
    expect(shorter.hold.expiresAt).toBe(extended.hold.expiresAt);
    await ledger.extend("a", id);
    await restart();
    expect(await ledger.extend("a", id, { expiresIn: 1_200 }, { key: "x" })).toEqual({
      ...extended,
      repeated: true,
    });
    expect(await ledger.hold("a", { credits: 40, expiresIn: 600 }, { key: "h" })).toEqual({
      ...first,
      repeated: true,
    });
    await expect(ledger.extend("a", id, { expiresIn: 5 }, { key: "x" })).rejects.toMatchObject({
      code: "key_conflict",
    });
    await expect(ledger.spend("a", { credits: 1 }, { key: "x" })).rejects.toMatchObject({
      code: "key_conflict",
    });
    await expect(ledger.extend("a", id, {}, { key: "h" })).rejects.toMatchObject({ code: "key_conflict" });
    setTime(minutes(60));
    await ledger.sweep();
    expect(await readBalances()).toEqual(["40", "40", "0"]);
    setTime(minutes(68));
    await ledger.sweep();
    expect(await readBalances()).toEqual(["0", "0", "0"]);
    await expect(ledger.extend("a", id)).rejects.toMatchObject({
      code: "hold_closed",
      facts: { holdStatus: "expired" },
    });
    await expect(ledger.extend("a", "nothing")).rejects.toMatchObject({ code: "hold_not_found" });
  });
});

describe.each(ENGINES)("a spend on %s", (engine) => {
  let opened: LibraryLedger;
  let ledger: LocalLedger;

  beforeEach(async () => {
    opened = await openLibrary(engine);
    ledger = opened.ledger;
  });

  afterEach(async () => {
    expect((await ledger.verify()).violations).toEqual([]);
    await opened.drop();
  });

  it("of at most an amount takes what there is, and no more than that, however many come at once", async () => {
    await ledger.putAccount("a", { overdraftLimit: 1 });
    await ledger.grant("a", { kind: "purchase", credits: "9.5" });
    const spends = await Promise.allSettled(
      Array.from({ length: 8 }, () => ledger.spend("a", { credits: 2, atMost: true })),
    );
    const taken = spends.map((spend) => (spend.status === "fulfilled" ? spend.value.entry.credits : "none"));
    expect(taken.toSorted()).toEqual(["-0.5", "-2", "-2", "-2", "-2", "-2", "none", "none"]);
    expect((await ledger.getAccount("a")).balance).toBe("-1");
    await expect(ledger.spend("a", { credits: 2, atMost: true })).rejects.toMatchObject({
      code: "insufficient_credits",
    });
    await expect(ledger.spend("a", { credits: 1, originalCredits: 2, atMost: true })).rejects.toThrow(
      "atMost is not possible with originalCredits. Leave one of them out.",
    );
  });

  it("that a discount made free is not refused because the account is in debt", async () => {
    await ledger.putAccount("a");
    await ledger.usage([{ id: "u", account: "a", kind: "ai_usage", credits: 3 }]);
    const { entry } = await ledger.spend("a", { credits: 0, originalCredits: 2 });
    expect(entry).toMatchObject({ credits: "0", balance: "-3", discountPercent: 100 });
  });
});
