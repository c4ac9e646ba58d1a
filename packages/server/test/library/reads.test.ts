import { type Account, addAmounts, type TotalsQuery } from "@credit-activity/client";
import { describe, expect, it } from "vitest";
import { query } from "../../../../tools/postgres.js";
import { ENGINES } from "../databases.js";
import { START, useLedger } from "./clocked.js";

const DAY = "2026-11-22";

describe.each(ENGINES)("accounts, balances and totals on %s", (engine) => {
  const { ledger, setTime, openAccount, toUrl } = useLedger(engine, "all tests");

  describe("an account", () => {
    const toFigures = ({ balance, held, pending, available, nextExpiry }: Account) => ({
      ...{ balance, held, pending, available, nextExpiry },
    });

    it("has what is held and pending apart, and what expires next", async () => {
      const account = await openAccount(10);
      const read = async () => toFigures(await ledger.getAccount(account));
      expect(await read()).toMatchObject({ pending: "0", nextExpiry: null });
      const [noon, one] = [`${DAY}T12:00:00Z`, `${DAY}T13:00:00Z`];
      await ledger.grant(account, { kind: "bonus", credits: 5, expiresAt: one });
      await ledger.grant(account, { kind: "monthly_grant", credits: 2, expiresAt: one });
      await ledger.grant(account, {
        kind: "bonus",
        credits: 4,
        effectiveAt: noon,
        expiresAt: `${DAY}T12:30:00Z`,
      });
      const at = `${DAY}T13:00:00.000000Z`;
      expect(await read()).toEqual({
        ...{ balance: "21", held: "4", pending: "4", available: "17" },
        nextExpiry: { at, credits: "7", kind: null },
      });
      await ledger.spend(account, { credits: 6 });
      expect((await read()).nextExpiry).toEqual({ at, credits: "1", kind: "monthly_grant" });

      // The hold keeps its credits beyond the expiry of their grant.
      const { hold } = await ledger.hold(account, { credits: "0.75", expiresIn: 86_400 });
      expect(await read()).toMatchObject({
        ...{ held: "4.75", pending: "4" },
        nextExpiry: { at, credits: "0.25", kind: "monthly_grant" },
      });
      await ledger.settle(account, hold.id, { credits: 0 });
      await ledger.hold(account, { credits: 1, expiresIn: 86_400 });
      expect(await read()).toMatchObject({ nextExpiry: null });

      // It becomes effective, though nobody has touched the account.
      setTime(noon);
      expect(await read()).toMatchObject({
        ...{ balance: "15", held: "1", pending: "0", available: "14" },
        nextExpiry: { at: `${DAY}T12:30:00.000000Z`, credits: "4", kind: "bonus" },
      });
      setTime(`${DAY}T12:30:00Z`);
      expect(await read()).toMatchObject({ available: "10", pending: "0", nextExpiry: null });
    });

    it("loses to an expiry only what debt does not claim", async () => {
      const account = await openAccount(0);
      await ledger.usage([{ id: "u", account, kind: "ai_usage", credits: 3 }]);
      await ledger.grant(account, {
        ...{ kind: "bonus", credits: 5 },
        ...{ effectiveAt: `${DAY}T11:00:00Z`, expiresAt: `${DAY}T12:00:00Z` },
      });
      setTime(`${DAY}T11:30:00Z`);
      const { nextExpiry } = await ledger.getAccount(account);
      expect(nextExpiry).toMatchObject({ credits: "2" });
      setTime(`${DAY}T12:00:00Z`);
      await ledger.sweep();
      const { entries } = await ledger.entries(account, { kind: "expiry" });
      expect(entries).toMatchObject([{ credits: "-2" }]);
    });

    it("has pending credits at the moment that a page shows", async () => {
      const account = await openAccount(10);
      await ledger.grant(account, { kind: "bonus", credits: 4, effectiveAt: `${DAY}T12:00:00Z` });
      const first = await ledger.activity(account);
      expect(first).toMatchObject({ balance: "14", pending: "4" });
      await ledger.grant(account, { kind: "bonus", credits: 3, effectiveAt: `${DAY}T12:00:00Z` });
      expect(await ledger.activity(account)).toMatchObject({ balance: "17", pending: "7" });
      const pinned = await ledger.activity(account, { asOf: first.asOf, filter: "added" });
      expect(pinned).toMatchObject({ balance: "14", pending: "4" });
      setTime(`${DAY}T12:00:00Z`);
      expect(await ledger.activity(account)).toMatchObject({ balance: "17", pending: "0" });
    });
  });

  describe("a balance", () => {
    it("is that after the last entry recorded at a time or before, or after an entry", async () => {
      const account = await openAccount(0);
      expect(await ledger.balance(account)).toEqual({ balance: "0", seq: 0, recordedAt: null });
      await ledger.grant(account, { kind: "bonus", credits: 5, expiresAt: `${DAY}T11:00:00Z` });
      setTime(`${DAY}T10:30:00Z`);
      await ledger.spend(account, { credits: 1 });
      setTime(`${DAY}T11:00:04Z`);
      await ledger.sweep();
      const at = async (time: string) => {
        const { balance, seq } = await ledger.balance(account, { at: time });
        return [balance, seq];
      };
      expect(await at(`${DAY}T09:59:59.999999Z`)).toEqual(["0", 0]);
      expect(await at(`${DAY}T10:00:00Z`)).toEqual(["5", 1]);
      expect(await at(`${DAY}T10:29:59.999999Z`)).toEqual(["5", 1]);
      expect(await at(`${DAY}T10:30:00Z`)).toEqual(["4", 2]);
      // The expiry is dated at 11:00:00, and was recorded at 11:00:04.
      expect((await ledger.getEntry(account, 3)).occurredAt).toBe(`${DAY}T11:00:00.000000Z`);
      expect(await at(`${DAY}T11:00:03Z`)).toEqual(["4", 2]);
      expect(await at(`${DAY}T11:00:04Z`)).toEqual(["0", 3]);
      expect(await at("2199-12-31T00:00:00Z")).toEqual(["0", 3]);
      expect(await ledger.balance(account, { seq: 1 })).toEqual({
        ...{ balance: "5", seq: 1, recordedAt: `${DAY}T10:00:00.000000Z` },
      });
      await expect(ledger.balance(account, { seq: 4 })).rejects.toMatchObject({ code: "entry_not_found" });
      await expect(ledger.balance("nobody", { seq: 1 })).rejects.toMatchObject({ code: "account_not_found" });
    });
  });

  describe("totals", () => {
    it("by day are cut at midnight of the account's time zone, or of the given one", async () => {
      const account = await openAccount();
      await ledger.putAccount(account, { timeZone: "America/New_York" });
      const days = async (query: Omit<TotalsQuery, "by"> = {}) =>
        (await ledger.totals(account, { by: "day", ...query })).totals.map(({ day, used, balance }) => [
          day,
          used,
          balance,
        ]);
      for (const time of ["2026-11-23T04:59:59.999Z", "2026-11-23T05:00:00Z", "2026-12-01T12:00:00Z"]) {
        setTime(time);
        await ledger.spend(account, { credits: 1 });
      }
      const inNewYork = [
        ["2026-11-22", "-1", "99"],
        ["2026-11-23", "-1", "98"],
        ["2026-12-01", "-1", "97"],
      ];
      expect(await days()).toEqual(inNewYork);
      expect(await days({ timeZone: "UTC" })).toEqual([
        ["2026-11-22", "0", "100"],
        ["2026-11-23", "-2", "98"],
        ["2026-12-01", "-1", "97"],
      ]);
      expect(await days({ from: "2026-11-23T05:00:00Z", to: "2026-12-01T12:00:00Z" })).toEqual([
        inNewYork[1],
      ]);
      // A part by day covers as many days as its limit.
      for (const limit of [1, 2, 9, 10]) {
        const parts = [];
        let cursor: string | null = null;
        do {
          const part = await ledger.totals(account, {
            by: "day",
            limit,
            ...(cursor === null ? {} : { cursor }),
          });
          expect(part).toMatchObject({ opening: "0", closing: "97" });
          parts.push(...part.totals.map(({ day, used, balance }) => [day, used, balance]));
          cursor = part.nextCursor;
        } while (cursor !== null);
        expect(parts, String(limit)).toEqual(inNewYork);
      }
    });

    it("by day have each entry once, also where a clock went back", async () => {
      const account = await openAccount();
      const times = ["23:59", "00:01", "23:58", "00:02", "23:57"];
      for (const [index, time] of times.entries()) {
        const occurredAt = `2026-11-2${time.startsWith("2") ? 3 : 4}T${time}:00Z`;
        setTime(occurredAt);
        await ledger.usage([{ id: `${index}`, account, kind: "ai_usage", credits: 1, occurredAt }]);
      }
      for (const span of [{}, { from: "2026-11-24T00:00:30Z" }, { to: "2026-11-24T00:00:00Z" }]) {
        const { totals, opening, closing } = await ledger.totals(account, { by: "day", ...span });
        const sum = totals.reduce((balance, { credits }) => addAmounts(balance, credits), opening);
        expect(sum).toBe(closing);
        expect(totals.length).toBeGreaterThan(0);
      }
      const { totals } = await ledger.totals(account, { by: "day" });
      expect(totals.map(({ entries }) => entries).reduce((sum, count) => sum + count)).toBe(6);
    });

    it("stay those of their first part while entries are added", async () => {
      const account = await openAccount();
      for (const project of ["a", "b", "c"]) await ledger.spend(account, { credits: 1, project });
      const first = await ledger.totals(account, { by: "project", limit: 2 });
      await ledger.spend(account, { credits: 5, project: { id: "c", label: "Label of c" } });
      await ledger.spend(account, { credits: 5, project: "0" });
      const cursor = first.nextCursor as string;
      const rest = await ledger.totals(account, { by: "project", limit: 2, cursor });
      expect([...first.totals, ...rest.totals].map(({ project, credits }) => [project?.id, credits])).toEqual(
        [
          [undefined, "100"],
          ["a", "-1"],
          ["b", "-1"],
          ["c", "-1"],
        ],
      );
      expect(rest.totals[1]?.project?.label).toBe("Label of c");
      expect(rest).toMatchObject({ opening: "0", closing: "97", nextCursor: null });
    });

    // Earlier versions recorded entries by a clock that could go back. The embedded database can't be written to from outside.
    if (engine === "postgres")
      it("by day come to an end where a clock went back and entries are added", async () => {
        const account = await openAccount(0);
        const record = (seq: number, day: number) =>
          query(
            toUrl() ?? "",
            `ALTER TABLE credits.entries DISABLE TRIGGER append_only;
           UPDATE credits.entries SET recorded_at = '2026-11-${day}T12:00:00Z' WHERE account = '${account}' AND seq = ${seq};
           ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only`,
          );
        const post = async (days: readonly number[]) => {
          for (const day of days) {
            setTime(`2026-11-${day}T12:00:00Z`);
            await ledger.adjust(account, { credits: 1, description: "x" });
          }
        };
        await post([23, 23, 23, 23, 24, 25, 25]);
        await record(3, 26);
        let part = await ledger.totals(account, { by: "day", limit: 1 });
        const days = part.totals.map(({ day, entries }) => [day, entries]);
        // The search for the next day looks at other entries from now on, and so at the one of the wrong clock.
        await post([25, 25, 25, 25]);
        while (part.nextCursor !== null && days.length < 9) {
          part = await ledger.totals(account, { by: "day", limit: 1, cursor: part.nextCursor });
          days.push(...part.totals.map(({ day, entries }) => [day, entries]), ["part", 0]);
        }
        expect(days).toEqual([
          ["2026-11-23", 4],
          ["2026-11-24", 1],
          ["part", 0],
          ["2026-11-25", 2],
          ["part", 0],
        ]);
        await record(3, 23);
      });

    it("of an empty span have its balance on both sides", async () => {
      const account = await openAccount();
      for (const span of [
        { to: "2026-01-01T00:00:00Z" },
        { from: START, to: START },
        { from: "2027-01-01T00:00:00Z" },
      ]) {
        const balance = span.from === "2027-01-01T00:00:00Z" ? "100" : "0";
        expect(await ledger.totals(account, { by: "day", ...span })).toEqual({
          ...{ totals: [], opening: balance, closing: balance, nextCursor: null },
        });
      }
    });
  });
});
