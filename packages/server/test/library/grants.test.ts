import { beforeEach, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { minutes, useLedger } from "./clocked.js";

describe.each(ENGINES)("grants on %s", (engine) => {
  const { ledger, setTime, restart } = useLedger(engine, "each test");

  beforeEach(() => ledger.putAccount("a"));

  async function readBalances() {
    const { balance, held, available } = await ledger.getAccount("a");
    return [balance, held, available];
  }

  /** Returns what remains of the grants, the oldest first. */
  async function listRemaining() {
    const { grants } = await ledger.grants("a");
    return grants.map(({ remaining }) => remaining).reverse();
  }

  describe("that are voided", () => {
    it("give back what remains of them, and no other grant is touched", async () => {
      const bonus = await ledger.grant("a", { kind: "bonus", credits: 30, priority: 10 });
      const bought = await ledger.grant("a", { kind: "purchase", credits: 100, priority: 5 });
      await ledger.spend("a", { credits: 60 });
      await restart();
      const voided = await ledger.voidGrant(
        "a",
        { grant: bought.entry.seq, description: "Charged back" },
        { key: "dispute-1" },
      );
      expect(voided.entry).toMatchObject({
        kind: "writeoff",
        credits: "-40",
        balance: "30",
        grant: bought.entry.seq,
        description: "Charged back",
      });
      expect(await listRemaining()).toEqual(["30", "0"]);
      await restart();
      const again = await ledger.voidGrant(
        "a",
        { grant: bought.entry.seq, description: "Charged back" },
        { key: "dispute-1" },
      );
      expect(again).toEqual({ ...voided, repeated: true });
      await expect(
        ledger.voidGrant("a", { grant: bought.entry.seq, description: "Again" }),
      ).rejects.toMatchObject({ code: "grant_ended" });
      await expect(
        ledger.voidGrant("a", { grant: voided.entry.seq, description: "No grant" }),
      ).rejects.toMatchObject({ code: "grant_not_found" });
      expect(bonus.entry.grant).toBeNull();
    });

    it("keep what holds have set aside, and it expires when the hold leaves it", async () => {
      const { entry } = await ledger.grant("a", { kind: "purchase", credits: 100 });
      const { hold } = await ledger.hold("a", { credits: 40 });
      const voided = await ledger.voidGrant("a", { grant: entry.seq, description: "Charged back" });
      expect(voided.entry).toMatchObject({ credits: "-60", balance: "40" });
      await restart();
      expect(await readBalances()).toEqual(["40", "40", "0"]);
      setTime(minutes(5));
      await ledger.settle("a", hold.id, { credits: 15 });
      expect(await readBalances()).toEqual(["0", "0", "0"]);
      const { entries } = await ledger.entries("a");
      expect(entries.map(({ kind, credits }) => [kind, credits]).slice(0, 2)).toEqual([
        ["expiry", "-25"],
        ["ai_usage", "-15"],
      ]);
    });

    it("can be used up or not effective yet", async () => {
      const used = await ledger.grant("a", { kind: "purchase", credits: 10 });
      await ledger.spend("a", { credits: 10 });
      const later = await ledger.grant("a", { kind: "purchase", credits: 50, effectiveAt: minutes(10) });
      await restart();
      expect(
        (await ledger.voidGrant("a", { grant: used.entry.seq, description: "Void" })).entry,
      ).toMatchObject({ credits: "0", balance: "50" });
      expect(
        (await ledger.voidGrant("a", { grant: later.entry.seq, description: "Void" })).entry,
      ).toMatchObject({ credits: "-50", balance: "0" });
      await restart();
      expect(await readBalances()).toEqual(["0", "0", "0"]);
      // Refunded credits of a voided grant come back as a new one.
      await ledger.refund("a", { entry: 2 });
      expect(await listRemaining()).toEqual(["0", "0", "10"]);
      setTime(minutes(20));
      expect(await readBalances()).toEqual(["10", "0", "10"]);
    });
  });

  describe("that are extended", () => {
    it("expire later, by an entry that moves no credits", async () => {
      const { entry } = await ledger.grant("a", { kind: "bonus", credits: 100, expiresAt: minutes(10) });
      await ledger.grant("a", { kind: "bonus", credits: 10, expiresAt: minutes(20) });
      const input = { grant: entry.seq, expiresAt: minutes(30), description: "Goodwill" };
      const extended = await ledger.extendGrant("a", input, { key: "e" });
      expect(extended.entry).toMatchObject({
        kind: "extension",
        title: "Expiry extended",
        category: "adjustments",
        credits: "0",
        balance: "110",
        grant: entry.seq,
      });
      await restart();
      expect(await ledger.extendGrant("a", input, { key: "e" })).toEqual({ ...extended, repeated: true });
      // The other grant expires first now, so it is drawn on first.
      await ledger.spend("a", { credits: 5 });
      expect(await listRemaining()).toEqual(["100", "5"]);
      setTime(minutes(25));
      await ledger.sweep();
      expect(await readBalances()).toEqual(["100", "0", "100"]);
      await ledger.extendGrant("a", { grant: entry.seq, expiresAt: null });
      await restart();
      setTime(minutes(60 * 24 * 365));
      expect(await readBalances()).toEqual(["100", "0", "100"]);
      const { grants } = await ledger.grants("a");
      expect(grants.at(-1)).toMatchObject({ seq: entry.seq, expiresAt: null });
    });

    it("only to a later time, and only while they live", async () => {
      const { entry } = await ledger.grant("a", { kind: "bonus", credits: 100, expiresAt: minutes(10) });
      const forever = await ledger.grant("a", { kind: "bonus", credits: 1 });
      for (const expiresAt of [minutes(10), minutes(9)])
        await expect(ledger.extendGrant("a", { grant: entry.seq, expiresAt })).rejects.toMatchObject({
          code: "not_extended",
        });
      await expect(
        ledger.extendGrant("a", { grant: forever.entry.seq, expiresAt: minutes(10) }),
      ).rejects.toThrow("never expires");
      setTime(minutes(10));
      await expect(
        ledger.extendGrant("a", { grant: entry.seq, expiresAt: minutes(20) }),
      ).rejects.toMatchObject({ code: "grant_ended" });
      await expect(ledger.extendGrant("a", { grant: 99, expiresAt: null })).rejects.toMatchObject({
        code: "grant_not_found",
      });
    });
  });

  describe("for some kinds of usage only", () => {
    it("are drawn on by these first, and by no other", async () => {
      await ledger.grant("a", { kind: "monthly_grant", credits: 10 });
      await ledger.grant("a", { kind: "bonus", credits: 20, only: ["build_usage"] });
      await ledger.spend("a", { kind: "build_usage", credits: 5 });
      expect(await listRemaining()).toEqual(["10", "15"]);
      await restart();
      await expect(ledger.spend("a", { kind: "ai_usage", credits: 11 })).rejects.toMatchObject({
        code: "insufficient_credits",
        facts: { available: "10", required: "11" },
      });
      await ledger.spend("a", { kind: "ai_usage", credits: 8 });
      expect(await listRemaining()).toEqual(["2", "15"]);
      await ledger.spend("a", { kind: "build_usage", credits: 16 });
      expect(await listRemaining()).toEqual(["1", "0"]);
      expect((await ledger.grants("a")).grants[0]?.only).toEqual(["build_usage"]);
    });

    it("cover holds and settlements of these kinds alone", async () => {
      await ledger.grant("a", { kind: "bonus", credits: 20, only: ["build_usage", "runtime_usage"] });
      await expect(ledger.hold("a", { credits: 1 })).rejects.toMatchObject({ code: "insufficient_credits" });
      const { hold } = await ledger.hold("a", { kind: "runtime_usage", credits: 15 });
      await expect(ledger.hold("a", { kind: "build_usage", credits: 6 })).rejects.toMatchObject({
        facts: { available: "5" },
      });
      const settled = await ledger.settle("a", hold.id, { credits: 30, excess: "cap" });
      expect(settled.entry).toMatchObject({ credits: "-20", balance: "0" });
    });

    it("pay no debt, and reported usage of other kinds leaves one", async () => {
      await ledger.grant("a", { kind: "bonus", credits: 20, only: ["build_usage"] });
      const event = { account: "a", kind: "ai_usage", credits: 5 };
      await ledger.usage([{ id: "u1", ...event }]);
      expect(await listRemaining()).toEqual(["20"]);
      await ledger.spend("a", { kind: "build_usage", credits: 15 });
      expect(await readBalances()).toEqual(["0", "0", "0"]);
      expect(await listRemaining()).toEqual(["5"]);
      await ledger.grant("a", { kind: "purchase", credits: 7 });
      expect(await listRemaining()).toEqual(["5", "2"]);
    });

    it("expire next, whatever the debt claims of others", async () => {
      await ledger.grant("a", { kind: "bonus", credits: 20, only: ["build_usage"], expiresAt: minutes(60) });
      await ledger.grant("a", {
        kind: "bonus",
        credits: 30,
        effectiveAt: minutes(5),
        expiresAt: minutes(90),
      });
      await ledger.usage([{ id: "u1", account: "a", kind: "ai_usage", credits: 8 }]);
      const { nextExpiry } = await ledger.getAccount("a");
      expect(nextExpiry).toEqual({ at: "2026-11-22T11:00:00.000000Z", credits: "20", kind: "bonus" });
      setTime(minutes(70));
      await ledger.sweep();
      const later = (await ledger.getAccount("a")).nextExpiry;
      expect(later).toEqual({ at: "2026-11-22T11:30:00.000000Z", credits: "22", kind: "bonus" });
    });

    it("are taken by corrections like any other", async () => {
      await ledger.grant("a", { kind: "bonus", credits: 20, only: ["build_usage"] });
      await ledger.writeOff("a", { credits: 12, description: "Lost" });
      await ledger.adjust("a", { credits: -8, description: "Wrong" });
      expect(await listRemaining()).toEqual(["0"]);
    });

    it("name kinds of usage, each once", async () => {
      const grant = (only: string[]) => ledger.grant("a", { kind: "bonus", credits: 1, only });
      await expect(grant(["bonus"])).rejects.toThrow("only.0 is not a kind of the type usage");
      await expect(grant(["ai_usage", "ai_usage"])).rejects.toThrow("has a kind twice");
      await expect(grant([])).rejects.toThrow("only has fewer than 1 items");
    });
  });
});
